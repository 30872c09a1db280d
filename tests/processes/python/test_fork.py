"""FAULTS 48: a process that forks, at every moment of a fetch. Children verify and refresh, and so does
the parent."""

import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")

CHILDREN = 2
ways = pytest.mark.parametrize("way", ["os", "multiprocessing"])
times = pytest.mark.parametrize("time", range(3))


@ways
@pytest.mark.parametrize("moment", ["before", "after"])
def test_48_a_fork_before_or_after_the_first_fetch(program, jwks, old, new, moment, way):
    forks = program("forks.py", jwks.url, old.token(), new.token(sub="bob"), moment, way)
    assert forks.hear() == "verified"
    # The children of a warm parent are warm.
    assert jwks.requests == (1 if moment == "after" else 1 + CHILDREN)
    jwks.keys = [new.jwk]
    jwks.requests = 0
    forks.tell("rotated")
    ended = forks.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 1 + CHILDREN


@ways
@times
def test_48_a_fork_during_the_first_fetch(program, jwks, old, new, requests_reach, way, time):
    jwks.hold()
    forks = program("forks.py", jwks.url, old.token(), new.token(sub="bob"), "during", way)
    requests_reach(1)
    forks.tell("the fetch is under way")
    # Nobody answers the children of the parent's fetch: each has one of its own.
    requests_reach(1 + CHILDREN)
    jwks.release()
    assert forks.hear() == "verified"
    jwks.keys = [new.jwk]
    forks.tell("rotated")
    ended = forks.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 2 * (1 + CHILDREN)


@ways
@times
def test_48_a_fork_during_a_fetch_that_a_token_caused(program, jwks, old, new, requests_reach, way, time):
    forks = program("forks.py", jwks.url, old.token(), new.token(sub="bob"), "refreshing", way)
    assert forks.hear() == "warm"
    jwks.hold()
    forks.tell("the endpoint holds its answers back")
    requests_reach(2)
    jwks.keys = [new.jwk]
    forks.tell("the fetch is under way")
    # Held or not, all verify what they can.
    assert forks.hear() == "verified"
    forks.tell("rotated")
    # The parent waits for its fetch; the children begin theirs.
    requests_reach(2 + CHILDREN)
    jwks.release()
    ended = forks.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 2 + CHILDREN


def test_48_forks_in_the_midst_of_work(program, jwks, old):
    """Threads build, use and close verifiers while the process forks: no lock that one of them held is
    waited for by a child."""
    ended = program("storm.py", jwks.url, old.token(), "40").ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == "40 children\n"
