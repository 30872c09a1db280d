"""Interrupting what runs too long, by the wall clock.

Tokens expire by the wall clock, event loops count another one. So the loop's timer is set anew at
least once a minute, which also keeps every delay within what an event loop can take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from importlib import import_module
from typing import Any, TypeVar

from ._waiting import on_asyncio

T = TypeVar("T")

_LONGEST_S = 60.0


class Expired(Exception):
    """The deadline has passed."""


def _remaining(deadline_ms: int) -> float:
    return deadline_ms / 1000 - time.time()


async def before(deadline_ms: int, awaitable: Awaitable[T]) -> T:
    """What the awaitable gives, which is cancelled once the wall clock reaches the deadline.

    Raises:
        Expired: When that happened, whatever the awaitable made of its cancellation. One that is due
            already is not started.
    """
    if _remaining(deadline_ms) <= 0:
        close = getattr(awaitable, "close", None)
        if close is not None:
            close()
        raise Expired
    if not on_asyncio():
        return await _before_on_trio(deadline_ms, awaitable)
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None
    try:
        async with asyncio.timeout(None) as alarm:

            def tick() -> None:
                nonlocal timer
                remaining = _remaining(deadline_ms)
                if remaining <= 0:
                    alarm.reschedule(loop.time())
                else:
                    timer = loop.call_later(min(remaining, _LONGEST_S), tick)

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
    if alarm.expired() or _remaining(deadline_ms) <= 0:
        raise Expired
    return result


async def _before_on_trio(deadline_ms: int, awaitable: Awaitable[T]) -> T:
    trio: Any = import_module("trio")
    running, watching = trio.CancelScope(), trio.CancelScope()

    async def watch() -> None:
        with watching:
            while (remaining := _remaining(deadline_ms)) > 0:
                await trio.sleep(min(remaining, _LONGEST_S))
            running.cancel()

    # Not in a nursery, which would wrap what the awaitable raises.
    trio.lowlevel.spawn_system_task(watch)
    try:
        with running:
            result = await awaitable
    finally:
        watching.cancel()
    if running.cancelled_caught or _remaining(deadline_ms) <= 0:
        raise Expired
    return result
