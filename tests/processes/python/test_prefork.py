"""FAULTS 48: servers and job queues that load the program once and fork it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")

WORKERS = 3


class Gunicorn:
    """gunicorn over `programs/preloaded.py`, loaded before the fork."""

    def __init__(self, log: Path, environment: dict[str, str], *arguments: str) -> None:
        self._log = log
        command = [
            str(Path(sys.executable).parent / "gunicorn"), "--preload", "--workers", str(WORKERS), "--bind", "127.0.0.1:0",
            "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp", *arguments, "preloaded:app",
        ]  # fmt: skip
        with log.open("w") as output:
            self._child = subprocess.Popen(
                command,
                cwd=Path(__file__).parent / "programs",
                env={**os.environ, **environment, "PYTHONWARNINGS": "ignore::DeprecationWarning"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self._child.pid
        self._url = self._listening()

    def _listening(self) -> str:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._child.poll() is None:
            for line in self.log().splitlines():
                if "Listening at: " in line:
                    return line.split("Listening at: ")[1].split()[0]
            time.sleep(0.02)
        raise RuntimeError(self.log())

    def log(self) -> str:
        return self._log.read_text()

    def ask(self, token: str) -> tuple[int, int, str]:
        """The worker that answers, its parent, and what it says of the token."""
        request = urllib.request.Request(self._url, headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            pid, parent, said = answer.read().decode().split()
        return int(pid), int(parent), said

    def ask_all(self, token: str) -> dict[int, str]:
        """What each of the workers says. The kernel chooses who answers, so many ask at once."""
        said: dict[int, str] = {}
        deadline = time.monotonic() + 10
        with ThreadPoolExecutor(4 * WORKERS) as pool:
            while len(said) < WORKERS and time.monotonic() < deadline:
                for pid, parent, answer in pool.map(self.ask, [token] * 4 * WORKERS):
                    assert parent == self.pid
                    assert said.setdefault(pid, answer) == answer
        return said

    def stop(self) -> int:
        self._child.terminate()
        return self._child.wait(10)

    def kill(self) -> None:
        if self._child.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._child.wait()


@pytest.fixture
def gunicorn(tmp_path) -> Iterator[Callable[..., Gunicorn]]:
    running: list[Gunicorn] = []

    def serve(environment: dict[str, str], *arguments: str) -> Gunicorn:
        running.append(Gunicorn(tmp_path / "gunicorn.log", environment, *arguments))
        return running[-1]

    yield serve
    for each in running:
        each.kill()


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
