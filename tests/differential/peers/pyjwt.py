"""What PyJWT makes of each mutant, with equivalent options. It has no maximum age and no required
`typ`, and chooses from a set by `kid` only."""

from __future__ import annotations

import sys
import warnings
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance/runner-python"))

import jwt
from canonical import canonical
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import api_jwt
from jwt.algorithms import get_default_algorithms
from lines import one_line, serve

NOW = int(sys.argv[1])
ALGORITHMS = get_default_algorithms()
BY_TYPE = {"RSA": "RS256", "OKP": "EdDSA"}
BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K"}


class Clock(datetime):
    """The moment at which every verifier stands."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        return cls.fromtimestamp(NOW, tz)


api_jwt.datetime = Clock
warnings.simplefilter("ignore")


def key_of(jwk: Any) -> Any:
    name = BY_TYPE.get(jwk["kty"]) or (BY_CURVE.get(jwk.get("crv")) if jwk["kty"] == "EC" else None)
    if name is None:
        raise NotImplementedError("key type not supported")
    key = ALGORITHMS[name].from_jwk(jwk)
    return key.public_key() if hasattr(key, "public_key") else key


def prepare(line: dict[str, Any]) -> dict[str, Any]:
    peer = line["peer"]
    key = peer["key"]
    try:
        if "secret" in key:
            found = key["secret"].encode()
        elif "pem" in key:
            found = load_pem_public_key(key["pem"].encode())
        elif "keys" in key["jwk"]:
            found = {}
            for jwk in key["jwk"]["keys"]:
                if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str):
                    found.setdefault(jwk["kid"], jwk)
        else:
            found = key_of(key["jwk"])
    except Exception as error:
        return {"unusable": f"R\t{one_line(repr(error))}"}
    names = peer.get("requiredClaims", []) + [
        name for name, option in (("iss", "issuer"), ("aud", "audience")) if option in peer
    ]
    return {
        "key": found,
        "algorithms": peer["algorithms"],
        "issuer": peer.get("issuer"),
        "audience": peer.get("audience"),
        "leeway": peer.get("clockTolerance", 0),
        "options": {"require": names, "verify_aud": "audience" in peer},
    }


def judge(config: dict[str, Any], token: str) -> str:
    if "unusable" in config:
        return config["unusable"]
    key = config["key"]
    try:
        if isinstance(key, dict):
            kid = jwt.get_unverified_header(token).get("kid")
            if kid is None:
                return "U\tchooses keys by kid only"
            key = key_of(key[kid])
        claims = jwt.decode(token, **{**config, "key": key})
    except Exception as error:
        return f"R\t{one_line(repr(error))[:200]}"
    try:
        return f"A\t{canonical(claims)}"
    except (OverflowError, RecursionError, UnicodeEncodeError) as error:
        return f"A\t{type(error).__name__}"


serve(prepare, judge)
