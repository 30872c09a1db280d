"""FAULTS 49: what a program still does while the interpreter ends."""

import pytest


@pytest.mark.parametrize("way", ["blocking", "async"])
def test_49_keys_are_asked_for_at_the_very_end(program, jwks, old, way):
    ended = program("late.py", jwks.url, old.token(), way).ended()
    assert (ended.code, ended.stdout, ended.stderr) == (7, "alice\n", "")


def test_49_a_daemon_thread_is_told_of_keys_at_the_very_end(program, jwks, old):
    ended = program("late_daemon.py", jwks.url, old.token()).ended()
    assert (ended.code, ended.stdout, ended.stderr) == (7, "", "")


def test_49_a_hook_is_at_work_when_the_interpreter_ends(program, jwks, old):
    ended = program("busy_hook.py", jwks.url, old.token()).ended()
    assert (ended.code, ended.stdout, ended.stderr) == (7, "", "")
    assert ended.seconds < 4
