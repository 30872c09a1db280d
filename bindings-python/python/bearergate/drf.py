"""Django REST framework: an authentication class and permissions. Importing this imports the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from . import _extras

try:
    from django.core.signals import request_finished, request_started
    from rest_framework.authentication import BaseAuthentication
    from rest_framework.exceptions import APIException, AuthenticationFailed
    from rest_framework.permissions import BasePermission
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, ("django", "rest_framework"), "djangorestframework", "drf") from _missing

from ._access import MESSAGE, Needs
from ._current import end_loan, lend
from ._errors import JwtAuthError
from ._native import AuthContext
from ._web import AUTH, WebGuard
from .django import admit, guard_of_settings

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from ._verifier import JwtVerifier

__all__ = ["JwtAuthentication", "JwtUser", "KeysUnavailable", "requires_roles", "requires_scopes"]


class JwtUser:
    """`request.user` of a verified caller: what throttles and permissions ask of a user, without a model."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, context: AuthContext) -> None:
        self.context = context
        """The caller as the token says."""

    @property
    def pk(self) -> str:
        """The subject."""
        return self.context.subject

    @property
    def username(self) -> str:
        """The subject."""
        return self.context.subject

    def get_username(self) -> str:
        """The subject."""
        return self.context.subject

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JwtUser) and other.context == self.context

    def __hash__(self) -> int:
        return hash(self.context.subject)

    def __str__(self) -> str:
        return self.context.subject


class KeysUnavailable(APIException):
    """503 with `Retry-After`: the identity provider's keys cannot be had now."""

    status_code = 503
    default_code = "unavailable"

    def __init__(self, error: JwtAuthError) -> None:
        super().__init__(error.client_message)
        self.wait: int | None = error.retry_after


class JwtAuthentication(BaseAuthentication):
    """Authenticates by the verifier of the `BEARERGATE` setting, or by one of a subclass.

    `request.auth` is the caller's `AuthContext`, `request.user` what `get_user` makes of it. A request
    without credentials stays anonymous, for the permissions to decide about; bad credentials are refused
    whatever they say. `get_auth_context()` tells the caller until the request is over. List it first: the
    framework takes the challenge of a 401 from the first class.
    """

    verifier: ClassVar[JwtVerifier | None] = None
    """In a subclass: another verifier than the setting's."""

    def get_user(self, context: AuthContext) -> Any:
        """The user of a verified caller. Override it to find or make one of your model; `None` refuses
        the request."""
        return JwtUser(context)

    def authenticate(self, request: Request) -> tuple[Any, AuthContext] | None:
        """The user and the context of the caller; `None` without credentials.

        Raises:
            AuthenticationFailed: When the credentials are refused.
            KeysUnavailable: In an outage of the identity provider.
        """
        guard = self._guard()
        inner = request._request
        lend(inner, None)
        try:
            admission = admit(guard, inner)
        except JwtAuthError as error:
            if error.connect_code == "unavailable":
                raise KeysUnavailable(error) from error
            raise self._failed(request, error) from error
        context = admission.context
        if context is None:
            lend(inner, inner.META[AUTH])
            return None
        user = self.get_user(context)
        if user is None:
            raise self._failed(request, guard.judge.failed("ERR_REVOKED", admission.procedure))
        lend(inner, context)
        return user, context

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        challenge = getattr(request, "_bearergate_challenge", None)
        if challenge is None:
            challenge = self._guard().judge.gate.refuse("ERR_CREDENTIALS_MISSING").challenge
        return challenge or "Bearer"

    def _guard(self) -> WebGuard:
        judge = guard_of_settings().judge if self.verifier is None else self.verifier._judge
        return WebGuard(judge, optional=True)

    def _failed(self, request: Request, error: JwtAuthError) -> AuthenticationFailed:
        request._bearergate_challenge = error.challenge  # type: ignore[attr-defined]
        return AuthenticationFailed(error.client_message)


def _over(**_: Any) -> None:
    end_loan()


# The framework never tells an authentication class that the request is over; Django does.
request_started.connect(_over)
request_finished.connect(_over)


def requires_roles(*roles: str) -> type[BasePermission]:
    """A permission for callers that have one of these roles."""
    return _requires(Needs(roles=roles))


def requires_scopes(*scopes: str) -> type[BasePermission]:
    """A permission for callers that have all of these scopes."""
    return _requires(Needs(scopes=scopes))


def _requires(needs: Needs) -> type[BasePermission]:
    return type("Permission", (_Permission,), {"needs": needs})


class _Permission(BasePermission):
    message = MESSAGE
    needs: ClassVar[Needs]

    def has_permission(self, request: Request, view: APIView) -> bool:
        context = request.auth
        return isinstance(context, AuthContext) and self.needs.challenge(context) is None
