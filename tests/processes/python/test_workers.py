"""Servers and pools whose processes load the program for themselves, or after a fork."""

import pytest

SERVERS = {
    "uvicorn": ("uvicorn", "asynchronous:app"),
    "gunicorn": ("gunicorn", "preloaded:app"),
    "gunicorn with uvicorn": ("gunicorn", "asynchronous:app", "--worker-class", "uvicorn_worker.UvicornWorker"),
    "gunicorn with uvicorn, preloaded": (
        "gunicorn", "asynchronous:app", "--preload", "--worker-class", "uvicorn_worker.UvicornWorker",
    ),
}  # fmt: skip
WORKERS = 2


@pytest.mark.parametrize("name", SERVERS)
def test_each_worker_has_keys_of_its_own(serve, jwks, old, new, name):
    server = serve(*SERVERS[name], workers=WORKERS, environment={"JWKS_URI": jwks.url})
    said = server.ask_all(old.token())
    assert list(said.values()) == ["alice"] * WORKERS
    assert jwks.requests == WORKERS
    jwks.keys = [new.jwk]
    jwks.requests = 0
    assert server.ask_all(new.token(sub="bob")) == dict.fromkeys(said, "bob")
    assert jwks.requests == WORKERS
    assert server.ask_all(old.token()) == dict.fromkeys(said, "ERR_KEY_NOT_FOUND")
    assert server.stop() == 0
    assert "Traceback" not in server.log()


def test_asynchronous_workers_have_the_keys_of_before_the_fork(serve, jwks, old):
    environment = {"JWKS_URI": jwks.url, "WARM_TOKEN": old.token()}
    server = serve(*SERVERS["gunicorn with uvicorn, preloaded"], workers=WORKERS, environment=environment)
    assert list(server.ask_all(old.token()).values()) == ["alice"] * WORKERS
    assert jwks.requests == 1
    assert server.stop() == 0


@pytest.mark.parametrize("way", ["spawn", "forkserver"])
def test_processes_that_begin_anew(program, jwks, old, new, way):
    pool = program("spawned.py", jwks.url, old.token(), new.token(sub="bob"), way)
    assert pool.hear() == "verified"
    assert jwks.requests == 3
    jwks.keys = [new.jwk]
    pool.tell("rotated")
    ended = pool.ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert jwks.requests == 6
