"""The tokens that are verified, and the keys for them: an access token of the kind that Keycloak issues."""

from __future__ import annotations

from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://auth.example.com/realms/main"
AUDIENCE = "my-api"
KID = "f2d1b1a2c3d4e5f6"
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105

CLAIMS = {
    "exp": 4102444800,
    "iat": 1700000000,
    "auth_time": 1699999990,
    "jti": "5f0e6c1a-2f0b-4a0a-9a63-0f7e6f1f0c11",
    "iss": ISSUER,
    "aud": [AUDIENCE, "account"],
    "sub": "f3b7a0de-6a5b-4c38-9a0e-7d7a7d3f9f10",
    "typ": "Bearer",
    "azp": "web-frontend",
    "sid": "b8f0c7a4-3a52-4d8a-bb3a-93b7c0a1b7d5",
    "acr": "1",
    "allowed-origins": ["https://app.example.com"],
    "realm_access": {"roles": ["admin", "user", "offline_access", "uma_authorization", "default-roles-main"]},
    "resource_access": {"account": {"roles": ["manage-account", "manage-account-links", "view-profile"]}},
    "scope": "openid profile email read write",
    "email_verified": True,
    "name": "Alice Example",
    "preferred_username": "alice",
    "given_name": "Alice",
    "family_name": "Example",
    "email": "alice@example.com",
}

_GENERATE = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "PS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}

ALGORITHMS = (*_GENERATE, "HS256")


class Signed(NamedTuple):
    """A token, and the key for it in each form that the libraries take."""

    alg: str
    token: str
    public_key: Any
    """Of `cryptography`; `None` where there is a secret."""
    pem: bytes | None
    secret: str | None


def signed(alg: str) -> Signed:
    """A token under a new key, or under the secret."""
    header = {"kid": KID}
    if alg == "HS256":
        return Signed(alg, jwt.encode(CLAIMS, SECRET, alg, header), None, None, SECRET)
    private_key = _GENERATE[alg]()
    public_key = private_key.public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Signed(alg, jwt.encode(CLAIMS, private_key, alg, header), public_key, pem, None)


def forged(token: str) -> str:
    """The token with another signature of the same length."""
    at = token.rindex(".") + 3
    return f"{token[:at]}{'B' if token[at] == 'A' else 'A'}{token[at + 1 :]}"
