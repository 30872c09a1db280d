"""Refusals and denials as errors of `connectrpc`. Importing this module imports `connectrpc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError

from ._authz import AuthzDeniedError
from ._errors import JwtAuthError

if TYPE_CHECKING:
    from connectrpc.request import RequestContext


def connect_error(error: JwtAuthError | AuthzDeniedError, ctx: RequestContext[Any, Any]) -> ConnectError:
    """The error that a client is told, which says nothing that is the operator's."""
    if isinstance(error, JwtAuthError):
        if error.challenge is not None:
            ctx.response_headers.add("www-authenticate", error.challenge)
        if error.retry_after is not None:
            ctx.response_headers.add("retry-after", str(error.retry_after))
    return ConnectError(Code(error.connect_code), error.client_message)


def translate(error: Exception, ctx: RequestContext[Any, Any]) -> None:
    """Raises what a client is told instead of an error of ours that a handler raised. Connect would send
    its text."""
    if isinstance(error, (JwtAuthError, AuthzDeniedError)):
        raise connect_error(error, ctx) from error
