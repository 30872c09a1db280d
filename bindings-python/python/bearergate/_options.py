"""The options both entry points take, as types. The core checks them; nothing is checked here."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    from ._authz import AuthzEffect, AuthzRequest
    from ._errors import ErrorCode, Reason
    from ._events import FetchErrorEvent, FetchEvent, KeysChangedEvent
    from ._native import AuthContext

__all__ = [
    "AuthzOptions",
    "AuthzRequires",
    "AuthzRule",
    "CacheOptions",
    "ClaimPath",
    "ClaimsMapping",
    "CredentialsOptions",
    "Duration",
    "IssuerOptions",
    "JwksOptions",
    "JwtAuthOptions",
    "PublicKeyObject",
    "RejectInfo",
    "Stats",
]

Duration: TypeAlias = float | str | timedelta
"""Seconds, a `timedelta`, or a string such as `"10 minutes"` or `"1h"`."""

ClaimPath: TypeAlias = str | Sequence[str]
"""A dot path such as `"realm_access.roles"`, or a sequence of exact member names."""


class PublicKeyObject(Protocol):
    """A public key of `cryptography`."""

    def public_bytes(self, encoding: Any, format: Any, /) -> bytes: ...


class ClaimsMapping(TypedDict, total=False):
    """Where the fields of `AuthContext` are found among the claims."""

    subject: ClaimPath | None
    name: ClaimPath | None
    roles: ClaimPath | None
    scopes: ClaimPath | None


class CredentialsOptions(TypedDict, total=False):
    """Where the token is; by default `Authorization: Bearer`."""

    header: str | None
    """With `sec-websocket-protocol` the token is the one offered subprotocol `scheme.token`."""
    scheme: str | None
    """`None` means that the header's value is the token."""
    cookie: str | None
    """**Browsers send a cookie on their own: protect such endpoints against cross-site requests**, and
    check `Origin` of WebSocket handshakes."""


class CacheOptions(TypedDict, total=False):
    """The verified-signature cache."""

    max_entries: int | None


class JwksOptions(TypedDict, total=False):
    """How a remote key set is fetched and kept."""

    timeout: Duration | None
    cache_max_age: Duration | None
    cooldown: Duration | None
    refresh_ahead: float | None
    stale_if_error: Duration | None
    max_bytes: int | None
    max_keys: int | None
    headers: Mapping[str, str] | None
    ca_file: str | os.PathLike[str] | None
    ca: str | bytes | Sequence[str | bytes] | None
    proxy: str | None
    allow_http: bool | None
    initial: Mapping[str, Any] | None
    snapshot_file: str | os.PathLike[str] | None
    """Keeps the last good set, so that a start is possible while the endpoint is down. Written with
    mode 0600 after each good fetch. Read only if it is a regular file of the effective user that nobody
    else can write, for the same URL (or, with `discover`, issuer); the set is as old as it was. What cannot be used is
    ignored, and `on_fetch_error` told. Unix only."""


class _Trust(TypedDict, total=False):
    jwks_uri: str | None
    public_key: str | bytes | Mapping[str, Any] | PublicKeyObject | None
    secret: str | bytes | Sequence[str | bytes] | None
    discover: bool | None
    jwks: JwksOptions | None
    audience: str | Sequence[str] | None
    algorithms: Sequence[str] | None
    max_token_age: Duration | None
    clock_tolerance: Duration | None
    claims_mapping: ClaimsMapping | None
    required_claims: Sequence[str] | None
    typ: str | None
    confirmation: Literal["reject", "ignore"] | None


class IssuerOptions(_Trust, total=False):
    """One entry of `issuers`: an issuer, its keys, and rules of its own."""

    issuer: str


