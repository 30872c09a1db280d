"""A key endpoint in this process, and programs under test in processes of their own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from jwks_server import JwksServer
from keys import Signer

_PROGRAMS = Path(__file__).parent / "programs"

# A program that has not ended by then hangs.
LIMIT_S = 15.0


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Program:
    """A program of `programs/`, which is told lines and tells lines."""

    def __init__(self, name: str, *arguments: str) -> None:
        # Since 3.12 CPython warns of every fork beside a thread.
        command = [sys.executable, "-W", "ignore::DeprecationWarning", str(_PROGRAMS / name), *arguments]
        pipe = subprocess.PIPE
        # A session of its own, so that children of a program that hangs end with it.
        self._child = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        self._told = time.monotonic()
        self._alarm = threading.Timer(LIMIT_S, self.kill)
        self._alarm.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def tell(self, line: str) -> None:
        """Sends a line; how long the program goes on is counted from here."""
        self._told = time.monotonic()
        with contextlib.suppress(BrokenPipeError):  # it has ended, and says how
            print(line, file=self._child.stdin, flush=True)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def hear(self) -> str:
        return self._child.stdout.readline().rstrip("\n")

    def ended(self) -> Ended:
        # What it leaves behind must not be waited for, so its end is awaited and not its output's.
        code = self._child.wait(LIMIT_S + 5)
        seconds = time.monotonic() - self._told
        self._alarm.cancel()
        stdout, stderr = self._child.communicate()
        return Ended(code, stdout, stderr, seconds)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)


_SERVERS = {
    "gunicorn": (
        "--bind", "127.0.0.1:0", "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",
    ),
    "uvicorn": ("--host", "127.0.0.1", "--port", "0"),
}  # fmt: skip
_LISTENING = re.compile(r"(?:Listening at: |running on )(http://\S+)")


class Served:
    """A server of several workers over an application of `programs/`, which tells who answers."""

    def __init__(
        self, log: Path, server: str, *arguments: str, workers: int, environment: dict[str, str]
    ) -> None:
        self._log, self.workers = log, workers
        with log.open("w") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", server, *_SERVERS[server], "--workers", str(workers), *arguments],
                cwd=_PROGRAMS,
                env={
                    **os.environ,
                    **environment,
                    "PYTHONWARNINGS": "ignore::DeprecationWarning",
                    "NO_COLOR": "1",
                },
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
            if found := _LISTENING.search(self.log()):
                # uvicorn says so before its workers listen.
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", int(found[1].rpartition(":")[2])), 10).close()
                    return found[1]
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
        deadline = time.monotonic() + 20
        with ThreadPoolExecutor(4 * self.workers) as pool:
            while len(said) < self.workers and time.monotonic() < deadline:
                for pid, parent, answer in pool.map(self.ask, [token] * 4 * self.workers):
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
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(server: str, *arguments: str, workers: int, environment: dict[str, str]) -> Served:
        log = tmp_path / f"{server}-{len(running)}.log"
        running.append(Served(log, server, *arguments, workers=workers, environment=environment))
        return running[-1]

    yield start
    for each in running:
        each.kill()


@pytest.fixture
def old() -> Signer:
    return Signer("key-1")


@pytest.fixture
def new() -> Signer:
    return Signer("key-2")


@pytest.fixture
def jwks(old: Signer) -> Iterator[JwksServer]:
    server = JwksServer(old.jwk)
    yield server
    server.close()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    running: list[Program] = []

    def start(name: str, *arguments: str) -> Program:
        running.append(Program(name, *arguments))
        return running[-1]

    yield start
    for each in running:
        each.kill()


@pytest.fixture
def requests_reach(jwks: JwksServer) -> Callable[[int], None]:
    """Waits until the endpoint has been asked so many times."""

    def wait(count: int) -> None:
        deadline = time.monotonic() + 10
        while jwks.requests < count:
            assert time.monotonic() < deadline, f"{jwks.requests} of {count} requests"
            time.sleep(0.002)

    return wait
