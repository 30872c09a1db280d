"""Waiting for a key set without holding up an event loop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

    from ._native import Ticket

T = TypeVar("T")


def asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """The asyncio loop that this thread is running, if it is."""
    # Whoever runs a loop has imported it, and is done with that.
    module: Any = sys.modules.get("asyncio")
    running_loop = getattr(module, "get_running_loop", None)
    if running_loop is None:
        return None
    try:
        loop: asyncio.AbstractEventLoop = running_loop()
    except RuntimeError:
        return None
    return loop


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
    loop = asyncio_loop()
    if loop is None:
        return await _resolved_on_trio(ticket)
    future: asyncio.Future[T] = loop.create_future()

    def resolve(outcome: T) -> None:
        if not future.done():
            future.set_result(outcome)

    def deliver(outcome: T) -> None:
        try:  # noqa: SIM105 - an import of the package does without contextlib
            loop.call_soon_threadsafe(resolve, outcome)
        except RuntimeError:
            # The loop may have been closed while the keys were on their way.
            pass

    if not ticket.subscribe(deliver):
        deliver(ticket.wait())
    try:
        return await future
    finally:
        ticket.cancel()


async def _resolved_on_trio(ticket: Ticket[T]) -> T:
    # The only other loop that Connect's ASGI application runs on. Whoever runs it has imported it.
    trio: Any = sys.modules.get("trio")
    if trio is None:
        raise RuntimeError(
            "no loop runs here that can be waited on: bearergate knows those of asyncio and trio"
        )
    here = trio.lowlevel.current_trio_token()
    arrived = trio.Event()
    outcomes: list[T] = []

    def deliver(outcome: T) -> None:
        outcomes.append(outcome)
        try:  # noqa: SIM105
            here.run_sync_soon(arrived.set)
        except trio.RunFinishedError:
            pass

    if not ticket.subscribe(deliver):
        deliver(ticket.wait())
    try:
        await arrived.wait()
    finally:
        ticket.cancel()
    return outcomes[0]
