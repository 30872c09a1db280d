"""The authorization interceptor for `connectrpc` servers. Importing this module imports `connectrpc`.

A metadata interceptor, as `JwtAuthInterceptor` is: one object for unary methods and streams, ASGI and
WSGI, run before the body is read and right after the caller is known (`_connect_install` sees to it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, final

from connectrpc.interceptor import MetadataInterceptor, MetadataInterceptorSync

from . import _connect_install, _native
from ._authz import Authorizer, AuthzDeniedError
from ._connect_errors import connect_error, translate
from ._current import get_auth_context
from ._errors import JwtAuthError

if TYPE_CHECKING:
    from typing import Unpack

    from connectrpc.request import RequestContext

    from ._options import AuthzOptions

__all__ = ["AuthzInterceptor"]


@final
class AuthzInterceptor:
    """Lets a caller call only what rules allow. Made by `create_authz_interceptor`.

    The class cannot be extended and its objects cannot be changed: an application decides by the mere
    presence of methods which requests an interceptor sees, and one that lacks some is skipped silently.
    """

    __slots__ = ("_authorizer",)
    _authorizer: Authorizer

    def __init__(self, **options: Unpack[AuthzOptions]) -> None:
        _connect_install.install()
        if not (isinstance(self, MetadataInterceptor) and isinstance(self, MetadataInterceptorSync)):
            raise RuntimeError(  # pragma: no cover - another connectrpc than the one we were tested with
                "this connectrpc would not call the interceptor: bearergate needs connectrpc 0.13"
            )
        object.__setattr__(self, "_authorizer", Authorizer(**options))

    async def on_start(self, ctx: RequestContext[Any, Any]) -> None:
        """Judges a call of an ASGI application."""
        try:
            await self._authorizer.check_async(get_auth_context(), ctx.method.service_name, ctx.method.name)
        except Exception as error:
            _refuse(ctx, error)

    async def on_end(self, token: None, ctx: RequestContext[Any, Any], error: Exception | None, /) -> None:
        """Keeps what is the operator's from the client."""
        if error is not None:
            translate(error, ctx)

    def on_start_sync(self, ctx: RequestContext[Any, Any], /) -> None:
        """Judges a call of a WSGI application."""
        try:
            self._authorizer.check(get_auth_context(), ctx.method.service_name, ctx.method.name)
        except Exception as error:
            _refuse(ctx, error)

    def on_end_sync(self, token: None, ctx: RequestContext[Any, Any], error: Exception | None, /) -> None:
        """Keeps what is the operator's from the client."""
        if error is not None:
            translate(error, ctx)

    def __init_subclass__(cls) -> None:
        raise TypeError("AuthzInterceptor cannot be extended: put another interceptor after it")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"the interceptor cannot be changed: {name!r}")


def _refuse(ctx: RequestContext[Any, Any], error: Exception) -> NoReturn:
    if not isinstance(error, (JwtAuthError, AuthzDeniedError)):
        # A defect of ours. Its text is not the client's business.
        defect = AuthzDeniedError(_native.authz_failure().message)
        defect.__cause__ = error
        error = defect
    raise connect_error(error, ctx) from error
