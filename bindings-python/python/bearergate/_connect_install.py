"""Makes Connect applications install our interceptor whole.

An application sorts its interceptors once, when it is made: metadata interceptors that lead the list
run before the body is read, all others wrap the handler. Ours has to do both, and `connectrpc` 0.13
knows no object that does. So the sorting is wrapped: where our interceptor is in the list, it is
always sorted to the front part, and its stream interceptor becomes the first of the rest. Lists
without it are sorted as ever.
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
        from . import create_jwt_auth_interceptor
        from ._verifier import JwtVerifier
        from .connect import JwtAuthInterceptor

        given = list(interceptors)
        for item in given:
            # The application would ignore these without a word.
            if (
                item is create_jwt_auth_interceptor
                or item is JwtAuthInterceptor
                or isinstance(item, JwtVerifier)
            ):
                raise TypeError("not an interceptor: list what create_jwt_auth_interceptor(...) returns")
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
        others = [item for item in rest if not isinstance(item, JwtAuthInterceptor)]
        leading = [*leading, *late]
        streams = [item._streams for item in leading if isinstance(item, JwtAuthInterceptor)]
        return leading, [*streams, *others]

    split_leading_metadata_interceptors.bearergate = True  # type: ignore[attr-defined]
    return split_leading_metadata_interceptors
