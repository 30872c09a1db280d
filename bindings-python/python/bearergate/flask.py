"""Flask: an extension and a decorator. Importing this imports Flask."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from . import _extras

try:
    from flask import Flask, Response, current_app, g, request
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, "flask", "Flask", "flask") from _missing

from . import _environ
from ._access import MESSAGE, Needs
from ._errors import ConfigError
from ._http import answer
from ._verifier import JwtVerifier
from ._web import WebGuard, judge_of
from .wsgi import JwtAuthMiddleware

if TYPE_CHECKING:
    from typing import Unpack

    from ._native import AuthContext
    from ._options import JwtAuthOptions

__all__ = ["JwtAuth"]

P = ParamSpec("P")
R = TypeVar("R")

_NAME = "bearergate"


class JwtAuth:
    """Lets requests of a Flask application through only with a good token.

    `g.auth` is the caller's `AuthContext`, or `None` for nobody; `get_auth_context()` tells the same
    wherever the request's code runs, each chunk of a streamed response included.

    Args:
        app: The application, here or later with `init_app`.
        verifier: A ready verifier, in place of `options`.
        skip_paths: Paths that pass without authentication, exact or ending in `/*`, compared with the
            path as it was sent, below the mount. **Whatever matches is open to everyone.**
        optional: Let requests without credentials through as nobody, so that only views with
            `required` are closed. **Every other view is open to everyone.** Bad credentials are refused
            all the same.
        options: As for `JwtVerifier`. Without any, and without a verifier, all of these are taken from
            the application's configuration: the dict `app.config["BEARERGATE"]`.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        verifier: JwtVerifier | None = None,
        skip_paths: Sequence[str] | None = None,
        optional: bool = False,
        **options: Unpack[JwtAuthOptions],
    ) -> None:
        given = verifier is not None or bool(options)
        self._judge = judge_of(verifier, dict(options)) if given else None
        self._skip_paths, self._optional = skip_paths, optional
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Guards an application.

        Raises:
            ConfigError: When there are no options, or one cannot be meant.
        """
        if _NAME in app.extensions:
            raise RuntimeError("this application is guarded by a JwtAuth already")
        guard = self._guard(app)
        app.wsgi_app = JwtAuthMiddleware._over(app.wsgi_app, guard)  # type: ignore[method-assign]
        # First, so that every other function of the application finds it.
        app.before_request_funcs.setdefault(None, []).insert(0, _load)
        app.extensions[_NAME] = guard

    @property
    def verifier(self) -> JwtVerifier:
        """Verifies bare tokens under the same options, with the same keys. Where these are an
        application's configuration, inside of one."""
        return _guard_of_app().verifier if self._judge is None else JwtVerifier._over(self._judge)

    @overload
    def required(self, view: Callable[P, R], /) -> Callable[P, R | Response]: ...

    @overload
    def required(
        self, view: None = None, /, *, roles: Sequence[str] = (), scopes: Sequence[str] = ()
    ) -> Callable[[Callable[P, R]], Callable[P, R | Response]]: ...

    def required(
        self,
        view: Callable[P, R] | None = None,
        /,
        *,
        roles: Sequence[str] = (),
        scopes: Sequence[str] = (),
    ) -> Any:
        """A view for verified callers: `@jwt_auth.required` or
        `@jwt_auth.required(roles=["admin"], scopes=["read"])`.

        Args:
            view: The view, below `@app.route`.
            roles: One of these is needed; 403 otherwise.
            scopes: All of these are needed; 403 otherwise.
        """
        needs = Needs(roles, scopes)

        def decorator(view: Callable[P, R]) -> Callable[P, R | Response]:
            @functools.wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
                refused = self._refused(needs)
                return current_app.ensure_sync(view)(*args, **kwargs) if refused is None else refused

            return guarded

        return decorator if view is None else decorator(view)

    def _refused(self, needs: Needs) -> Response | None:
        guard = _guard_of_app()
        if self._judge is not None and self._judge is not guard.judge:
            raise RuntimeError("another JwtAuth guards this application")
        context = _caller(guard)
        if context is None:
            refused = answer(guard.unauthenticated(), request.content_type)
            return Response(refused.body, refused.status, refused.headers)
        challenge = needs.challenge(context)
        if challenge is None:
            return None
        headers = {"WWW-Authenticate": challenge}
        return Response(MESSAGE, 403, headers, content_type="text/plain")

    def _guard(self, app: Flask) -> WebGuard:
        if self._judge is not None:
            return WebGuard(self._judge, self._skip_paths, optional=self._optional)
        given = app.config.get("BEARERGATE")
        if not isinstance(given, dict):
            raise ConfigError(
                "option `BEARERGATE`: JwtAuth has no options, and app.config has no such dict",
                option="BEARERGATE",
            )
        options = dict(given)
        skip_paths = options.pop("skip_paths", self._skip_paths)
        optional = options.pop("optional", self._optional)
        return WebGuard(judge_of(options.pop("verifier", None), options), skip_paths, optional=optional)


def _load() -> None:
    g.auth = _caller(_guard_of_app())


def _caller(guard: WebGuard) -> AuthContext | None:
    """Whom this guard let through; another adapter's caller is nobody here."""
    admission = _environ.settled(guard, request.environ)
    return None if admission is None else admission.context


def _guard_of_app() -> WebGuard:
    guard = current_app.extensions.get(_NAME)
    if not isinstance(guard, WebGuard):
        raise RuntimeError("no JwtAuth guards this application: call init_app(app)")
    return guard
