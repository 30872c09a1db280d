"""FAULTS 48: servers and job queues that load the program once and fork it."""

import os
from collections.abc import Callable

import pytest

from conftest import Served

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")

WORKERS = 3


@pytest.fixture
def gunicorn(serve) -> Callable[..., Served]:
    def start(environment: dict[str, str], *arguments: str) -> Served:
        return serve(
            "gunicorn", "preloaded:app", "--preload", *arguments, workers=WORKERS, environment=environment
        )

    return start


@pytest.mark.parametrize("kind", ["sync", "gthread"])
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_48_gunicorn_with_the_app_preloaded(gunicorn, jwks, old, new, kind, warm):
    environment = {"JWKS_URI": jwks.url, "WARM_TOKEN": old.token() if warm else ""}
    server = gunicorn(environment, "--worker-class", kind, "--threads", "1" if kind == "sync" else "4")
    said = server.ask_all(old.token())
    assert list(said.values()) == ["alice"] * WORKERS
    assert jwks.requests == (1 if warm else WORKERS)
    jwks.keys = [new.jwk]
    jwks.requests = 0
    assert server.ask_all(new.token(sub="bob")) == dict.fromkeys(said, "bob")
    assert jwks.requests == WORKERS
    assert server.ask_all(old.token()) == dict.fromkeys(said, "ERR_KEY_NOT_FOUND")
    assert server.stop() == 0
    assert "Traceback" not in server.log()


def test_48_gunicorn_replaces_its_workers(gunicorn, jwks, old):
    server = gunicorn({"JWKS_URI": jwks.url, "WARM_TOKEN": old.token()}, "--max-requests", "5")
    answers = [server.ask(old.token()) for _ in range(60)]
    assert {said for _, _, said in answers} == {"alice"}
    assert len({pid for pid, _, _ in answers}) > 2 * WORKERS
    # They all have the keys of the parent.
    assert jwks.requests == 1
    assert server.stop() == 0


def test_48_a_pool_of_forks_that_are_replaced(program, jwks, old, new):
    tasks = 60
    pool = program("pool.py", jwks.url, old.token(), new.token(sub="bob"), str(tasks))
    children, said = pool.hear().split()
    assert (int(children) >= tasks / 8, said) == (True, "alice")
    assert jwks.requests == 1
    jwks.keys = [new.jwk]
    pool.tell("rotated")
    children, said = pool.hear().split()
    assert (int(children) >= tasks / 8, said) == (True, "bob")
    # Workers of before the rotation have fetched; those forked after it had the parent's keys.
    assert 2 <= jwks.requests <= 2 + 3
    pool.tell("on")
    children, said = pool.hear().split()
    assert (int(children) >= tasks / 8, said) == (True, "ERR_KEY_NOT_FOUND")
    pool.tell("on")
    ended = pool.ended()
    assert (ended.code, ended.stderr) == (0, "")
