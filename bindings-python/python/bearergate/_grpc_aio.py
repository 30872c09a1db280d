"""Asynchronous handlers of grpcio's aio servers, in their three shapes: coroutines that return the
response, coroutines that write responses, and asynchronous generators.

One task runs a call from start to end. Its generators may be closed by another, in which the identity
is entered again.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable
from contextlib import nullcontext
from typing import Any

from . import _alarm
from ._errors import JwtAuthError
from ._grpc_call import Admission, Call, refuse_async
from ._grpc_sync import Behavior, as_is
from ._grpc_sync import guarded as guarded_sync


def guarded(behavior: Behavior, call: Call, admission: Admission, *, client: bool, server: bool) -> Behavior:
    """The handler of an admitted call. `client` and `server` say who streams."""
    # As grpcio tells them apart.
    if server and inspect.isasyncgenfunction(behavior):
        return _generator(behavior, call, admission)
    if inspect.iscoroutinefunction(behavior):
        return _coroutine(behavior, call, admission, streams=client or server)
    return guarded_sync(behavior, call, lambda context: admission, as_is, client=client, server=server)


def refusing(error: JwtAuthError) -> Behavior:
    """A handler of any cardinality that refuses the call."""

    async def handle(request: Any, context: Any) -> Any:
        await refuse_async(error, context)

    return handle


def _coroutine(behavior: Behavior, call: Call, admission: Admission, *, streams: bool) -> Behavior:
    async def handle(request: Any, context: Any) -> Any:
        try:
            with admission.identity(context):
                response = behavior(request, admission.seen(context))
                return await _in_time(admission.deadline_ms if streams else None, response, call)
        except JwtAuthError as error:
            await refuse_async(error, context)

    return handle


def _generator(behavior: Behavior, call: Call, admission: Admission) -> Behavior:
    async def handle(request: Any, context: Any) -> AsyncGenerator[Any]:
        identity: Any = nullcontext()
        responses: AsyncGenerator[Any] | None = None
        try:
            identity = admission.identity(context)
            with identity:
                responses = behavior(request, admission.seen(context))
            while True:
                with identity:
                    try:
                        message = await _in_time(admission.deadline_ms, anext(responses), call)
                    except StopAsyncIteration:
                        return
                yield message
        except JwtAuthError as error:
            await refuse_async(error, context)
        finally:
            if responses is not None:
                with identity:
                    await responses.aclose()

    return handle


async def _in_time(deadline: int | None, awaitable: Awaitable[Any], call: Call) -> Any:
    if deadline is None:
        return await awaitable
    try:
        return await _alarm.before(deadline, awaitable)
    except _alarm.Expired:
        raise call.fail("ERR_TOKEN_EXPIRED") from None
