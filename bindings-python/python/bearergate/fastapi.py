"""FastAPI: a security dependency that shows in OpenAPI. Importing this imports FastAPI.

The annotations of this module are evaluated, since FastAPI reads those of dependencies.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from . import _extras

try:
    from fastapi.openapi.models import APIKey, APIKeyIn
    from fastapi.openapi.models import SecurityBase as Model
    from fastapi.security import HTTPBearer, SecurityScopes
    from starlette.requests import HTTPConnection
    from starlette.websockets import WebSocket
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, ("fastapi", "starlette"), "fastapi", "fastapi") from _missing

from . import _scope
from ._access import Needs
from ._current import Identity, get_auth_context
from ._errors import JwtAuthError, of_refusal
from ._native import AuthContext, missing_credentials
from ._web import AUTH, WebGuard, judge_of
from .starlette import forbidden, refusal

if TYPE_CHECKING:
    from typing import Unpack

    from ._options import CredentialsOptions, JwtAuthOptions
    from ._verifier import JwtVerifier

__all__ = ["JwtBearer", "requires_roles", "requires_scopes"]


class JwtBearer(HTTPBearer):
    """Gives a path operation its caller: `Annotated[AuthContext, Depends(JwtBearer(...))]`.

    With `Security(bearer, scopes=[...])` the token must have all scopes of the dependency's chain; 403
    with `insufficient_scope` otherwise. `get_auth_context()` tells the same caller until the response,
    streamed and with its background tasks, is done. Behind a middleware of this package that has the
    same verifier, nothing is verified twice.

    Args:
        verifier: A ready verifier, in place of `options`.
        auto_error: With `False` a request without credentials gives `None`. **The operation decides what
            nobody may do.** Bad credentials are refused all the same.
        scheme_name: Name of the scheme in OpenAPI.
        description: Its description there.
        options: As for `JwtVerifier`.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    model: Model  # type: ignore[assignment]

    def __init__(
        self,
        *,
        verifier: "JwtVerifier | None" = None,
        auto_error: bool = True,
        scheme_name: str | None = None,
        description: str | None = None,
        **options: "Unpack[JwtAuthOptions]",
    ) -> None:
        super().__init__(
            bearerFormat="JWT", scheme_name=scheme_name, description=description, auto_error=auto_error
        )
        self.model = _model(options.get("credentials") or {}, description) or self.model
        judge = judge_of(verifier, dict(options), streams=False)
        self._guard = WebGuard(judge, optional=auto_error is False)

    @property
    def verifier(self) -> "JwtVerifier":
        """Verifies bare tokens under the same options, with the same keys."""
        return self._guard.verifier

    async def __call__(  # type: ignore[override]
        self, connection: HTTPConnection, security_scopes: SecurityScopes
    ) -> AsyncIterator[AuthContext | None]:
        """The dependency; FastAPI calls it."""
        websocket = isinstance(connection, WebSocket)
        connection.headers  # noqa: B018 - from here on it follows what is done to the scope's list
        try:
            admission = await _scope.authenticate(self._guard, connection.scope)
        except JwtAuthError as error:
            raise refusal(error, websocket=websocket) from error
        context = admission.context
        if context is None and self.auto_error:
            # A preflight that an operation answers by itself.
            raise refusal(self._guard.unauthenticated(), websocket=websocket)
        if security_scopes.scopes:
            _demand(Needs(scopes=security_scopes.scopes), context, websocket=websocket)
        identity = Identity(connection.scope, connection.scope[AUTH])
        identity.enter()
        try:
            yield context
        finally:
            identity.leave()


def _model(credentials: "CredentialsOptions", description: str | None) -> APIKey | None:
    """OpenAPI's name for a token that is not in `Authorization`."""
    cookie, header = credentials.get("cookie"), credentials.get("header")
    if cookie is not None:
        return APIKey.model_validate({"in": APIKeyIn.cookie, "name": cookie, "description": description})
    if header is not None and header.lower() != "authorization":
        return APIKey.model_validate({"in": APIKeyIn.header, "name": header, "description": description})
    return None


def requires_roles(*roles: str) -> Callable[..., Coroutine[Any, Any, AuthContext]]:
    """A dependency, after `JwtBearer` or behind a middleware, for callers that have one of these roles.

    403 for others, 401 for nobody.
    """
    return _requires(Needs(roles=roles))


def requires_scopes(*scopes: str) -> Callable[..., Coroutine[Any, Any, AuthContext]]:
    """A dependency, after `JwtBearer` or behind a middleware, for callers that have all these scopes.

    403 for others, 401 for nobody.
    """
    return _requires(Needs(scopes=scopes))


def _requires(needs: Needs) -> Callable[..., Coroutine[Any, Any, AuthContext]]:
    async def dependency(connection: HTTPConnection) -> AuthContext:
        return _demand(needs, get_auth_context(), websocket=isinstance(connection, WebSocket))

    return dependency


def _demand(needs: Needs, context: AuthContext | None, *, websocket: bool) -> AuthContext:
    if context is None:
        raise refusal(of_refusal(missing_credentials()), websocket=websocket)
    challenge = needs.challenge(context)
    if challenge is not None:
        raise forbidden(challenge, websocket=websocket)
    return context
