"""Tokens, keys, a key endpoint and contexts for tests.

**Importing this in a test run lets verifiers of this process be built with `TEST_JWT_SECRET`, which
everyone knows.** A test run is a process that has loaded pytest or unittest, or that
`BEARERGATE_ALLOW_TEST_SECRET=1` calls one; elsewhere the secret stays refused, and a `RuntimeWarning` says
so. Fixtures for all of it come with pytest's plugin `pytest_bearergate`, which is there when pytest is.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, final

from . import _native
from ._current import Identity
from ._native import TEST_JWT_KID, TEST_JWT_SECRET, AuthContext
from ._testing_server import TestJwksServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Unpack

    from ._options import Duration


__all__ = [
    "TEST_JWT_KID",
    "TEST_JWT_SECRET",
    "MockFields",
    "RsaTestKeypair",
    "TestJwksServer",
    "create_test_jwt",
    "create_test_jwt_rs256",
    "generate_rsa_test_keypair",
    "mock_auth_context",
    "start_test_jwks_server",
    "with_auth_context",
]

if {"pytest", "unittest"} & sys.modules.keys() or os.environ.get("BEARERGATE_ALLOW_TEST_SECRET") == "1":
    _native.allow_test_secret()
else:
    warnings.warn(
        "bearergate.testing is imported outside of a test run (no pytest, no unittest): TEST_JWT_SECRET, "
        "which everyone knows, stays refused as a secret unless BEARERGATE_ALLOW_TEST_SECRET=1",
        RuntimeWarning,
        stacklevel=2,
    )


def create_test_jwt(
    payload: Mapping[str, Any],
    *,
    issuer: str | None = None,
    audience: str | Sequence[str] | None = None,
    expires_in: Duration | Literal[False] | None = None,
    kid: str | None = None,
    typ: str | None = None,
    secret: str | bytes | None = None,
) -> str:
    """An HS256 token signed by `TEST_JWT_SECRET`, or by another `secret`.

    `iat` is now and `exp` an hour later unless the payload has its own; what the arguments say comes
    before what the payload says.

    Args:
        payload: The claims, as `json.dumps` writes them.
        issuer: `iss`.
        audience: `aud`.
        expires_in: When it expires: `"1h"`, `"-5m"` for one that has expired, seconds, a `timedelta`,
            or `False` for no `exp`.
        kid: Header `kid`.
        typ: Header `typ`, by default `JWT`.
        secret: Another secret, for a signature that must be refused.

    Raises:
        ConfigError: When an argument or the payload cannot be meant.
    """
    options = {
        "issuer": issuer,
        "audience": audience,
        "expires_in": expires_in,
        "kid": kid,
        "typ": typ,
        "secret": secret,
    }
    return _native.mint_test_jwt(_text(payload), options)


class RsaTestKeypair(NamedTuple):
    """A generated RSA key."""

    private_key: str
    """PEM (PKCS#8); signs, give it to `create_test_jwt_rs256`."""
    public_key: str
    """PEM (SPKI); verifies, may be given as `public_key`."""
    public_jwk: dict[str, Any]
    """With `kid`, `alg` and `use`; give it to `start_test_jwks_server`."""
    kid: str
    """The `kid` of the JWK, and of the tokens that it verifies."""

    def __repr__(self) -> str:
        return f"RsaTestKeypair(kid={self.kid!r})"


def generate_rsa_test_keypair(kid: str = TEST_JWT_KID) -> RsaTestKeypair:
    """A new RSA key of 2048 bits.

    Takes a good part of a second, with the GIL released: make one for all tests of a session.
    """
    private_key, public_key, jwk = _native.generate_rsa_test_keypair(kid)
    return RsaTestKeypair(private_key, public_key, json.loads(jwk), kid)


def create_test_jwt_rs256(
    private_key: object,
    payload: Mapping[str, Any],
    *,
    kid: str,
    issuer: str | None = None,
    audience: str | Sequence[str] | None = None,
    expires_in: Duration | Literal[False] | None = None,
    typ: str | None = None,
) -> str:
    """An RS256 token; `iat` and `exp` as for `create_test_jwt`.

    Args:
        private_key: Of `generate_rsa_test_keypair`, or another RSA key: PEM, DER bytes (PKCS#8), a JWK,
            or a private key object of `cryptography`.
        payload: The claims, as `json.dumps` writes them.
        kid: Header `kid`: that of the published key.
        issuer: `iss`.
        audience: `aud`.
        expires_in: When it expires, or `False` for no `exp`.
        typ: Header `typ`, by default `JWT`.

    Raises:
        ConfigError: When the key, an argument or the payload cannot be meant.
    """
    options = {"issuer": issuer, "audience": audience, "expires_in": expires_in, "kid": kid, "typ": typ}
    return _native.mint_test_jwt_rs256(_readable(private_key), _text(payload), options)


def start_test_jwks_server(
    jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]],
) -> TestJwksServer:
    """Starts a key endpoint on a free loopback port: a context manager, closed at its end.

    Args:
        jwks: A public JWK, a list of them, or a JWK Set.
    """
    return TestJwksServer(jwks)


class MockFields(TypedDict, total=False):
    """What a mock context says instead of its defaults."""

    subject: str
    name: str | None
    roles: Iterable[str]
    scopes: Iterable[str]
    claims: Mapping[str, Any] | None
    type: str
    expires_at: datetime | None


def mock_auth_context(**overrides: Unpack[MockFields]) -> AuthContext:
    """A context that nobody verified, for `with_auth_context`: `test-user` named `Test User`, with the
    role `user`, the scope `read`, no claims and the type `test`, unless overridden."""
    default = _native.mock_context()
    fields: dict[str, Any] = {
        name: getattr(default, name) for name in ("subject", "name", "roles", "scopes", "claims", "type")
    }
    return AuthContext(**{**fields, **overrides})


@final
class with_auth_context:  # noqa: N801
    """Makes code run as if a request of this caller were being handled.

    `with with_auth_context(context):`, or `async with`: inside, `get_auth_context()` gives the context,
    also in tasks that are started there.
    """

    __slots__ = ("_context", "_entered")

    def __init__(self, context: AuthContext) -> None:
        if not isinstance(context, AuthContext):
            raise TypeError("with_auth_context takes an AuthContext, such as mock_auth_context() makes")
        self._context = context
        self._entered: list[Identity] = []

    def __enter__(self) -> AuthContext:
        identity = Identity(object(), self._context)
        identity.enter()
        self._entered.append(identity)
        return self._context

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self._entered.pop().leave()

    async def __aenter__(self) -> AuthContext:
        return self.__enter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.__exit__(exc_type, exc, traceback)


def _text(payload: Mapping[str, Any]) -> str:
    if not hasattr(payload, "keys"):
        raise TypeError("the payload must be a mapping of claims")
    return json.dumps(dict(payload), allow_nan=False)


def _readable(private_key: object) -> object:
    """A private key object of `cryptography` as its PKCS#8 bytes."""
    if not hasattr(private_key, "private_bytes"):
        return private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
