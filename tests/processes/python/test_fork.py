"""FAULTS 48: a process that forks, at every moment of a fetch. Children verify and refresh, and so does
the parent."""

import json
import os
from collections.abc import Callable, Iterator

import pytest

from conftest import Program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")

CHILDREN = 2
ways = pytest.mark.parametrize("way", ["os", "multiprocessing"])
times = pytest.mark.parametrize("time", range(3))


@pytest.fixture
def forks(program, jwks, old, new, tmp_path) -> Iterator[Callable[..., Program]]:
    snapshot = tmp_path / "keys"

    def start(moment: str, way: str) -> Program:
        tokens = old.token(), new.token(sub="bob")
        return program("forks.py", jwks.url, *tokens, str(snapshot), moment, way)

    yield start
    # Whoever wrote last, and whoever ended while it wrote, the file is whole.
    assert snapshot.stat().st_mode & 0o777 == 0o600
    head, document = snapshot.read_text().split("\n", 1)
    assert json.loads(head)["url"] == jwks.url
    assert json.loads(document)["keys"][0]["kid"] in {"key-1", "key-2"}


@ways
@pytest.mark.parametrize("moment", ["before", "after"])
def test_48_a_fork_before_or_after_the_first_fetch(forks, jwks, new, moment, way):
    running = forks(moment, way)
    assert running.hear() == "verified"
    # The children of a warm parent are warm.
    assert jwks.requests == (1 if moment == "after" else 1 + CHILDREN)
    jwks.keys = [new.jwk]
    jwks.requests = 0
    running.tell("rotated")
    ended = running.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 1 + CHILDREN


@ways
@times
def test_48_a_fork_during_the_first_fetch(forks, jwks, new, requests_reach, way, time):
    jwks.hold()
    running = forks("during", way)
    requests_reach(1)
    running.tell("the fetch is under way")
    # Nobody answers the children of the parent's fetch: each has one of its own.
    requests_reach(1 + CHILDREN)
    jwks.release()
    assert running.hear() == "verified"
    jwks.keys = [new.jwk]
    running.tell("rotated")
    ended = running.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 2 * (1 + CHILDREN)


@ways
@times
def test_48_a_fork_during_a_fetch_that_a_token_caused(forks, jwks, new, requests_reach, way, time):
    running = forks("refreshing", way)
    assert running.hear() == "warm"
    jwks.hold()
    running.tell("the endpoint holds its answers back")
    requests_reach(2)
    jwks.keys = [new.jwk]
    running.tell("the fetch is under way")
    # Held or not, all verify what they can.
    assert running.hear() == "verified"
    running.tell("rotated")
    # The parent waits for its fetch; the children begin theirs.
    requests_reach(2 + CHILDREN)
    jwks.release()
    ended = running.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 2 + CHILDREN


def test_48_forks_in_the_midst_of_work(program, jwks, old):
    """Threads build, use and close verifiers while the process forks: no lock that one of them held is
    waited for by a child."""
    ended = program("storm.py", jwks.url, old.token(), "40").ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == "40 children\n"


def test_48_forks_while_threads_of_the_core_are_made_known(program, jwks, old):
    """A thread that Python does not know is made known under a lock without the GIL, which until CPython 3.12
    a child that is forked just then waits for."""
    ended = program("known.py", jwks.url, old.token(), "400").ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == "400 children\n"


def test_48_forks_while_verifiers_are_closed(program, jwks):
    """What threads without the GIL drop is Rust's alone: Python objects would wait behind a lock of pyo3's."""
    ended = program("closed.py", jwks.url, "200").ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == "200 children\n"
