"""Keys and tokens for the tests, minted by another implementation than the one under test."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm

SECRET = "0123456789abcdef0123456789abcdef"
RSA = rsa.generate_private_key(65537, 2048)


class Signer:
    """A P-256 key with a kid."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, Any]:
        public = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        return {**public, "kid": self.kid, "alg": "ES256", "use": "sig"}

    def token(self, **claims: Any) -> str:
        return jwt.encode(default_claims() | claims, self._key, "ES256", {"kid": self.kid})


def default_claims() -> dict[str, Any]:
    return {"sub": "alice", "exp": int(time.time()) + 300}


def token(**claims: Any) -> str:
    """An HS256 token under `SECRET`; a claim given as `None` is left out."""
    given = {name: value for name, value in (default_claims() | claims).items() if value is not None}
    return jwt.encode(given, SECRET, "HS256")
