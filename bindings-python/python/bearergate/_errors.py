"""What is raised: one class for a wrong option, and a small tree for refused tokens.

Which refusal becomes which class is the core's table; `of_refusal` only looks the name up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ._native import Refusal

__all__ = [
    "ConfigError",
    "ErrorCode",
    "ExpiredTokenError",
    "InvalidClaimError",
    "InvalidSignatureError",
    "InvalidTokenError",
    "JwtAuthError",
    "KeysUnavailableError",
    "MissingCredentialsError",
    "Reason",
]

Reason = Literal["missing", "invalid", "check_failed", "unsupported", "unavailable", "timeout"]
"""Why a check failed, in one word that does not depend on the check."""

ErrorCode = Literal[
    "ERR_CREDENTIALS_MISSING",
    "ERR_TOKEN_TOO_LARGE",
    "ERR_TOKEN_MALFORMED",
    "ERR_TOKEN_CRITICAL",
    "ERR_ALG_NOT_ALLOWED",
    "ERR_KEY_NOT_FOUND",
    "ERR_KEY_AMBIGUOUS",
    "ERR_KEYS_UNAVAILABLE",
    "ERR_SIGNATURE_INVALID",
    "ERR_CLAIMS_MALFORMED",
    "ERR_TYP_INVALID",
    "ERR_CLAIM_MISSING",
    "ERR_CLAIM_INVALID",
    "ERR_TOKEN_NOT_YET_VALID",
    "ERR_TOKEN_EXPIRED",
    "ERR_TOKEN_TOO_OLD",
    "ERR_TOKEN_BOUND",
    "ERR_SUBJECT_MISSING",
    "ERR_SUBJECT_TOO_LONG",
    "ERR_REVOKED",
    "ERR_VALIDATE_FAILED",
    "ERR_INTERNAL",
]
"""Every code a `JwtAuthError` can have."""


class ConfigError(ValueError):
    """An option that cannot be meant; raised at construction. The text says what to do."""

    code: Literal["ERR_CONFIG"] = "ERR_CONFIG"
    option: str
    """The option at fault, as a path such as `jwks.timeout`."""

    def __init__(self, message: str, /, *, option: str) -> None:
        super().__init__(message)
        self.option = option

    def __reduce__(self) -> tuple[Any, ...]:
        return (_config_error, (str(self), self.option))


class JwtAuthError(Exception):
    """A request or token that was refused.

    The text is for operators and logs; it names the check that failed, and nothing of the token.
    Send clients `client_message` instead.
    """

    code: ErrorCode
    """The stable code, such as `ERR_TOKEN_EXPIRED`."""
    claim: str | None
    """The claim at fault, where the check is about one."""
    reason: Reason
    """Why, in one word."""
    client_message: str
    """What a client may be told. It never says which check failed."""
    connect_code: Literal["unauthenticated", "unavailable"]
    """Connect's code for this refusal."""
    http_status: int
    """401, or 503 when the keys cannot be had now."""
    challenge: str | None
    """Value for `WWW-Authenticate` (RFC 6750); none when the keys cannot be had now."""
    retry_after: int | None
    """Value for `Retry-After`, seconds; present when the keys cannot be had now."""

    def __init__(
        self,
        message: str,
        /,
        *,
        code: ErrorCode,
        claim: str | None = None,
        reason: Reason,
        client_message: str = "Authentication failed",
        connect_code: Literal["unauthenticated", "unavailable"] = "unauthenticated",
        http_status: int = 401,
        challenge: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.claim = claim
        self.reason = reason
        self.client_message = client_message
        self.connect_code = connect_code
        self.http_status = http_status
        self.challenge = challenge
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {
            "code": self.code,
            "claim": self.claim,
            "reason": self.reason,
            "client_message": self.client_message,
            "connect_code": self.connect_code,
            "http_status": self.http_status,
            "challenge": self.challenge,
            "retry_after": self.retry_after,
        }
        return (_auth_error, (type(self), str(self), fields))


class MissingCredentialsError(JwtAuthError):
    """The request carries no token."""


class InvalidTokenError(JwtAuthError):
    """The token is refused."""


class ExpiredTokenError(InvalidTokenError):
    """`exp` has passed."""


class InvalidSignatureError(InvalidTokenError):
    """The signature does not verify."""


class InvalidClaimError(InvalidTokenError):
    """A claim or `typ` is missing, malformed, or not accepted."""


class KeysUnavailableError(JwtAuthError):
    """The keys cannot be had now; the same token may be good later."""


_CLASSES: dict[str, type[JwtAuthError]] = {
    cls.__name__: cls
    for cls in (
        MissingCredentialsError,
        InvalidTokenError,
        ExpiredTokenError,
        InvalidSignatureError,
        InvalidClaimError,
        KeysUnavailableError,
    )
}


def of_refusal(refusal: Refusal, message: str | None = None) -> JwtAuthError:
    """The exception for a refusal of the core, with a text of its own or the code's."""
    about = f" ({refusal.claim})" if refusal.claim is not None else ""
    return _CLASSES.get(refusal.python_class, JwtAuthError)(
        message or f"{refusal.code}{about}: {refusal.summary}",
        code=refusal.code,
        claim=refusal.claim,
        reason=refusal.reason,
        client_message=refusal.message,
        connect_code=refusal.connect_code,
        http_status=refusal.http_status,
        challenge=refusal.challenge,
        retry_after=refusal.retry_after,
    )


def _config_error(message: str, option: str) -> ConfigError:
    return ConfigError(message, option=option)


def _auth_error(cls: type[JwtAuthError], message: str, fields: dict[str, Any]) -> JwtAuthError:
    return cls(message, **fields)
