"""HTTP requests in front of a framework: what the adapters for HTTP servers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, final

from . import _native
from ._authz import AuthzDeniedError
from ._errors import JwtAuthError, of_refusal

if TYPE_CHECKING:
    from ._judge import Judge, Outcome


class Answer(NamedTuple):
    """A whole response. The length of its body is for whoever sends it to say."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@final
class HttpGuard:
    """A judge of requests by their method, raw path and credentials.

    Args:
        judge: The gate and its hooks.
        skip_paths: Raw paths that go through without a context: exact, or ending in `/*`.

    Raises:
        ConfigError: When a path cannot be meant.
    """

    __slots__ = ("_skip_paths", "header", "judge")
    judge: Judge
    header: str
    """Lower-case name of the header whose values `check` wants."""

    def __init__(self, judge: Judge, skip_paths: Sequence[str] = ()) -> None:
        self.judge = judge
        self.header = judge.gate.credentials_header
        self._skip_paths = _native.SkipPaths(skip_paths)

    def check(
        self, method: str, path: bytes, preflight: bool, credentials: Sequence[bytes | str]
    ) -> Outcome | None:
        """Judges a request before its body is read; `None` where it goes through without a context.

        Args:
            method: As received.
            path: The raw path as received, percent-encoded; its query may follow.
            preflight: Whether there is a header `Access-Control-Request-Method`.
            credentials: Every value of the header `header`.
        """
        return self.judge.check_http(self._skip_paths, method, path, preflight, credentials)


def procedure_of(path: bytes) -> str | None:
    """`pkg.Service/Method` where a raw path could name one, for `Judge.settle`."""
    return _native.procedure_of(path)


def answer(error: BaseException, content_type: str | None) -> Answer:
    """The response to a refused request, in the protocol of its content type. For anything but a refusal
    or a denial it is that of `ERR_INTERNAL`."""
    challenge, retry_after = None, None
    if not isinstance(error, AuthzDeniedError):
        if not isinstance(error, JwtAuthError):
            error = of_refusal(_native.internal_refusal())
        challenge, retry_after = error.challenge, error.retry_after
    made = _native.answer_http(error.connect_code, error.client_message, challenge, retry_after, content_type)
    return answer(RuntimeError(), content_type) if made is None else Answer(*made)
