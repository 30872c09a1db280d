"""JWT authentication for Connect servers and Python services.

`create_jwt_auth_interceptor` guards a `connectrpc` server, ASGI or WSGI; `JwtVerifier` verifies bare
tokens; `get_auth_context` tells who is calling. What is accepted is decided by one Rust core that the
Node package shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _exit  # noqa: F401
from ._current import get_auth_context, require_auth_context
from ._errors import (
    ConfigError,
    ErrorCode,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidSignatureError,
    InvalidTokenError,
    JwtAuthError,
    KeysUnavailableError,
    MissingCredentialsError,
    Reason,
)
from ._native import AuthContext, Claims, __version__, matches_method_pattern
from ._verifier import JwtVerifier

if TYPE_CHECKING:
    from typing import Unpack

    from ._authz import Authorizer, AuthzDeniedError, AuthzEffect, AuthzRequest
    from ._events import FetchErrorEvent, FetchEvent, KeysChangedEvent, SkippedKey
    from ._headers import AUTH_HEADERS, parse_auth_headers, set_auth_headers
    from ._options import (
        AuthzOptions,
        AuthzRequires,
        AuthzRule,
        CacheOptions,
        ClaimPath,
        ClaimsMapping,
        CredentialsOptions,
        Duration,
        IssuerOptions,
        JwksOptions,
        JwtAuthOptions,
        PublicKeyObject,
        RejectInfo,
        Stats,
    )
    from .connect import AuthzInterceptor, JwtAuthInterceptor

__all__ = [
    "AUTH_HEADERS",
    "AuthContext",
    "Authorizer",
    "AuthzDeniedError",
    "AuthzEffect",
    "AuthzOptions",
    "AuthzRequest",
    "AuthzRequires",
    "AuthzRule",
    "CacheOptions",
    "ClaimPath",
    "Claims",
    "ClaimsMapping",
    "ConfigError",
    "CredentialsOptions",
    "Duration",
    "ErrorCode",
    "ExpiredTokenError",
    "FetchErrorEvent",
    "FetchEvent",
    "InvalidClaimError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "IssuerOptions",
    "JwksOptions",
    "JwtAuthError",
    "JwtAuthOptions",
    "JwtVerifier",
    "KeysChangedEvent",
    "KeysUnavailableError",
    "MissingCredentialsError",
    "PublicKeyObject",
    "Reason",
    "RejectInfo",
    "SkippedKey",
    "Stats",
    "__version__",
    "create_authz_interceptor",
    "create_jwt_auth_interceptor",
    "get_auth_context",
    "matches_method_pattern",
    "parse_auth_headers",
    "require_auth_context",
    "set_auth_headers",
]


def create_jwt_auth_interceptor(**options: Unpack[JwtAuthOptions]) -> JwtAuthInterceptor:
    """An interceptor that lets a request of a `connectrpc` server through only with a good token.

    One object serves `ConnectASGIApplication` and `ConnectWSGIApplication`, unary methods and all
    streams. List it first. Its `verifier` is a `JwtVerifier` over the same keys.

    Raises:
        ConfigError: When an option cannot be meant.
        ImportError: When `connectrpc` is not installed (`pip install bearergate[connect]`).
    """
    from .connect import JwtAuthInterceptor

    return JwtAuthInterceptor(**options)


def create_authz_interceptor(**options: Unpack[AuthzOptions]) -> AuthzInterceptor:
    """An interceptor that lets a caller of a `connectrpc` server call only what rules allow.

    One object serves `ConnectASGIApplication` and `ConnectWSGIApplication`, unary methods and all
    streams. List it right after the JWT interceptor: without a caller a call is refused as
    unauthenticated. By default every call is denied.

    Raises:
        ConfigError: When an option cannot be meant.
        ImportError: When `connectrpc` is not installed (`pip install bearergate[connect]`).
    """
    from .connect import AuthzInterceptor

    return AuthzInterceptor(**options)


# Where what only some programs name is, to be imported when it is named: rules, events, headers, and the types
# of options.
_LATER = {
    "_authz": ("Authorizer", "AuthzDeniedError", "AuthzEffect", "AuthzRequest"),
    "_events": ("FetchErrorEvent", "FetchEvent", "KeysChangedEvent", "SkippedKey"),
    "_headers": ("AUTH_HEADERS", "parse_auth_headers", "set_auth_headers"),
    "_options": (
        "AuthzOptions", "AuthzRequires", "AuthzRule", "CacheOptions", "ClaimPath", "ClaimsMapping",
        "CredentialsOptions", "Duration", "IssuerOptions", "JwksOptions", "JwtAuthOptions", "PublicKeyObject",
        "RejectInfo", "Stats",
    ),
}  # fmt: skip

if not TYPE_CHECKING:

    def __getattr__(name):
        module = next((module for module, names in _LATER.items() if name in names), None)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f".{module}", __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
