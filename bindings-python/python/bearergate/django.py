"""Django: one middleware for sync and async, and view decorators. Importing this imports Django.

Options are those of the `BEARERGATE` setting: `JwtVerifier`'s, or a ready `verifier`, and `skip_paths`
and `optional`. There is one verifier for the setting, made when the first part of Django asks for it.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from . import _extras

try:
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.signals import setting_changed
    from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, ("asgiref", "django"), "Django", "django") from _missing

from . import _environ, _scope
from ._access import MESSAGE, Needs
from ._bodies import AsyncChunks, Chunks, Ending
from ._current import Identity, get_auth_context
from ._errors import ConfigError, JwtAuthError, of_refusal
from ._http import answer
from ._native import missing_credentials
from ._path import raw_path
from ._web import AUTH, Seen, WebGuard, inherit, judge_of

if TYPE_CHECKING:
    from ._native import AuthContext
    from ._verifier import JwtVerifier
    from ._web import Admission

__all__ = ["JwtAuthMiddleware", "get_verifier", "requires_roles", "requires_scopes"]

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.Lock()
_guard: WebGuard | None = None


def guard_of_settings() -> WebGuard:
    """What the `BEARERGATE` setting says.

    Raises:
        ImproperlyConfigured: When there is none, or an option cannot be meant.
    """
    global _guard  # noqa: PLW0603
    with _lock:
        if _guard is None:
            given = getattr(settings, "BEARERGATE", None)
            if not isinstance(given, dict):
                raise ImproperlyConfigured("bearergate needs the setting BEARERGATE: a dict of its options")
            options = dict(given)
            verifier = options.pop("verifier", None)
            skip_paths, optional = options.pop("skip_paths", None), options.pop("optional", False)
            try:
                _guard = WebGuard(judge_of(verifier, options), skip_paths, optional=optional)
            except ConfigError as error:
                raise ImproperlyConfigured(f"the setting BEARERGATE: {error}") from error
        return _guard


def get_verifier() -> JwtVerifier:
    """The verifier of the `BEARERGATE` setting, for a readiness view or a log."""
    return guard_of_settings().verifier


def _forget(*, setting: str, **_: Any) -> None:
    global _guard  # noqa: PLW0603
    if setting == "BEARERGATE":
        _guard = None


setting_changed.connect(_forget)


class JwtAuthMiddleware:
    """Lets a request through only with a good token. List it before what relies on the caller.

    `request.auth` is the caller's `AuthContext`, or `None` for nobody; `get_auth_context()` tells the
    same wherever the request's code runs, each chunk of a streamed response included.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._guard = guard_of_settings()
        self._asynchronous = iscoroutinefunction(get_response)
        if self._asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The middleware as Django calls it."""
        if self._asynchronous:
            return self._serve_async(request)
        try:
            admission = admit(self._guard, request)
        except JwtAuthError as error:
            return _refuse(error, request)
        identity = _identity(request, admission)
        try:
            response = self.get_response(request)
        finally:
            identity.leave()
        return self._streamed(response, request, identity, admission)

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        try:
            admission = await admit_async(self._guard, request)
        except JwtAuthError as error:
            return _refuse(error, request)
        identity = _identity(request, admission)
        try:
            response = await self.get_response(request)
        finally:
            identity.leave()
        return self._streamed(response, request, identity, admission)

    def _streamed(
        self, response: HttpResponseBase, request: HttpRequest, identity: Identity, admission: Admission
    ) -> HttpResponseBase:
        # A file is read by nobody's code.
        if isinstance(response, StreamingHttpResponse) and not getattr(response, "file_to_stream", None):
            ending = Ending(self._guard, admission, request.META.get("CONTENT_TYPE"))
            chunks = AsyncChunks if response.is_async else Chunks
            response.streaming_content = chunks(identity, response.streaming_content, ending)  # type: ignore[arg-type]
        return response


def admit(guard: WebGuard, request: HttpRequest) -> Admission:
    """Judges a request, blocking while keys are on their way; the request then holds the outcome.

    Raises:
        JwtAuthError: When it is refused.
    """
    seen = _seen(guard, request)
    admission = _environ.settled(guard, request.META) or guard.admit(seen)
    return _environ.settle(guard, request.META, admission)


async def admit_async(guard: WebGuard, request: HttpRequest) -> Admission:
    """Like `admit`, without blocking the event loop."""
    seen = _seen(guard, request)
    admission = _environ.settled(guard, request.META) or await guard.admit_async(seen)
    return _environ.settle(guard, request.META, admission)


def _seen(guard: WebGuard, request: HttpRequest) -> Seen:
    _environ.strip(request.META)
    request.__dict__.pop("headers", None)  # made from META when somebody asks for it
    scope = getattr(request, "scope", None)
    if scope is None:
        target = _environ.target(request.META)
    else:
        target = scope.get("raw_path")
        # What an ASGI middleware of this package has said of the request.
        inherit(scope, request.META)
    # Django decodes both itself, and a middleware may have written another `path_info`.
    mount, routed = _scope.encoded(request.META.get("SCRIPT_NAME", "")), _scope.encoded(request.path_info)
    return _environ.seen(guard, request.META, raw_path(target, mount, routed))


def _identity(request: HttpRequest, admission: Admission) -> Identity:
    request.auth = admission.context  # type: ignore[attr-defined]
    identity = Identity(request, request.META[AUTH])
    identity.enter()
    return identity


def _refuse(error: JwtAuthError, request: HttpRequest) -> HttpResponse:
    status, headers, body = answer(error, request.META.get("CONTENT_TYPE"))
    return HttpResponse(body, status=status, headers=dict(headers))


def requires_roles(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view for callers that have one of these roles; 403 for others, 401 for nobody."""
    return _requires(Needs(roles=roles))


def requires_scopes(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view for callers that have all of these scopes; 403 for others, 401 for nobody."""
    return _requires(Needs(scopes=scopes))


def _requires(needs: Needs) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorator(view: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(view):

            @functools.wraps(view)
            async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
                refused = _refused(needs, get_auth_context(), args)
                return await view(*args, **kwargs) if refused is None else refused

            return cast("Callable[P, R]", asynchronous)

        @functools.wraps(view)
        def synchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
            refused = _refused(needs, get_auth_context(), args)
            return view(*args, **kwargs) if refused is None else refused

        return synchronous

    return decorator


def _refused(needs: Needs, context: AuthContext | None, args: tuple[Any, ...]) -> HttpResponse | None:
    if context is None:
        request = next(argument for argument in args if isinstance(argument, HttpRequest))
        return _refuse(of_refusal(missing_credentials()), request)
    challenge = needs.challenge(context)
    if challenge is None:
        return None
    return HttpResponse(
        MESSAGE, status=403, content_type="text/plain", headers={"WWW-Authenticate": challenge}
    )
