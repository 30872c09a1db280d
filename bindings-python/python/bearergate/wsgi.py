"""WSGI middleware. It needs no framework and serves any of them.

Streams are authenticated once, at their start, before the body is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from . import _environ
from ._bodies import Chunks, Ending
from ._current import Identity
from ._errors import JwtAuthError
from ._http import answer
from ._web import AUTH, WebGuard, judge_of

if TYPE_CHECKING:
    from typing import Unpack
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from ._options import JwtAuthOptions
    from ._verifier import JwtVerifier

__all__ = ["JwtAuthMiddleware"]


class JwtAuthMiddleware:
    """Lets a request through to `app` only with a good token.

    `get_auth_context()` tells the caller wherever the request's code runs, each chunk of its response
    included; `environ["bearergate.auth"]` holds the same.

    Args:
        app: The application that is guarded.
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
        app: WSGIApplication,
        *,
        verifier: JwtVerifier | None = None,
        skip_paths: Sequence[str] | None = None,
        optional: bool = False,
        **options: Unpack[JwtAuthOptions],
    ) -> None:
        self.app = app
        self._guard = WebGuard(judge_of(verifier, dict(options)), skip_paths, optional=optional)

    @classmethod
    def _over(cls, app: WSGIApplication, guard: WebGuard) -> JwtAuthMiddleware:
        middleware = cls.__new__(cls)
        middleware.app = app
        middleware._guard = guard
        return middleware

    @property
    def verifier(self) -> JwtVerifier:
        """Verifies bare tokens under the same options, with the same keys."""
        return self._guard.verifier

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The middleware as a WSGI application."""
        try:
            admission = _environ.authenticate(self._guard, environ)
        except JwtAuthError as error:
            return _refuse(error, environ, start_response)
        identity = Identity(environ, environ[AUTH])
        identity.enter()
        try:
            body = self.app(environ, start_response)
        finally:
            identity.leave()
        if isinstance(body, (list, tuple)):
            return body
        return Chunks(identity, body, Ending(self._guard, admission, _content_type(environ)))


def _refuse(error: JwtAuthError, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = answer(error, _content_type(environ))
    headers.append(("content-length", str(len(body))))
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _content_type(environ: dict[str, Any]) -> str | None:
    return environ.get("CONTENT_TYPE")
