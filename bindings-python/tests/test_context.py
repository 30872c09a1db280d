"""`AuthContext`: a verified identity as a value."""

import contextlib
import copy
import pickle
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from keys import SECRET, token

from bearergate import AuthContext, Claims, JwtVerifier

MADE = dict(
    subject="alice",
    name="Alice",
    roles=("admin", "user"),
    scopes=("read",),
    claims={"sub": "alice", "big": 2**64 + 1, "realm": {"roles": ["admin"]}},
    type="jwt",
    expires_at=datetime(2030, 1, 2, 3, 4, 5, 678000, UTC),
)


@pytest.fixture(scope="module")
def verified() -> AuthContext:
    verifier = JwtVerifier(secret=SECRET, claims_mapping={"roles": "realm.roles"})
    exp = 1893553445.6789
    claims = {"name": "Alice", "scope": "read write", "realm": {"roles": ["admin"]}, "big": 2**64 + 1}
    return verifier.verify(token(exp=exp, **claims))


def test_fields_of_a_verified_token(verified):
    assert verified.subject == "alice"
    assert verified.name == "Alice"
    assert verified.roles == ("admin",)
    assert verified.scopes == ("read", "write")
    assert verified.type == "jwt"
    assert verified.expires_at == datetime(2030, 1, 2, 3, 4, 5, 678000, UTC)
    assert verified.expires_at.tzinfo is UTC
    assert isinstance(verified.claims, Claims)
    assert verified.claims["big"] == 2**64 + 1
    assert verified.claims["realm"]["roles"] == ("admin",)


def test_names_that_recur_are_made_once():
    verifier = JwtVerifier(secret=SECRET, cache=False, claims_mapping={"roles": "roles"})
    long = "r" * 65
    first, second = (
        verifier.verify(token(roles=["editor", "\u00e9diteur", long], scope="read")) for _ in range(2)
    )
    assert first is not second
    assert first.roles == second.roles == ("editor", "\u00e9diteur", long)
    assert all(ours is theirs for ours, theirs in zip(first.roles[:2], second.roles[:2], strict=True))
    assert first.scopes[0] is second.scopes[0]
    assert first.roles[2] is not second.roles[2]


def test_many_different_names_are_told_apart():
    verifier = JwtVerifier(secret=SECRET, cache=False, claims_mapping={"roles": "roles"})
    for start in (0, 500, 1000, 0):
        names = [f"role-{at}" for at in range(start, start + 500)]
        assert list(verifier.verify(token(roles=names)).roles) == names


def test_absent_fields():
    context = JwtVerifier(secret=SECRET).verify(token(exp=None))
    assert (context.name, context.roles, context.scopes, context.expires_at) == (None, (), (), None)
    far = JwtVerifier(secret=SECRET).verify(token(exp=253402300800))
    assert far.expires_at is None
    assert far.claims["exp"] == 253402300800


@pytest.mark.parametrize(
    "name", ["subject", "name", "roles", "scopes", "claims", "type", "expires_at", "other"]
)
def test_nothing_can_be_changed(verified, name):
    with pytest.raises(AttributeError):
        setattr(verified, name, "x")
    with pytest.raises(AttributeError):
        delattr(verified, name)


def test_a_second_construction_changes_nothing(verified):
    before = repr(verified)
    for again in (dict(subject="evil", roles=["root"], claims={"sub": "evil"}), {}):
        with contextlib.suppress(TypeError):
            verified.__init__(**again)
        with contextlib.suppress(TypeError):
            verified.claims.__init__(again)
        with contextlib.suppress(TypeError):
            verified.claims["realm"].__init__(again)
    assert repr(verified) == before
    for name in ("subject", "claims", "other"):
        with pytest.raises((AttributeError, TypeError)):
            object.__setattr__(verified, name, "x")
    assert not hasattr(verified, "__dict__")
    assert not hasattr(verified, "__setstate__")


def test_cannot_be_extended():
    with pytest.raises(TypeError):
        type("Admin", (AuthContext,), {})


def test_pickles_and_copies(verified):
    for context in (verified, AuthContext(**MADE), AuthContext(subject="s")):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(context, protocol))
            assert again == context
            assert repr(again) == repr(context)
        assert copy.copy(context) is context
        assert copy.deepcopy(context) is context


def test_equality_and_hash(verified):
    made = AuthContext(**MADE)
    assert made == AuthContext(**MADE)
    assert hash(made) == hash(AuthContext(**MADE))
    for name, other in [
        ("subject", "bob"), ("name", None), ("roles", ()), ("scopes", ("write",)),
        ("claims", {"sub": "bob"}), ("type", "test"), ("expires_at", None),
    ]:  # fmt: skip
        assert AuthContext(**{**MADE, name: other}) != made, name
    assert made != "alice"
    assert len({made, verified, AuthContext(**MADE)}) == 2
    with pytest.raises(TypeError):
        made < verified  # noqa: B015


def test_shows_everything():
    assert repr(AuthContext(**{**MADE, "claims": {"a": 1}})) == (
        "AuthContext(subject='alice', name='Alice', roles=('admin', 'user'), scopes=('read',), "
        "claims=Claims({'a': 1}), type='jwt', "
        "expires_at=datetime.datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc))"
    )


def test_made_by_hand():
    context = AuthContext(subject="s", roles=["a"], scopes=iter(["b"]), claims={"x": [1]})
    assert (context.roles, context.scopes, context.claims) == (("a",), ("b",), {"x": [1]})
    instant = datetime(2030, 1, 1, 1, 0, 0, 1999, timezone(timedelta(hours=1)))
    assert AuthContext(subject="s", expires_at=instant).expires_at == datetime(2030, 1, 1, 0, 0, 0, 1000, UTC)
    match context:
        case AuthContext("s", ("a",), scopes):
            assert scopes == ("b",)
        case _:
            pytest.fail("positional patterns are subject, roles, scopes")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"subject": ""}, ValueError),
        ({"subject": 1}, TypeError),
        ({"roles": "admin"}, TypeError),
        ({"roles": [1]}, TypeError),
        ({"scopes": 5}, TypeError),
        ({"claims": {1: 2}}, TypeError),
        ({"expires_at": datetime(2030, 1, 1)}, ValueError),
        ({"expires_at": 5}, TypeError),
        ({"role": ()}, TypeError),
    ],
)
def test_what_no_context_has_is_refused(wrong, error):
    with pytest.raises(error):
        AuthContext(**{"subject": "s", **wrong})


def test_replace(verified):
    changed = verified.__replace__(roles=("other",))
    assert changed.roles == ("other",)
    assert (changed.subject, changed.claims) == (verified.subject, verified.claims)
    assert verified.roles == ("admin",)
    if sys.version_info >= (3, 13):
        assert copy.replace(verified, roles=("other",)) == changed
