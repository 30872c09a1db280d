"""What a fork holds up: threads of the core that Python does not know yet, and those for a moment only."""

import threading
import time

import pytest

from bearergate import JwtVerifier
from bearergate._native import hold_calls, resume_calls

pytestmark = pytest.mark.thread_unsafe(reason="forks are the process's")


@pytest.fixture
def delay(jwks):
    """How long it takes until keys are told of, in seconds."""

    def measure() -> float:
        told = threading.Event()
        with JwtVerifier(jwks_uri=jwks.url, on_fetch=lambda _: told.set()) as verifier:
            begun = time.monotonic()
            verifier.ready(5)
            assert told.wait(5)
            return time.monotonic() - begun

    return measure


def quickest(delay) -> float:
    return min(delay() for _ in range(3))


def test_nothing_is_told_while_the_process_forks(delay):
    hold_calls()
    try:
        # Waiting for ever would be worse.
        assert 0.1 < delay() < 4
    finally:
        resume_calls()
    assert quickest(delay) < 0.1


def test_nothing_is_told_until_every_fork_is_over(delay):
    hold_calls()
    hold_calls()
    try:
        resume_calls()
        assert delay() > 0.1
    finally:
        resume_calls()
    assert quickest(delay) < 0.1


def test_the_end_of_a_fork_that_began_before_the_import_changes_nothing(delay):
    resume_calls()
    assert quickest(delay) < 0.1
    hold_calls()
    try:
        assert delay() > 0.1
    finally:
        resume_calls()
