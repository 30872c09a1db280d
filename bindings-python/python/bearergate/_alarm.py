"""Interrupting what runs too long, by the wall clock.

Tokens expire by the wall clock, event loops count another one. So the loop's timer is set anew at
least once a minute, which also keeps every delay within what an event loop can take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, TypeVar

from ._waiting import asyncio_loop

T = TypeVar("T")

_LONGEST_S = 60.0
# How soon what becomes due after the deadline is interrupted.
_SOON_S = 0.1


class Expired(Exception):
    """The deadline has passed."""


def _remaining(deadline_ms: int) -> float:
    return deadline_ms / 1000 - time.time()


def _pause(remaining: float) -> float:
    return min(remaining if remaining > 0 else _SOON_S, _LONGEST_S)


def _always() -> bool:
    return True


async def before(deadline_ms: int, awaitable: Awaitable[T], due: Callable[[], bool] = _always) -> T:
    """What the awaitable gives, which is cancelled once the wall clock reaches the deadline.

    Args:
        deadline_ms: In milliseconds since the epoch.
        awaitable: What is waited for.
        due: Whether the deadline applies to what is going on; asked from then on.

    Raises:
        Expired: When that happened, whatever the awaitable made of its cancellation. One that is due
            already is not started.
    """
    if _remaining(deadline_ms) <= 0 and due():
        close = getattr(awaitable, "close", None)
        if close is not None:
            close()
        raise Expired
    loop = asyncio_loop()
    if loop is None:
        return await _before_on_trio(deadline_ms, awaitable, due)
    timer: asyncio.TimerHandle | None = None
    try:
        async with asyncio.timeout(None) as alarm:

            def tick() -> None:
                nonlocal timer
                remaining = _remaining(deadline_ms)
                if remaining <= 0 and due():
                    alarm.reschedule(loop.time())
                else:
                    timer = loop.call_later(_pause(remaining), tick)

            tick()
            try:
                result = await awaitable
            finally:
                if timer is not None:
                    timer.cancel()
    except TimeoutError as error:
        if alarm.expired():
            raise Expired from error
        raise
    if alarm.expired() or (_remaining(deadline_ms) <= 0 and due()):
        raise Expired
    return result


async def _before_on_trio(deadline_ms: int, awaitable: Awaitable[T], due: Callable[[], bool]) -> T:
    trio: Any = import_module("trio")
    running, watching = trio.CancelScope(), trio.CancelScope()

    async def watch() -> None:
        with watching:
            while (remaining := _remaining(deadline_ms)) > 0 or not due():
                await trio.sleep(_pause(remaining))
            running.cancel()

    # Not in a nursery, which would wrap what the awaitable raises.
    trio.lowlevel.spawn_system_task(watch)
    try:
        with running:
            result = await awaitable
    finally:
        watching.cancel()
    if running.cancelled_caught or (_remaining(deadline_ms) <= 0 and due()):
        raise Expired
    return result
