"""A key endpoint in this process, and programs under test in processes of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
