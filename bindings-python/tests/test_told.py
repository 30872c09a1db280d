"""A token that verifies again out of the cache is the same context, and never another caller's."""

import copy
import io
import pickle
import threading

import pytest
from keys import SECRET, Signer, token

from bearergate import InvalidTokenError, JwtVerifier

# As in src/told.rs.
PLACES = 1024


def test_the_same_token_is_the_same_context():
    verifier = JwtVerifier(secret=SECRET)
    alice, bob = token(sub="alice"), token(sub="bob")
    first = verifier.verify(alice)
    assert first.subject == "alice"
    assert verifier.verify(bob).subject == "bob"
    assert verifier.verify(alice) is first
    assert verifier.stats()["cache_hits"] == 1


def test_without_a_cache_none_is_kept():
    verifier = JwtVerifier(secret=SECRET, cache=False)
    alice = token(sub="alice")
    assert verifier.verify(alice) is not verifier.verify(alice)


def test_of_more_callers_than_there_are_places_none_is_another():
    verifier = JwtVerifier(secret=SECRET, cache={"max_entries": 4 * PLACES})
    subjects = [f"caller-{at}" for at in range(2 * PLACES)]
    tokens = [token(sub=subject) for subject in subjects]
    for _ in range(3):
        assert [verifier.verify(each).subject for each in tokens] == subjects
    assert verifier.stats()["cache_hits"] > PLACES


def test_nor_of_more_than_the_cache_has_entries():
    verifier = JwtVerifier(secret=SECRET, cache={"max_entries": 4})
    subjects = [f"caller-{at}" for at in range(64)]
    tokens = [token(sub=subject) for subject in subjects]
    for _ in range(10):
        assert [verifier.verify(each).subject for each in tokens] == subjects


def test_nor_in_threads():
    verifier = JwtVerifier(secret=SECRET, cache={"max_entries": 4 * PLACES})
    subjects = [f"caller-{at}" for at in range(PLACES)]
    tokens = [token(sub=subject) for subject in subjects]
    wrong = []

    def work():
        for _ in range(5):
            wrong.extend(
                subject
                for subject, each in zip(subjects, tokens, strict=True)
                if verifier.verify(each).subject != subject
            )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_other_keys_are_another_context(jwks):
    before, after = Signer("same"), Signer("same")
    jwks.keys = [before.jwk]
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        old = before.token()
        assert verifier.verify(old).subject == "alice"
        context = verifier.verify(old)
        assert verifier.verify(old) is context
    with JwtVerifier(jwks_uri=jwks.url) as verifier:
        assert verifier.verify(old) is not context
    jwks.keys = [after.jwk]
    with JwtVerifier(jwks_uri=jwks.url) as verifier, pytest.raises(InvalidTokenError):
        verifier.verify(old)


class Liked(str):
    """Equal to everything, and adds to every list that it is compared with."""

    __slots__ = ()

    def __eq__(self, other):
        if isinstance(other, list):
            other.append("admin")
        return True

    __hash__ = str.__hash__


def test_nothing_that_is_done_to_a_context_is_seen_in_the_next():
    verifier = JwtVerifier(secret=SECRET)
    bearer = token(sub="alice", roles=["user"], realm={"roles": ["user"]})
    expected = verifier.verify(bearer).claims.to_dict()

    class Editing(pickle.Pickler):
        def persistent_id(self, obj):
            if isinstance(obj, dict) and "sub" in obj:
                obj["admin"] = True
            if isinstance(obj, list):
                obj.append("admin")

    def tampered(claims):
        claims.__reduce__()[1][0]["admin"] = True
        claims.__reduce__()[1][0]["realm"]["roles"].append("admin")
        claims.to_dict()["roles"].append("admin")
        assert claims != {**expected, "roles": "x"}
        _ = claims == {**expected, "roles": Liked("x")}
        _ = claims["realm"] == {"roles": Liked("x")}
        copy.deepcopy(claims)
        Editing(io.BytesIO()).dump(claims)

    for _ in range(3):
        context = verifier.verify(bearer)
        tampered(context.claims)
        Editing(io.BytesIO()).dump(context)
        assert context.claims.to_dict() == expected
    assert verifier.stats()["cache_hits"] == 3
    assert verifier.verify(bearer).claims == expected
