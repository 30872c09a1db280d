"""What a verified caller still may not do: roles and scopes that a handler asks for.

Of several roles one is enough; of several scopes each is needed, as RFC 6750 has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from ._native import AuthContext

MESSAGE = "Insufficient permissions"
"""What the client is told, with status 403."""


@final
class Needs:
    """The roles and scopes of one handler."""

    __slots__ = ("roles", "scopes")

    def __init__(self, roles: Iterable[str] = (), scopes: Iterable[str] = ()) -> None:
        self.roles = _names("roles", roles)
        self.scopes = _names("scopes", scopes)

    def challenge(self, context: AuthContext) -> str | None:
        """`None` where the caller may go on, else the value for `WWW-Authenticate` (RFC 6750 section 3)."""
        if all(scope in context.scopes for scope in self.scopes) and (
            not self.roles or any(role in context.roles for role in self.roles)
        ):
            return None
        scopes = f', scope="{" ".join(self.scopes)}"' if self.scopes else ""
        return f'Bearer error="insufficient_scope"{scopes}'


def _names(what: str, given: Iterable[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        # RFC 6749's scope-token goes into a header as it is; a role never does.
        if not isinstance(name, str) or not name or (what == "scopes" and not _is_scope_token(name)):
            raise ValueError(f"{what}: {name!r} is none")
    return names


def _is_scope_token(name: str) -> bool:
    return all("!" <= char <= "~" and char not in '"\\' for char in name)
