"""`Claims`: a JSON object that nobody can change."""

import copy
import pickle
from random import Random

import jwt
import pytest
from keys import SECRET

from bearergate import Claims, JwtVerifier

PLAIN = {"sub": "a", "n": 2**70, "realm": {"roles": ["x", {"y": None}]}, "list": [[1], {"k": True}], "f": 1.5}


def test_reads_as_a_mapping():
    claims = Claims(PLAIN)
    assert list(claims) == list(PLAIN)
    assert len(claims) == len(PLAIN)
    assert "sub" in claims
    assert "missing" not in claims
    assert claims.get("missing", 7) == 7
    assert claims["n"] == 2**70
    match claims:
        case {"realm": {"roles": [first, *_]}}:
            assert first == "x"
        case _:
            pytest.fail("a Claims matches mapping patterns")


def test_nested_values_are_read_only_too():
    claims = Claims(PLAIN)
    assert isinstance(claims["realm"], Claims)
    assert isinstance(claims["realm"]["roles"], tuple)
    assert isinstance(claims["realm"]["roles"][1], Claims)
    assert claims["list"] == ((1,), {"k": True})
    for change in (
        lambda: claims.__setitem__("sub", "b"),
        lambda: claims["realm"].__setitem__("roles", ()),
        lambda: setattr(claims, "sub", "b"),
        lambda: setattr(claims, "_members", {}),
        lambda: delattr(claims, "_members"),
    ):
        with pytest.raises(AttributeError):
            change()


def test_a_second_construction_changes_nothing():
    claims = Claims(PLAIN)
    claims.__init__({"sub": "evil"})
    assert claims == PLAIN
    with pytest.raises(AttributeError):
        claims.__class__ = dict
    assert not hasattr(claims, "__dict__")


def test_neither_its_source_nor_its_copy_reaches_it():
    source = copy.deepcopy(PLAIN)
    claims = Claims(source)
    source["realm"]["roles"].append("admin")
    copied = claims.to_dict()
    assert copied == PLAIN
    copied["realm"]["roles"].append("admin")
    assert claims == PLAIN


def test_equality_is_that_of_the_json():
    assert Claims(PLAIN) == Claims(PLAIN)
    assert Claims(PLAIN) == PLAIN
    assert Claims(PLAIN) == PLAIN
    assert Claims({"a": [1]}) == {"a": (1,)}
    assert Claims({"a": 1}) != {"a": 2}
    assert Claims({"a": 1}) != {"a": object()}
    assert Claims({}) != []
    with pytest.raises(TypeError):
        hash(Claims({}))


def test_pickles_and_copies():
    claims = Claims(PLAIN)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(claims, protocol)) == claims
    assert copy.copy(claims) is claims
    assert copy.deepcopy(claims) is claims
    assert pickle.loads(pickle.dumps(claims["realm"])) == PLAIN["realm"]


@pytest.mark.parametrize("members", [{1: "x"}, {"a": {2: 3}}, {"a": {1, 2}}, {"a": b"x"}, {"a": [object()]}])
def test_only_json_is_taken(members):
    with pytest.raises(TypeError):
        Claims(members)


def test_a_mapping_is_what_is_taken():
    assert Claims() == {}
    for wrong in ((None,), ([],), ({}, {})):
        with pytest.raises((AttributeError, TypeError)):
            Claims(*wrong)


def test_what_calls_itself_a_text_is_none():
    class Spoof(dict):
        __class__ = str

    claims = Claims({"a": Spoof(b=1)})
    claims.to_dict()["a"]["b"] = 2
    assert claims["a"] == {"b": 1}
    assert isinstance(claims["a"], Claims)


def test_shows_everything():
    assert repr(Claims({"a": [1, {"b": None}]})) == "Claims({'a': [1, {'b': None}]})"


TRICKY = {
    "sub": "alice",
    "n": -(2**80),
    "zero": 0,
    "f": 1.5e300,
    "tiny": 5e-324,
    "whole": 1.0,
    "yes": True,
    "no": False,
    "nothing": None,
    "empty": "",
    "text": 'quote " and \n and é and \U0001f600',
    "kéy\n": [],
    "list": [1, [2.5, "x", {}], {"a": {"b": [None]}}],
    "object": {},
}


def same(read, expected):
    """Equal, and of the same types at every level."""
    if isinstance(expected, dict):
        return list(read) == list(expected) and all(same(read[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(read) == len(expected) and all(map(same, read, expected))
    return type(read) is type(expected) and read == expected


@pytest.fixture(scope="module")
def verifier():
    return JwtVerifier(secret=SECRET, cache=False)


def verified(verifier, claims):
    return verifier.verify(jwt.encode({**claims, "exp": 4102444800}, SECRET, "HS256")).claims


def test_verified_claims_are_what_the_token_says(verifier):
    expected = {**TRICKY, "exp": 4102444800}
    assert same(verified(verifier, TRICKY).to_dict(), expected)
    # One by one and first, as the core finds them; then again, all at once.
    claims = verified(verifier, TRICKY)
    for _ in range(3):
        for name in TRICKY:
            assert name in claims
            assert claims[name] == Claims(expected)[name]
            assert type(claims[name]) is type(Claims(expected)[name])
    assert claims == expected
    assert pickle.loads(pickle.dumps(claims)) == expected
    assert repr(claims) == f"Claims({expected!r})"


@pytest.mark.parametrize("reads", [0, 20])
def test_what_is_no_claim_is_missing(verifier, reads):
    claims = verified(verifier, {"sub": "alice"})
    for _ in range(reads):
        assert claims["sub"] == "alice"
    for name in ("missing", "", "\ud800", 1, None, b"sub"):
        assert name not in claims
        assert claims.get(name) is None
        with pytest.raises(KeyError) as missing:
            claims[name]
        assert missing.value.args == (name,)
    with pytest.raises(TypeError):
        claims[["sub"]]
    with pytest.raises(TypeError):
        assert ["sub"] in claims


def any_value(random, depth=0):
    kind = random.randrange(5 if depth > 3 else 7)
    if kind == 0:
        return random.choice([None, True, False])
    if kind == 1:
        return random.randint(-(2 ** random.randrange(1, 200)), 2 ** random.randrange(1, 200))
    if kind == 2:
        return random.choice([0.0, -0.0, random.uniform(-1, 1), random.uniform(-1e300, 1e300), 10.0**-300])
    if kind < 5:
        return "".join(random.choices('ab"\\\n\x7f\0é√\U0001f600', k=random.randrange(12)))
    if kind == 5:
        return [any_value(random, depth + 1) for _ in range(random.randrange(4))]
    return {f"{any_value(random, 9)}": any_value(random, depth + 1) for _ in range(random.randrange(4))}


def test_any_claim_is_what_json_makes_of_it(verifier):
    random = Random(20260101)
    for _ in range(500):
        value = any_value(random)
        assert same(verified(verifier, {"sub": "alice", "x": value}).to_dict()["x"], value)
        alone = verified(verifier, {"sub": "alice", "x": value})["x"]
        assert same(Claims({"x": alone}).to_dict()["x"], value)
