"""The least that interceptors can do: nothing; all but judging; and judging of which nothing is made."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from libraries import native_side
from tokens import Signed

from bearergate import AUTH_HEADERS

_AUTH_HEADERS = frozenset(AUTH_HEADERS.values())
_caller: ContextVar[str | None] = ContextVar("caller", default=None)


class Empty:
    """A metadata interceptor that does nothing."""

    async def on_start(self, ctx: Any) -> Any:
        pass

    async def on_end(self, token: Any, ctx: Any, error: Exception | None, /) -> None:
        pass

    def on_start_sync(self, ctx: Any, /) -> Any:
        pass

    def on_end_sync(self, token: Any, ctx: Any, error: Exception | None, /) -> None:
        pass


class Unjudged:
    """What has to be done of a request besides judging it: headers that pass for ours go, and the call gets a
    context."""

    async def on_start(self, ctx: Any) -> Token[str | None]:
        return self._begin(ctx)

    async def on_end(self, token: Token[str | None], ctx: Any, error: Exception | None, /) -> None:
        _caller.reset(token)

    def on_start_sync(self, ctx: Any, /) -> Token[str | None]:
        return self._begin(ctx)

    def on_end_sync(self, token: Token[str | None], ctx: Any, error: Exception | None, /) -> None:
        _caller.reset(token)

    def _begin(self, ctx: Any) -> Token[str | None]:
        headers = ctx.request_headers
        if not _AUTH_HEADERS.isdisjoint(headers):
            for name in _AUTH_HEADERS.intersection(headers):
                del headers[name]
        values = headers.getall("authorization")
        if len(values) != 1:
            raise ConnectError(Code.UNAUTHENTICATED, "refused")
        self._judge(values[0])
        return _caller.set("alice")

    def _judge(self, credentials: str) -> None:
        pass


class Natively(Unjudged):
    """The same, and the native side judges; of its answer nothing is made."""

    def __init__(self, subject: Signed) -> None:
        self._verify = native_side(subject)

    def _judge(self, credentials: str) -> None:
        try:
            self._verify(credentials.removeprefix("Bearer "))
        except ValueError as error:
            raise ConnectError(Code.UNAUTHENTICATED, "refused") from error
