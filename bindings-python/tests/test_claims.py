"""`Claims`: a JSON object that nobody can change."""

import copy
import pickle

import pytest

from bearergate import Claims

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


def test_shows_everything():
    assert repr(Claims({"a": [1, {"b": None}]})) == "Claims({'a': [1, {'b': None}]})"
