"""Whose request this is: one ContextVar, and the rules for entering and leaving it.

A value is bound to the request it belongs to. A task inherits the variables of whatever started it,
so a value found there counts only when it is bound to the very request being served.

Some frameworks ask who is calling but never tell when the request is over. Where that is so, the
identity is lent to an object that lives as long as the request, and ends with it.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, final

from ._errors import of_refusal
from ._native import missing_credentials

if TYPE_CHECKING:
    from ._native import AuthContext

__all__ = ["get_auth_context", "require_auth_context"]


@final
class Identity:
    """The caller of one request, entered wherever that request's code runs."""

    __slots__ = ("_holder", "_token", "context", "deadline_ms", "request")

    def __init__(self, request: object, context: AuthContext | None, deadline_ms: int | None = None) -> None:
        self.request: object = request
        self._holder: weakref.ref[object] | None = None
        self.context: AuthContext | None = context
        # When a stream of this request must end, in milliseconds since the epoch.
        self.deadline_ms: int | None = deadline_ms
        self._token: Token[Identity | None] | None = None

    def enter(self) -> None:
        """Makes this the current identity, unless it already is."""
        if _identity.get() is not self:
            self._token = _identity.set(self)

    def begin(self) -> None:
        """Enters a new identity. A deadline that this request was given before stays, if it is the earlier."""
        earlier = _identity.get()
        if earlier is not None and earlier.request is self.request and earlier.deadline_ms is not None:
            deadline = self.deadline_ms
            self.deadline_ms = earlier.deadline_ms if deadline is None else min(deadline, earlier.deadline_ms)
        self._token = _identity.set(self)

    def leave(self) -> None:
        """Restores what was current before, wherever this is called."""
        token, self._token = self._token, None
        if token is not None:
            try:
                _identity.reset(token)
            except ValueError:
                # Entered in another Context, which cannot be reached from here; it ends with
                # whoever owns it. What is left to do is below.
                pass
            else:
                return
        if _identity.get() is self:
            _identity.set(None)

    @property
    def lent(self) -> bool:
        """Whether nobody will call `leave`."""
        return self._holder is not None

    @property
    def over(self) -> bool:
        """Whether it was lent to an object that is gone."""
        return self._holder is not None and self._holder() is None

    def __enter__(self) -> None:
        self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()


_identity: ContextVar[Identity | None] = ContextVar("bearergate_identity", default=None)


def current_identity(request: object) -> Identity | None:
    """The identity entered for this very request."""
    identity = _identity.get()
    return identity if identity is not None and identity.request is request else None


def lend(holder: object, context: AuthContext | None) -> None:
    """Makes this the current identity for as long as `holder`, which lives with the request, does."""
    end_loan()
    identity = Identity(None, context)
    identity._holder = weakref.ref(holder)
    identity.enter()


def end_loan() -> None:
    """Ends the current identity if it was lent. Any other has an owner who will end it."""
    identity = _identity.get()
    if identity is not None and identity.lent:
        identity.leave()


def get_auth_context() -> AuthContext | None:
    """The verified caller of the request being served, or `None` outside one."""
    identity = _identity.get()
    return None if identity is None or identity.over else identity.context


def require_auth_context() -> AuthContext:
    """The verified caller of the request being served.

    Raises:
        MissingCredentialsError: Outside a request, or in one that was let through without a token
            (`skip_methods`). Raised through a handler, the interceptor answers `unauthenticated`.
    """
    context = get_auth_context()
    if context is None:
        raise of_refusal(
            missing_credentials(),
            "no verified caller here: the code runs outside a request, its method is in skip_methods, "
            "or the interceptor is not installed",
        )
    return context
