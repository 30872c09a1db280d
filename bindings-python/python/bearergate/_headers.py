"""The `x-auth-*` headers that carry a verified identity to the next service."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Final

# The native side needs the claims' own module for the contexts that are read here.
from . import _claims, _native  # noqa: F401
from ._native import AuthContext

__all__ = ["AUTH_HEADERS", "parse_auth_headers", "set_auth_headers"]

AUTH_HEADERS: Final[Mapping[str, str]] = MappingProxyType(dict(_native.AUTH_HEADERS))
"""`SUBJECT`, `ROLES`, `SCOPES`, `CLAIMS`, `NAME`, `TYPE` to the header of each."""

_NAMES = frozenset(AUTH_HEADERS.values())


def set_auth_headers(
    headers: MutableMapping[str, str],
    context: AuthContext,
    propagated_claims: Sequence[str] | None = None,
) -> None:
    """Writes the context into the headers, replacing whatever `x-auth-*` they hold.

    Args:
        headers: Any mutable mapping of header names, in any case, to values.
        context: Whom to name.
        propagated_claims: The claims that go into `x-auth-claims`; all when not given.

    Raises:
        ValueError: When the subject does not fit its header; the headers then hold no identity.
    """
    for name in [name for name in headers if name.lower() in _NAMES]:
        del headers[name]
    claims = None if propagated_claims is None else list(propagated_claims)
    for name, value in _native.encode_auth_headers(context, claims):
        headers[name] = value


def parse_auth_headers(headers: Mapping[str, str]) -> AuthContext | None:
    """The context that `set_auth_headers` or `propagate_headers` wrote, without `expires_at`.

    The headers are believed as they are: read them only where every client is a service of yours
    that strips what came from outside. `None` when there is no subject, or it was cut.
    """
    found = {name: value for key, value in headers.items() if (name := key.lower()) in _NAMES}
    return _native.decode_auth_headers(found)
