"""Whether a caller may call a method: the core's rules, and the `authorize` function that is Python's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from . import _native
from ._awaited import discard, is_awaitable
from ._errors import ConfigError, of_refusal
from ._native import AuthzDenial, AuthzPolicy, missing_credentials

if TYPE_CHECKING:
    from typing import Unpack

    from ._native import AuthContext
    from ._options import AuthzOptions

__all__ = ["Authorizer", "AuthzDeniedError", "AuthzEffect", "AuthzRequest"]


class AuthzEffect(StrEnum):
    """What a rule, or the default policy, does."""

    ALLOW = "allow"
    """The call goes on."""
    DENY = "deny"
    """The call is refused."""


class AuthzRequest(NamedTuple):
    """The call that `authorize` is asked about."""

    service: str
    """Fully qualified name, such as `pkg.Service`."""
    method: str


class AuthzDeniedError(Exception):
    """A caller may not make a call. The text is what the client is told; the rest is for the operator."""

    client_message: str
    """What the client is told."""
    rule_name: str | None
    """Name of the rule that denied; none where `authorize` or the default policy did."""
    required_roles: tuple[str, ...]
    """Roles of the rule."""
    required_scopes: tuple[str, ...]
    """Scopes of the rule."""
    connect_code: Final = "permission_denied"
    """Connect's code."""
    http_status: Final = 403

    def __init__(
        self,
        client_message: str = "Access denied",
        /,
        *,
        rule_name: str | None = None,
        required_roles: tuple[str, ...] = (),
        required_scopes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(client_message)
        self.client_message = client_message
        self.rule_name = rule_name
        self.required_roles = tuple(required_roles)
        self.required_scopes = tuple(required_scopes)

    @property
    def authz_details(self) -> dict[str, Any]:
        """The rule's name and requirements, as far as there are any."""
        return {name: value for name, value in self.server_details.items() if value}

    @property
    def server_details(self) -> dict[str, Any]:
        """The same, whole, for a log."""
        return {
            "rule_name": self.rule_name,
            "required_roles": self.required_roles,
            "required_scopes": self.required_scopes,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return (_denied_error, (type(self), self.client_message, self.server_details))


Authorize = Callable[["AuthContext", AuthzRequest], "bool | Awaitable[bool]"]


@final
class Authorizer:
    """Rules over roles and scopes, compiled once, for any framework.

    `create_authz_interceptor` is this for `connectrpc`. It may be shared by any number of threads and
    event loops.

    Raises:
        ConfigError: When an option cannot be meant.
    """

    __slots__ = ("_authorize", "_policy")
    _policy: AuthzPolicy
    _authorize: Authorize | None

    def __init__(self, **options: Unpack[AuthzOptions]) -> None:
        given: dict[str, Any] = dict(options)
        authorize = given.pop("authorize", None)
        if authorize is not None and not callable(authorize):
            raise ConfigError(
                f"option `authorize`: must be a function, not {type(authorize).__name__}", option="authorize"
            )
        self._policy = AuthzPolicy(given)
        self._authorize = authorize

    def check(self, context: AuthContext | None, service: str, method: str) -> None:
        """Returns where the caller may make the call.

        Raises:
            AuthzDeniedError: When the caller may not.
            MissingCredentialsError: When there is no caller.
        """
        verdict = self._judge(context, service, method)
        if verdict is None and context is not None:
            try:
                answer = self._ask(context, service, method)
                if is_awaitable(answer):
                    discard(answer)
                    raise TypeError("authorize is async: use check_async(), or serve through ASGI")
                verdict = self._decide(answer)
            except Exception as cause:
                raise _error(_native.authz_failure()) from cause
        _raise(verdict)

    async def check_async(self, context: AuthContext | None, service: str, method: str) -> None:
        """Like `check`, with an `authorize` that may be async.

        Raises:
            AuthzDeniedError: When the caller may not.
            MissingCredentialsError: When there is no caller.
        """
        verdict = self._judge(context, service, method)
        if verdict is None and context is not None:
            try:
                answer = self._ask(context, service, method)
                if is_awaitable(answer):
                    answer = await answer
                verdict = self._decide(answer)
            except Exception as cause:
                raise _error(_native.authz_failure()) from cause
        _raise(verdict)

    def _judge(self, context: AuthContext | None, service: str, method: str) -> AuthzDenial | bool | None:
        if context is None:
            return self._policy.check(service, method, None, None)
        try:
            return self._policy.check(service, method, _listed(context.roles), _listed(context.scopes))
        except Exception as cause:
            # No context of ours. What cannot be judged is not allowed.
            raise _error(_native.authz_failure()) from cause

    def _ask(self, context: AuthContext, service: str, method: str) -> object:
        return None if self._authorize is None else self._authorize(context, AuthzRequest(service, method))

    def _decide(self, answer: object) -> AuthzDenial | bool | None:
        # Only a plain yes allows: an object that says no inside is no yes.
        return self._policy.decide(None if self._authorize is None else answer is True)


def _listed(texts: Sequence[str]) -> Sequence[str]:
    if not isinstance(texts, (tuple, list)):
        raise TypeError("a context's roles and scopes are sequences of str")
    return texts


def _raise(verdict: AuthzDenial | bool | None) -> None:
    # Only what says so lets a call go on.
    if verdict is not True:
        raise _error(verdict if isinstance(verdict, AuthzDenial) else _native.authz_failure())


def _error(denial: AuthzDenial) -> Exception:
    if denial.connect_code == "unauthenticated":
        error = of_refusal(missing_credentials(), "no verified caller here, and the method is not skipped")
        error.client_message = denial.message
        return error
    return AuthzDeniedError(
        denial.message,
        rule_name=denial.rule_name,
        required_roles=tuple(denial.required_roles),
        required_scopes=tuple(denial.required_scopes),
    )


def _denied_error(cls: type[AuthzDeniedError], message: str, details: dict[str, Any]) -> AuthzDeniedError:
    return cls(message, **details)
