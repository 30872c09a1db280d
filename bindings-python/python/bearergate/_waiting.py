"""Waiting for a key set without holding up an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ._native import Ticket

T = TypeVar("T")


def on_asyncio() -> bool:
    """Whether this thread is running an asyncio loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def on_trio() -> bool:
    """Whether this thread is running a trio task."""
    # Whoever runs trio has imported it.
    trio: Any = sys.modules.get("trio")
    if trio is None:
        return False
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        return False
    return True


async def resolved(ticket: Ticket[T]) -> T:
    """What the ticket resolves to."""
    if not on_asyncio():
        return await _resolved_on_trio(ticket)
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def resolve(outcome: T) -> None:
        if not future.done():
            future.set_result(outcome)

    def deliver(outcome: T) -> None:
        # The loop may have been closed while the keys were on their way.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(resolve, outcome)

    ticket.subscribe(deliver)
    try:
        return await future
    finally:
        ticket.cancel()


async def _resolved_on_trio(ticket: Ticket[T]) -> T:
    # The only other loop that Connect's ASGI application runs on. Whoever runs it has imported it.
    trio: Any = import_module("trio")
    here = trio.lowlevel.current_trio_token()
    arrived = trio.Event()
    outcomes: list[T] = []

    def deliver(outcome: T) -> None:
        outcomes.append(outcome)
        with contextlib.suppress(trio.RunFinishedError):
            here.run_sync_soon(arrived.set)

    ticket.subscribe(deliver)
    try:
        await arrived.wait()
    finally:
        ticket.cancel()
    return outcomes[0]
