"""The interceptor for `connectrpc` servers. Importing this module imports `connectrpc`.

It is a metadata interceptor, which a server runs before it reads the body. That alone cannot see
the messages of a stream, so it brings a second, inner interceptor along (`_connect_streams`), which the
application is made to install with it (`_connect_install`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, final

from . import _extras

try:
    from connectrpc.interceptor import MetadataInterceptor, MetadataInterceptorSync
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, "connectrpc", "connectrpc", "connect") from _missing

from . import _connect_install
from ._connect_authz import AuthzInterceptor
from ._connect_errors import connect_error, translate
from ._connect_streams import StreamInterceptor
from ._current import Identity, current_identity
from ._errors import JwtAuthError
from ._headers import AUTH_HEADERS
from ._judge import Judge, Outcome
from ._native import AuthContext, Gate, Refusal
from ._verifier import JwtVerifier

if TYPE_CHECKING:
    from typing import Unpack

    from connectrpc.errors import ConnectError
    from connectrpc.request import RequestContext

    from ._options import JwtAuthOptions

__all__ = ["AuthzInterceptor", "JwtAuthInterceptor"]

# Lower case, as the names of received headers are.
_STRIPPED = frozenset(AUTH_HEADERS.values())


@final
class JwtAuthInterceptor:
    """Lets a request through only with a good token. Made by `create_jwt_auth_interceptor`.

    The class cannot be extended and its objects cannot be changed: an application decides by the mere
    presence of methods which requests an interceptor sees, and one that lacks some is skipped silently.
    """

    __slots__ = ("_deadlines", "_gate", "_header", "_judge", "_propagates", "_streams", "verifier")
    verifier: JwtVerifier
    """Verifies bare tokens under the same options, with the same keys."""
    _judge: Judge
    _gate: Gate
    _header: str
    _propagates: bool
    _deadlines: bool
    _streams: StreamInterceptor

    def __init__(self, **options: Unpack[JwtAuthOptions]) -> None:
        self._prepare(Judge.of(dict(options)))

    def _prepare(self, judge: Judge) -> None:
        _connect_install.install()
        if not (isinstance(self, MetadataInterceptor) and isinstance(self, MetadataInterceptorSync)):
            raise RuntimeError(  # pragma: no cover - another connectrpc than the one we were tested with
                "this connectrpc would not call the interceptor: bearergate needs connectrpc 0.13"
            )
        put = object.__setattr__
        put(self, "_judge", judge)
        put(self, "_gate", judge.gate)
        put(self, "_header", judge.gate.credentials_header)
        put(self, "_propagates", judge.gate.propagates)
        put(self, "_deadlines", judge.gate.ends_streams_at_expiry)
        put(self, "_streams", StreamInterceptor(self._stream_ended, deadlines=self._deadlines))
        put(self, "verifier", JwtVerifier._over(judge))

    @classmethod
    def _over(cls, judge: Judge) -> JwtAuthInterceptor:
        interceptor = cls.__new__(cls)
        interceptor._prepare(judge)
        return interceptor

    async def on_start(self, ctx: RequestContext[Any, Any]) -> Identity | None:
        """Authenticates a request of an ASGI application."""
        try:
            outcome = self._check(ctx)
            if outcome is None:
                return _skip(ctx)
            if type(outcome) is not AuthContext or not self._judge.at_once:
                outcome = await self._judge.settle_async(outcome, _procedure(ctx))
            return self._accept(ctx, outcome)
        except Exception as error:
            self._refuse(ctx, error)

    async def on_end(
        self, token: Identity | None, ctx: RequestContext[Any, Any], error: Exception | None, /
    ) -> None:
        """Ends the request's identity."""
        _end(token, ctx, error)

    def on_start_sync(self, ctx: RequestContext[Any, Any], /) -> Identity | None:
        """Authenticates a request of a WSGI application."""
        try:
            outcome = self._check(ctx)
            if outcome is None:
                return _skip(ctx)
            if type(outcome) is not AuthContext or not self._judge.at_once:
                outcome = self._judge.settle(outcome, _procedure(ctx))
            return self._accept(ctx, outcome)
        except Exception as error:
            self._refuse(ctx, error)

    def on_end_sync(
        self, token: Identity | None, ctx: RequestContext[Any, Any], error: Exception | None, /
    ) -> None:
        """Ends the request's identity."""
        _end(token, ctx, error)

    def _check(self, ctx: RequestContext[Any, Any]) -> Outcome | None:
        headers = ctx.request_headers
        if not _STRIPPED.isdisjoint(headers):
            for name in _STRIPPED.intersection(headers):
                del headers[name]
        method = ctx.method
        return self._judge.check(method.service_name, method.name, headers.getall(self._header))

    def _accept(self, ctx: RequestContext[Any, Any], context: AuthContext) -> Identity:
        if self._propagates:
            propagated = self._gate.propagate(context)
            if isinstance(propagated, Refusal):
                raise self._judge.refused(propagated, _procedure(ctx))
            for name, value in propagated:
                ctx.request_headers[name] = value
        deadline = self._gate.stream_deadline(context) if self._deadlines else None
        identity = Identity(ctx, context, deadline)
        identity.begin()
        return identity

    def _refuse(self, ctx: RequestContext[Any, Any], error: Exception) -> NoReturn:
        if not isinstance(error, JwtAuthError):
            defect = self._judge.defect(error, _procedure(ctx))
            defect.__cause__ = error
            error = defect
        raise connect_error(error, ctx) from error

    def _stream_ended(self, ctx: RequestContext[Any, Any]) -> ConnectError:
        """The error for a stream that has outlived its token."""
        error = self._judge.failed("ERR_TOKEN_EXPIRED", _procedure(ctx))
        ended = connect_error(error, ctx)
        ended.__cause__ = error
        return ended

    def __init_subclass__(cls) -> None:
        raise TypeError("JwtAuthInterceptor cannot be extended: put another interceptor after it")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")


def _procedure(ctx: RequestContext[Any, Any]) -> str:
    return f"{ctx.method.service_name}/{ctx.method.name}"


def _skip(ctx: RequestContext[Any, Any]) -> Identity | None:
    """What an earlier interceptor of this request entered stays; anything else is not this request's."""
    if current_identity(ctx) is not None:
        return None
    nobody = Identity(ctx, None)
    nobody.enter()
    return nobody


def _end(identity: Identity | None, ctx: RequestContext[Any, Any], error: Exception | None) -> None:
    if identity is not None:
        identity.leave()
    if error is not None:
        translate(error, ctx)
