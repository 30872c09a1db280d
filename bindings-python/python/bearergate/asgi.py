"""ASGI middleware. It needs no framework and serves any of them.

Pure ASGI: the application runs in the task of the request, so that what it sets and streams stays its
own. Requests are judged before their body is read, WebSocket handshakes before they are accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import _scope, _scope_expiry
from ._current import Identity
from ._errors import JwtAuthError
from ._web import AUTH, WebGuard, judge_of

if TYPE_CHECKING:
    from typing import Unpack

    from ._options import JwtAuthOptions
    from ._scope import App, Receive, Scope, Send
    from ._verifier import JwtVerifier
    from ._web import Admission

__all__ = ["JwtAuthMiddleware"]


class JwtAuthMiddleware:
    """Lets a request or WebSocket handshake through to `app` only with a good token.

    `get_auth_context()` tells the caller wherever the request's code runs, streamed responses and
    background tasks included; `scope["bearergate.auth"]` holds the same. Lifespan events pass.

    Args:
        app: The application that is guarded.
        verifier: A ready verifier, in place of `options`.
        skip_paths: Paths that pass without authentication, exact or ending in `/*`, compared with the
            path as it was sent, below the mount. **Whatever matches is open to everyone.**
        optional: Let requests without credentials through as nobody. **The application decides what
            nobody may do.** Bad credentials are refused all the same.
        websocket_verifier: For WebSocket handshakes, where their token is elsewhere than that of
            requests, such as in a cookie or a subprotocol.
        options: As for `JwtVerifier`.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    def __init__(
        self,
        app: App,
        *,
        verifier: JwtVerifier | None = None,
        skip_paths: Sequence[str] | None = None,
        optional: bool = False,
        websocket_verifier: JwtVerifier | None = None,
        **options: Unpack[JwtAuthOptions],
    ) -> None:
        self.app = app
        self._guard = WebGuard(judge_of(verifier, dict(options)), skip_paths, optional=optional)
        self._websocket_guard = self._guard
        if websocket_verifier is not None:
            judge = judge_of(websocket_verifier, {})
            self._websocket_guard = WebGuard(judge, skip_paths, optional=optional)

    @property
    def verifier(self) -> JwtVerifier:
        """Verifies bare tokens under the same options, with the same keys."""
        return self._guard.verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The middleware as an ASGI application."""
        kind = scope["type"]
        if kind == "lifespan":
            await self.app(scope, receive, send)
            return
        if kind not in {"http", "websocket"}:
            raise ValueError(f"not let through unauthenticated: an ASGI scope of type {kind!r}")
        guard = self._guard if kind == "http" else self._websocket_guard
        try:
            admission = await _scope.authenticate(guard, scope)
        except JwtAuthError as error:
            await _scope.refuse(error, scope, send)
            return
        self._admitted(scope, admission)
        identity = Identity(scope, scope[AUTH])
        identity.enter()
        try:
            await _scope_expiry.run(self.app, scope, receive, send, guard, admission)
        finally:
            identity.leave()

    def _admitted(self, scope: Scope, admission: Admission) -> None:
        """For what a framework's own middleware adds to the scope."""
