"""Asynchronous reports of refusals, run to their end beside the request that caused them.

A report belongs on the loop that serves the request. Where none does, as under WSGI, it goes to one
loop on a daemon thread: a loop for each report would break clients that a program keeps across
reports, and would make each refusal as slow as its report.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from collections.abc import Awaitable
from concurrent import futures
from contextvars import copy_context
from importlib import import_module
from typing import Any

from . import _waiting

# How long the end of the process waits for reports on the thread.
_LAST_S = 2.0

# Event loops keep only weak references to tasks; these are the reports under way on others' loops.
_tasks: set[asyncio.Task[None]] = set()


def finish(report: Awaitable[object]) -> None:
    """Lets the report run to its end. Whatever it raises is nobody's business."""
    loop = _waiting.asyncio_loop()
    if loop is not None:
        task = loop.create_task(_swallow(report))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    elif _waiting.on_trio():
        trio: Any = import_module("trio")
        trio.lowlevel.spawn_system_task(_swallow, report, context=copy_context())
    else:
        _thread.run(report)


class _Thread:
    """A loop on a daemon thread, begun by the first report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: set[futures.Future[None]] = set()

    def run(self, report: Awaitable[object]) -> None:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="bearergate-reports", daemon=True).start()
                self._loop = loop
            pending = asyncio.run_coroutine_threadsafe(_swallow_all(report), self._loop)
            self._pending.add(pending)
        pending.add_done_callback(self._pending.discard)

    def drain(self) -> None:
        with self._lock:
            pending = list(self._pending)
        futures.wait(pending, _LAST_S)


_thread = _Thread()


def _at_exit() -> None:
    # The thread of this process, which a fork may have made anew.
    _thread.drain()


def _after_fork() -> None:
    # Threads do not survive a fork, and the lock may have been held by one of them.
    global _thread  # noqa: PLW0603
    _thread = _Thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)


async def _swallow(report: Awaitable[object]) -> None:
    with contextlib.suppress(Exception):
        await report


async def _swallow_all(report: Awaitable[object]) -> None:
    # What ends a program, such as SystemExit, would end the loop of all later reports here.
    with contextlib.suppress(BaseException):
        await report
