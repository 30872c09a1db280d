"""The alarm follows the wall clock, on both kinds of event loop."""

import asyncio
import time
from threading import Timer
from types import SimpleNamespace

import pytest
import trio

from bearergate import _alarm

LOOPS = [
    pytest.param(asyncio.run, asyncio.sleep, id="asyncio"),
    pytest.param(lambda coroutine: trio.run(lambda: coroutine), trio.sleep, id="trio"),
]
each_loop = pytest.mark.parametrize(("run", "sleep"), LOOPS)


@pytest.fixture
def wall(monkeypatch):
    """A wall clock that is set by hand, looked at often."""
    clock = SimpleNamespace(now=1000.0)
    clock.time = lambda: clock.now
    monkeypatch.setattr(_alarm, "time", clock)
    monkeypatch.setattr(_alarm, "_LONGEST_S", 0.02)
    return clock


@each_loop
def test_a_clock_that_is_set_forward_ends_the_wait(run, sleep, wall):
    timer = Timer(0.1, lambda: setattr(wall, "now", 90_000.0))
    timer.start()
    started = time.monotonic()
    with pytest.raises(_alarm.Expired):
        run(_alarm.before(80_000_000, sleep(30)))
    assert time.monotonic() - started < 5
    timer.join()


@each_loop
def test_a_clock_that_is_set_back_prolongs_it(run, sleep, wall):
    async def work():
        await sleep(0.03)
        wall.now = 10.0
        await sleep(0.1)
        return "done"

    # Due 50 ms from now, by a clock that then goes back.
    assert run(_alarm.before(1_000_050, work())) == "done"


@each_loop
def test_what_the_awaitable_raises_comes_through_as_it_is(run, sleep, wall):
    async def work():
        await sleep(0)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(_alarm.before(80_000_000, work()))


@each_loop
def test_what_is_due_is_not_started(run, sleep, wall):
    started = []

    async def work():
        started.append(True)

    with pytest.raises(_alarm.Expired):
        run(_alarm.before(1_000_000, work()))
    assert started == []


@each_loop
def test_what_is_not_due_runs_on_and_ends_as_soon_as_it_is(run, sleep, wall):
    due = []

    async def work(pause):
        await sleep(0.05)
        due.append(True)
        await sleep(pause)
        return "done"

    # Past its deadline from the start.
    assert run(_alarm.before(1_000_000, work(0), lambda: False)) == "done"
    started = time.monotonic()
    with pytest.raises(_alarm.Expired):
        run(_alarm.before(1_000_000, work(30), lambda: len(due) > 1))
    assert time.monotonic() - started < 5