class RejectInfo(TypedDict, total=False):
    """What `on_reject` is told; `code`, `connect_code` and `reason` are always there."""

    code: ErrorCode
    connect_code: Literal["unauthenticated", "unavailable"]
    reason: Reason
    claim: str
    alg: str
    """From the token's header, unverified; printable ASCII, at most 128 characters."""
    kid: str
    """From the token's header, unverified; printable ASCII, at most 128 characters."""
    issuer: str
    """The configured issuer that applied."""
    procedure: str
    """`pkg.Service/Method`, where the refusal belongs to a request."""


class JwtAuthOptions(_Trust, total=False):
    """Options of `create_jwt_auth_interceptor` and `JwtVerifier`. `None` means not given."""

    issuer: str | Sequence[str] | None
    issuers: Sequence[IssuerOptions] | None
    skip_methods: Sequence[str] | None
    propagate_headers: bool | None
    propagated_claims: Sequence[str] | None
    credentials: CredentialsOptions | None
    cache: Literal[False] | CacheOptions | None
    max_token_bytes: int | None
    end_streams_at_expiry: bool | None
    validate: Callable[[AuthContext], object | Awaitable[object]] | None
    resource_metadata: str | None
    on_reject: Callable[[RejectInfo], object | Awaitable[object]] | None
    """Told of each refusal; whatever it does or raises changes nothing. An `async` one runs beside the
    request, on the event loop that serves it, or where none does (WSGI, `verify`) on a thread of this
    package that runs one loop for all of them. At exit the process waits two seconds for those."""
    on_fetch: Callable[[FetchEvent], object | Awaitable[object]] | None
    """Told of each good fetch of keys, soon after, on a thread of this package. Whatever it does or
    raises changes nothing; while it runs, later events wait. An `async` one runs as `on_reject`'s do."""
    on_fetch_error: Callable[[FetchErrorEvent], object | Awaitable[object]] | None
    """Told of each fetch of keys that failed, and of a snapshot that cannot be used or written."""
    on_keys_changed: Callable[[KeysChangedEvent], object | Awaitable[object]] | None
    """Told when other keys are in service than before."""


class AuthzRequires(TypedDict, total=False):
    """What a caller needs for a rule to match; at least one of the two."""

    roles: Sequence[str] | None
    """Roles of which the caller has any."""
    scopes: Sequence[str] | None
    """Scopes of which the caller has all."""


class _AuthzRule(TypedDict):
    name: str
    """Its own name, for the operator; clients never see it."""
    methods: Sequence[str]
    """`"*"`, `"pkg.Service/*"`, `"pkg.Service/Method"` or the prefix `"pkg.Service/Get*"`."""
    effect: AuthzEffect | Literal["allow", "deny"]


class AuthzRule(_AuthzRule, total=False):
    """One rule of an authorization."""

    requires: AuthzRequires | None
    """Where it is not met the rule does not match, whatever its effect."""


class AuthzOptions(TypedDict, total=False):
    """Options of `create_authz_interceptor` and `Authorizer`. `None` means not given."""

    default_policy: AuthzEffect | Literal["allow", "deny"] | None
    """What happens where no rule matches and there is no `authorize`; `"deny"` when not given."""
    rules: Sequence[AuthzRule] | None
    """In their order; the first that matches decides."""
    authorize: Callable[[AuthContext, AuthzRequest], object | Awaitable[object]] | None
    """Asked where no rule matches. A false answer, `None` among them, or an exception denies the call."""
    skip_methods: Sequence[str] | None
    """Methods that are not authorized at all, with a caller or without."""


class Stats(TypedDict):
    """The state of a verifier's keys. With several issuers, numbers are sums and the state is the worst."""

    state: Literal["static", "cold", "fresh", "ageing", "stale", "dead", "closed"]
    keys: int
    """Usable keys."""
    skipped: list[dict[str, str | None]]
    """Keys that cannot be used: `kid`, where there is one, and `reason`."""
    age_seconds: float | None
    last_success: datetime | None
    last_error: str | None
    next_attempt_seconds: float | None
    fetching: bool
    fetches: int
    failures: int
    cache_hits: int
    cache_misses: int
    url: str | None
    """The key set's URL without its query."""
