"""Starlette: a middleware, an authentication backend, and decorators. Importing this imports Starlette."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from . import _extras

try:
    from starlette.authentication import (
        AuthCredentials,
        AuthenticationBackend,
        AuthenticationError,
        BaseUser,
        UnauthenticatedUser,
    )
    from starlette.exceptions import HTTPException, WebSocketException
    from starlette.requests import HTTPConnection
    from starlette.responses import Response
    from starlette.websockets import WebSocket
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, "starlette", "starlette", "starlette") from _missing

from . import _scope, asgi
from ._access import MESSAGE, Needs
from ._current import get_auth_context, lend
from ._errors import JwtAuthError, of_refusal
from ._http import answer
from ._native import missing_credentials
from ._web import AUTH, Admission, WebGuard, judge_of

if TYPE_CHECKING:
    from typing import Unpack

    from ._native import AuthContext
    from ._options import JwtAuthOptions
    from ._scope import Scope
    from ._verifier import JwtVerifier

__all__ = ["JwtAuthBackend", "JwtAuthMiddleware", "JwtUser", "on_error", "requires_roles", "requires_scopes"]

P = ParamSpec("P")
R = TypeVar("R")


class JwtUser(BaseUser):
    """`request.user` of a verified caller."""

    def __init__(self, context: AuthContext) -> None:
        self.context = context
        """The caller as the token says."""

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.context.name or self.context.subject

    @property
    def identity(self) -> str:
        return self.context.subject


def _credentials(context: AuthContext) -> AuthCredentials:
    # Roles stay out: a token whose scope is called like a role must not gain it.
    return AuthCredentials(["authenticated", *context.scopes])


class JwtAuthMiddleware(asgi.JwtAuthMiddleware):
    """`bearergate.asgi.JwtAuthMiddleware` that also fills `request.user` and `request.auth`.

    `request.auth` has the token's scopes and `"authenticated"`, so that Starlette's `requires` works.
    """

    def _admitted(self, scope: Scope, admission: Admission) -> None:
        context = admission.context
        if context is not None:
            scope["auth"], scope["user"] = _credentials(context), JwtUser(context)
        elif "auth" not in scope or isinstance(scope.get("user"), JwtUser):
            # Another verifier's caller is nobody here; a user of another kind stays.
            scope["auth"], scope["user"] = AuthCredentials(), UnauthenticatedUser()


class _Refused(AuthenticationError):
    """What a backend raises, with the `JwtAuthError` as its cause. Its text is what a client may read,
    lest Starlette's own `on_error` tell more."""

    def __init__(self, error: JwtAuthError) -> None:
        super().__init__(error.client_message)
        self.error = error


class JwtAuthBackend(AuthenticationBackend):
    """For Starlette's `AuthenticationMiddleware`, together with `on_error`.

    That middleware can refuse a WebSocket handshake only without a reason; `JwtAuthMiddleware` answers
    each protocol in kind.

    Args:
        verifier: A ready verifier, in place of `options`.
        skip_paths: Paths that pass without authentication, exact or ending in `/*`, compared with the
            path as it was sent, below the mount. **Whatever matches is open to everyone.**
        optional: Let requests without credentials through as nobody. **The application decides what
            nobody may do.** Bad credentials are refused all the same.
        options: As for `JwtVerifier`.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    def __init__(
        self,
        *,
        verifier: JwtVerifier | None = None,
        skip_paths: Sequence[str] | None = None,
        optional: bool = False,
        **options: Unpack[JwtAuthOptions],
    ) -> None:
        judge = judge_of(verifier, dict(options), streams=False)
        self._guard = WebGuard(judge, skip_paths, optional=optional)

    @property
    def verifier(self) -> JwtVerifier:
        """Verifies bare tokens under the same options, with the same keys."""
        return self._guard.verifier

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Who is calling; `None` for nobody.

        Raises:
            AuthenticationError: When the request is refused; its cause is the `JwtAuthError`.
        """
        conn.headers  # noqa: B018 - from here on it follows what is done to the scope's list
        lend(_holder(conn.scope), None)
        try:
            admission = await _scope.authenticate(self._guard, conn.scope)
        except JwtAuthError as error:
            raise _Refused(error) from error
        context = admission.context
        # The middleware that asks never tells when the request is over.
        lend(_holder(conn.scope), conn.scope[AUTH])
        return None if context is None else (_credentials(context), JwtUser(context))


class _Holder:
    """Lives in a scope, as long as it does."""


def _holder(scope: Scope) -> _Holder:
    holder = scope.get("bearergate.holder")
    if holder is None:
        holder = scope["bearergate.holder"] = _Holder()
    return cast("_Holder", holder)


def on_error(conn: HTTPConnection, exc: AuthenticationError) -> Response:
    """Answers what `JwtAuthBackend` refuses: 401, or 503 in an outage, in the caller's protocol."""
    error = exc.error if isinstance(exc, _Refused) else of_refusal(missing_credentials())
    status, headers, body = answer(error, _scope.content_type(conn.scope))
    return Response(body, status, dict(headers))


def requires_roles(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """An endpoint for callers that have one of these roles; 403 for others, 401 for nobody."""
    return _requires(Needs(roles=roles))


def requires_scopes(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """An endpoint for callers that have all of these scopes; 403 for others, 401 for nobody."""
    return _requires(Needs(scopes=scopes))


def _requires(needs: Needs) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorator(endpoint: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(endpoint):

            @functools.wraps(endpoint)
            async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
                _demand(needs, *args, *kwargs.values())
                return await endpoint(*args, **kwargs)

            return cast("Callable[P, R]", asynchronous)

        @functools.wraps(endpoint)
        def synchronous(*args: P.args, **kwargs: P.kwargs) -> R:
            _demand(needs, *args, *kwargs.values())
            return endpoint(*args, **kwargs)

        return synchronous

    return decorator


def _demand(needs: Needs, *arguments: Any) -> None:
    context = get_auth_context()
    websocket = any(isinstance(argument, WebSocket) for argument in arguments)
    if context is None:
        raise refusal(of_refusal(missing_credentials()), websocket=websocket)
    challenge = needs.challenge(context)
    if challenge is not None:
        raise forbidden(challenge, websocket=websocket)


def refusal(error: JwtAuthError, *, websocket: bool) -> HTTPException | WebSocketException:
    """Starlette's exception for a refusal."""
    if websocket:
        return WebSocketException(_scope.close_code(error), error.client_message)
    headers = {}
    if error.challenge is not None:
        headers["WWW-Authenticate"] = error.challenge
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return HTTPException(error.http_status, error.client_message, headers)


def forbidden(challenge: str, *, websocket: bool) -> HTTPException | WebSocketException:
    """Starlette's exception for a caller who may not do this."""
    if websocket:
        return WebSocketException(1008, MESSAGE)
    return HTTPException(403, MESSAGE, {"WWW-Authenticate": challenge})
