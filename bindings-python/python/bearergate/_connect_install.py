"""Makes Connect applications install our interceptor whole.

An application sorts its interceptors once, when it is made: metadata interceptors that lead the list
run before the body is read, all others wrap the handler. Ours has to do both, and `connectrpc` 0.13
knows no object that does. So the sorting is wrapped: where our interceptor is in the list, it is
always sorted to the front part, and its stream interceptor becomes the first of the rest. The
authorization interceptor is sorted to the front part too, behind whoever makes the caller known. Where
either is not in its place there is a warning. Lists without them are sorted as ever.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

_NAME = "split_leading_metadata_interceptors"
_lock = threading.Lock()

Sort = Callable[[Iterable[Any]], tuple[Sequence[Any], Sequence[Any]]]


def install() -> None:
    """Wraps the sorting of both kinds of applications, once per process.

    Raises:
        RuntimeError: When this `connectrpc` has no such place.
    """
    with _lock:
        for module in map(import_module, ("connectrpc._server_async", "connectrpc._server_sync")):
            sort: Sort | None = getattr(module, _NAME, None)
            if sort is None:
                raise RuntimeError(
                    "bearergate needs connectrpc 0.13: this version sorts interceptors elsewhere"
                )
            if not hasattr(sort, "bearergate"):
                setattr(module, _NAME, _sorting(sort))


def _sorting(sort: Sort) -> Sort:
    def split_leading_metadata_interceptors(
        interceptors: Iterable[Any],
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        from .connect import AuthzInterceptor, JwtAuthInterceptor

        given = list(interceptors)
        for item in given:
            _check(item)
        leading, rest = sort(given)
        late = [item for item in rest if isinstance(item, JwtAuthInterceptor)]
        if late:
            warnings.warn(
                "the JWT interceptor is listed after an interceptor of messages: it was moved before it, since "
                "a request is authenticated before its body is read; list it first",
                UserWarning,
                stacklevel=3,
            )
        # Never by `==`, which is the other interceptors' to define.
        others = [item for item in rest if not isinstance(item, (JwtAuthInterceptor, AuthzInterceptor))]
        leading = [*leading, *late]
        early = [item for item in leading if isinstance(item, AuthzInterceptor)]
        authz = [item for item in given if isinstance(item, AuthzInterceptor)]
        if len(early) < len(authz) or _precedes(leading, AuthzInterceptor, JwtAuthInterceptor):
            warnings.warn(
                "the authorization interceptor is listed before the JWT interceptor, or after an interceptor of "
                "messages: it was moved, since a call is authorized when its caller is known and before its body "
                "is read; list it right after the JWT interceptor",
                UserWarning,
                stacklevel=3,
            )
            leading = [*(item for item in leading if not isinstance(item, AuthzInterceptor)), *authz]
        streams = [item._streams for item in leading if isinstance(item, JwtAuthInterceptor)]
        if streams and not late and not isinstance(leading[0], JwtAuthInterceptor):
            warnings.warn(
                f"the JWT interceptor is listed after {type(leading[0]).__name__}, which sees requests before "
                "they are authenticated, with the x-auth-* headers of whoever sent them; list it first",
                UserWarning,
                stacklevel=3,
            )
        return leading, [*streams, *others]

    split_leading_metadata_interceptors.bearergate = True  # type: ignore[attr-defined]
    return split_leading_metadata_interceptors


def _check(item: object) -> None:
    """Refuses what the application would ignore without a word."""
    from . import create_authz_interceptor, create_jwt_auth_interceptor
    from ._authz import Authorizer
    from ._verifier import JwtVerifier
    from .connect import AuthzInterceptor, JwtAuthInterceptor

    if item is create_jwt_auth_interceptor or item is JwtAuthInterceptor or isinstance(item, JwtVerifier):
        raise TypeError("not an interceptor: list what create_jwt_auth_interceptor(...) returns")
    if item is create_authz_interceptor or item is AuthzInterceptor or isinstance(item, Authorizer):
        raise TypeError("not an interceptor: list what create_authz_interceptor(...) returns")


def _precedes(items: Sequence[object], first: type, second: type) -> bool:
    """Whether any item of the first class stands before one of the second."""
    behind = [at for at, item in enumerate(items) if isinstance(item, second)]
    return any(isinstance(item, first) for item in items[: max(behind, default=0)])
