"""FAULTS 49: an interpreter that ends while keys are fetched ends at once, as its program said, and
without a crash."""

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

# A machine that stands still for a moment is not a hang; one would last until the keys' request times out, at
# the soonest.
AT_ONCE_S = 3
ENDS = {
    "exit": (7, ""),
    "fall off": (0, ""),
    "close": (0, ""),
    "raise": (1, "RuntimeError: on purpose"),
    "os._exit": (7, ""),
    "cancelled": (7, ""),
    "cancelled from outside": (7, ""),
}


@pytest.mark.parametrize("way", ENDS)
def test_49_the_interpreter_ends_during_a_fetch(program, jwks, old, requests_reach, way):
    jwks.hold()
    ends = program("exit.py", jwks.url, old.token(), way)
    requests_reach(1)
    ends.tell("now")
    ended = ends.ended()
    code, says = ENDS[way]
    assert (ended.code, ended.stdout) == (code, "")
    # A thread whose call close() ended may say so, if it still can.
    assert says in ended.stderr
    assert (says != "" or way == "close") or ended.stderr == ""
    assert ended.seconds < AT_ONCE_S


def test_49_a_signal_ends_a_blocked_call(program, jwks, old, requests_reach):
    jwks.hold()
    ends = program("exit.py", jwks.url, old.token(), "blocked")
    requests_reach(1)
    started = time.monotonic()
    ends.send(signal.SIGINT)
    ended = ends.ended()
    assert time.monotonic() - started < AT_ONCE_S
    assert ended.code == -signal.SIGINT
    assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"


def many(program, count: int, name: str, *arguments: str) -> list[tuple[int, str, bool]]:
    """Runs a program so often, each ending at another moment; how each ended, and whether in time."""

    def run(index: int) -> tuple[int, str, bool]:
        seconds = random.uniform(0, 0.03)
        ended = program(name, *arguments, str(seconds), str((1, 50, 500)[index % 3])).ended()
        return ended.code, ended.stderr, ended.seconds < 5

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(count)))


def test_49_answers_arrive_while_the_interpreter_is_taken_down(program, jwks, old):
    ended = many(program, 30, "finalize.py", jwks.url, old.token())
    assert ended == [(7, "", True)] * 30


def test_49_daemon_threads_verify_while_the_interpreter_is_taken_down(program, jwks, old):
    ended = many(program, 16, "daemons.py", jwks.url, old.token())
    assert ended == [(7, "", True)] * 16
