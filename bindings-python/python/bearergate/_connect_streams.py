"""The inner half of the Connect interceptor: what has to happen around each message of a stream.

A WSGI server may ask for each message of a response in another `contextvars.Context`, or on another
thread, than the one the request began in. So for synchronous streams the identity is entered before
each message is made and left before it is handed on; between messages nobody's identity is current.
An asynchronous handler runs in one task from start to end and needs no help with that.

With `end_streams_at_expiry`, asynchronous streams are interrupted when their token expires. A
synchronous handler cannot be interrupted: its stream ends at the next message in either direction.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, final

from . import _alarm
from ._current import Identity, current_identity

if TYPE_CHECKING:
    from connectrpc.request import RequestContext

REQ = TypeVar("REQ")
RES = TypeVar("RES")


@final
class StreamInterceptor:
    """Installed right inside of its `JwtAuthInterceptor`, which has authenticated the request."""

    __slots__ = ("_deadlines", "_ended")

    def __init__(self, ended: Callable[[RequestContext[Any, Any]], Exception], *, deadlines: bool) -> None:
        self._ended = ended
        self._deadlines = deadlines

    # ASGI

    async def intercept_client_stream(
        self,
        call_next: Callable[[AsyncIterator[REQ], RequestContext[Any, Any]], Awaitable[RES]],
        request: AsyncIterator[REQ],
        ctx: RequestContext[Any, Any],
        /,
    ) -> RES:
        deadline = self._deadline(ctx)
        if deadline is None:
            return await call_next(request, ctx)
        try:
            return await _alarm.before(deadline, call_next(request, ctx))
        except _alarm.Expired:
            raise self._ended(ctx) from None

    def intercept_server_stream(
        self,
        call_next: Callable[[REQ, RequestContext[Any, Any]], AsyncIterator[RES]],
        request: REQ,
        ctx: RequestContext[Any, Any],
        /,
    ) -> AsyncIterator[RES]:
        deadline = self._deadline(ctx)
        responses = call_next(request, ctx)
        return responses if deadline is None else self._until(deadline, responses, ctx)

    def intercept_bidi_stream(
        self,
        call_next: Callable[[AsyncIterator[REQ], RequestContext[Any, Any]], AsyncIterator[RES]],
        request: AsyncIterator[REQ],
        ctx: RequestContext[Any, Any],
        /,
    ) -> AsyncIterator[RES]:
        deadline = self._deadline(ctx)
        responses = call_next(request, ctx)
        return responses if deadline is None else self._until(deadline, responses, ctx)

    async def _until(
        self, deadline: int, responses: AsyncIterator[RES], ctx: RequestContext[Any, Any]
    ) -> AsyncGenerator[RES]:
        try:
            while True:
                try:
                    message = await _alarm.before(deadline, anext(responses))
                except StopAsyncIteration:
                    return
                except _alarm.Expired:
                    raise self._ended(ctx) from None
                yield message
        finally:
            close = getattr(responses, "aclose", None)
            if close is not None:
                await close()

    # WSGI

    def intercept_client_stream_sync(
        self,
        call_next: Callable[[Iterator[REQ], RequestContext[Any, Any]], RES],
        request: Iterator[REQ],
        ctx: RequestContext[Any, Any],
        /,
    ) -> RES:
        deadline = self._deadline(ctx)
        if deadline is None:
            return call_next(request, ctx)
        response = call_next(self._in_time(deadline, request, ctx), ctx)
        self._check_time(deadline, ctx)
        return response

    def intercept_server_stream_sync(
        self,
        call_next: Callable[[REQ, RequestContext[Any, Any]], Iterator[RES]],
        request: REQ,
        ctx: RequestContext[Any, Any],
        /,
    ) -> Iterator[RES]:
        return self._each(call_next(request, ctx), ctx)

    def intercept_bidi_stream_sync(
        self,
        call_next: Callable[[Iterator[REQ], RequestContext[Any, Any]], Iterator[RES]],
        request: Iterator[REQ],
        ctx: RequestContext[Any, Any],
        /,
    ) -> Iterator[RES]:
        deadline = self._deadline(ctx)
        if deadline is not None:
            request = self._in_time(deadline, request, ctx)
        return self._each(call_next(request, ctx), ctx)

    def _each(self, responses: Iterator[RES], ctx: RequestContext[Any, Any]) -> Iterator[RES]:
        return self._entering(_identity_of(ctx), self._deadline(ctx), iter(responses), ctx)

    def _entering(
        self,
        identity: Identity,
        deadline: int | None,
        responses: Iterator[RES],
        ctx: RequestContext[Any, Any],
    ) -> Generator[RES]:
        while True:
            # Whatever ends the stream leaves the identity entered, so that it is still current while
            # the other interceptors' `on_end_sync` run; ours, which runs after them, leaves it.
            identity.enter()
            if deadline is not None:
                self._check_time(deadline, ctx, responses)
            try:
                message = next(responses)
            except StopIteration:
                return
            if deadline is not None:
                self._check_time(deadline, ctx, responses)
            identity.leave()
            try:
                yield message
            except GeneratorExit:
                identity.enter()
                _close(responses)
                identity.leave()
                raise

    def _in_time(
        self, deadline: int, requests: Iterator[REQ], ctx: RequestContext[Any, Any]
    ) -> Generator[REQ]:
        for message in requests:
            self._check_time(deadline, ctx)
            yield message

    def _check_time(
        self, deadline: int, ctx: RequestContext[Any, Any], responses: Iterator[Any] | None = None
    ) -> None:
        if time.time() * 1000 >= deadline:
            if responses is not None:
                _close(responses)
            raise self._ended(ctx)

    def _deadline(self, ctx: RequestContext[Any, Any]) -> int | None:
        return _identity_of(ctx).deadline_ms if self._deadlines else None


def _identity_of(ctx: RequestContext[Any, Any]) -> Identity:
    identity = current_identity(ctx)
    if identity is None:
        raise RuntimeError("a stream reached its handler without having been authenticated")
    return identity


def _close(responses: Iterator[Any]) -> None:
    close = getattr(responses, "close", None)
    if close is not None:
        close()
