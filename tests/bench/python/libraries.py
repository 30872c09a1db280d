"""Each library set up as its documentation says for speed: keys imported once, verifiers made once, caches named.

Every function takes a token, checks signature, expiry, issuer and audience, and raises what refuses it. No peer
has a cache of verified tokens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import clasp
import jwt
import oxyjwt
import ryjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hmac import HMAC
from jose import jwk as jose_jwk
from jose import jwt as jose_jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from tokens import ALGORITHMS, AUDIENCE, ISSUER, Signed, forged

from bearergate import AuthContext, JwtVerifier
from bearergate._native import Gate

BARE = "bare cryptography"
NATIVE = "bearergate, native side alone"

LACKING = {
    "python-jose": ("PS256", "EdDSA"),
    "oxyjwt": ("ES512",),
    # It refuses every token that has an audience, since there is no way to tell it which to accept.
    "clasp-jwt": ALGORITHMS,
}
"""What a peer cannot verify."""

Verify = Callable[[str], Any]


def options(signed: Signed, **others: Any) -> dict[str, Any]:
    """Our options for this token's key."""
    key = {"secret": signed.secret} if signed.pem is None else {"public_key": signed.pem}
    mapping = {"roles": "realm_access.roles", "scopes": "scope"}
    return {**key, "issuer": ISSUER, "audience": AUDIENCE, "claims_mapping": mapping, **others}


def libraries(signed: Signed) -> dict[str, Verify]:
    """A function for each library that can verify the token.

    Raises:
        RuntimeError: When one takes a forged token, refuses the good one, or has what `LACKING` denies it.
    """
    found = {}
    for name, make in {**_OURS, **_PEERS}.items():
        if signed.alg not in LACKING.get(name, ()):
            found[name] = make(signed)
        elif _works(make, signed):
            raise RuntimeError(f"{name} has {signed.alg} now")
    for name, verify in found.items():
        if not _accepts(verify, signed.token):
            raise RuntimeError(f"{name} refuses the token, {signed.alg}")
        if _accepts(verify, forged(signed.token)):
            raise RuntimeError(f"{name} accepts a forged token, {signed.alg}")
    return found


def _works(make: Callable[[Signed], Verify], signed: Signed) -> bool:
    try:
        make(signed)(signed.token)
    except Exception:
        return False
    return True


def _accepts(verify: Verify, token: str) -> bool:
    try:
        verify(token)
    except Exception:
        return False
    return True


def _bare(signed: Signed) -> Verify:
    check = _bare_check(signed)
    parts = {token: _parts(token, signed.alg) for token in (signed.token, forged(signed.token))}
    return lambda token: check(*parts[token])


def _parts(token: str, alg: str) -> tuple[bytes, bytes]:
    """The signature as `cryptography` takes it, and what it is over."""
    message, _, encoded = token.encode().rpartition(b".")
    signature = base64.urlsafe_b64decode(encoded + b"==")
    if alg.startswith("ES"):
        half = len(signature) // 2
        numbers = (int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        signature = encode_dss_signature(*numbers)
    return signature, message


def _bare_check(signed: Signed) -> Callable[[bytes, bytes], None]:
    key = signed.public_key
    sha256 = hashes.SHA256()
    if signed.secret is not None:
        secret = signed.secret.encode()

        def hmac(signature: bytes, message: bytes) -> None:
            code = HMAC(secret, sha256)
            code.update(message)
            code.verify(signature)

        return hmac
    if signed.alg == "EdDSA":
        return key.verify
    if signed.alg.startswith("ES"):
        digests = {"ES256": sha256, "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}
        ecdsa = ec.ECDSA(digests[signed.alg])
        return lambda signature, message: key.verify(signature, message, ecdsa)
    pss = padding.PSS(padding.MGF1(sha256), sha256.digest_size)
    scheme = pss if signed.alg == "PS256" else padding.PKCS1v15()
    return lambda signature, message: key.verify(signature, message, scheme, sha256)


def _reader(verifier: JwtVerifier) -> Verify:
    def read(token: str) -> AuthContext:
        context = verifier.verify(token)
        _ = context.subject, context.roles, context.scopes
        return context

    return read


def _bearergate(signed: Signed) -> Verify:
    return _reader(JwtVerifier(**options(signed, cache=False)))


def native_side(signed: Signed) -> Verify:
    """The native side of a verifier without its cache; of its answer nothing is made."""
    judge = Gate(options(signed, cache=False)).verify

    def verify(token: str) -> None:
        if type(judge(token)) is not AuthContext:
            raise ValueError("refused")

    return verify


def _bearergate_claims(signed: Signed) -> Verify:
    read = _bearergate(signed)
    return lambda token: read(token).claims["email"]


def _bearergate_cached(signed: Signed) -> Verify:
    return _reader(JwtVerifier(**options(signed)))


def _pyjwt(signed: Signed) -> Verify:
    algorithms = [signed.alg]
    data = jwt.get_algorithm_by_name(signed.alg).to_jwk(signed.public_key or signed.secret, as_dict=True)
    key = jwt.PyJWK(data, signed.alg)
    return lambda token: jwt.decode(token, key, algorithms, audience=AUDIENCE, issuer=ISSUER)


def _joserfc(signed: Signed) -> Verify:
    kinds = {"R": RSAKey, "P": RSAKey, "E": ECKey, "H": OctKey}
    kind = OKPKey if signed.alg == "EdDSA" else kinds[signed.alg[0]]
    key = kind.import_key(signed.pem or signed.secret)
    algorithms = [signed.alg]
    registry = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )

    def verify(token: str) -> dict[str, Any]:
        claims = joserfc_jwt.decode(token, key, algorithms).claims
        registry.validate(claims)
        return claims

    return verify


def _python_jose(signed: Signed) -> Verify:
    key = jose_jwk.construct(signed.pem or signed.secret, signed.alg)
    algorithms = [signed.alg]
    return lambda token: jose_jwt.decode(token, key, algorithms, audience=AUDIENCE, issuer=ISSUER)


def _ryjwt(signed: Signed) -> Verify:
    checks = {"algorithms": [signed.alg], "audience": AUDIENCE, "issuer": ISSUER}
    key = ryjwt.SecretKey(signed.secret, **checks) if signed.secret else ryjwt.PublicKey(signed.pem, **checks)
    return key.decode


def _oxyjwt(signed: Signed) -> Verify:
    make = oxyjwt.DecodingKey
    kinds = {"R": make.from_rsa_pem, "P": make.from_rsa_pem, "E": make.from_ec_pem, "H": make.from_secret}
    kind = make.from_ed_pem if signed.alg == "EdDSA" else kinds[signed.alg[0]]
    key = kind(signed.pem or signed.secret)
    algorithms = [signed.alg]
    return lambda token: oxyjwt.decode(token, key, algorithms, audience=AUDIENCE, issuer=ISSUER)


def _clasp(signed: Signed) -> Verify:
    make = clasp.AsymmetricKey
    if signed.secret:
        key = clasp.SymmetricKey(signed.secret.encode(), signed.alg)
    elif signed.alg == "EdDSA":
        key = make.from_ed_pem(signed.pem, signed.alg)
    else:
        key = (make.from_ec_pem if signed.alg[0] == "E" else make.from_rsa_pem)(signed.pem, signed.alg)

    def verify(token: str) -> dict[str, Any]:
        # It gives JSON text, and does not look at the issuer.
        claims = json.loads(key.verify(token))
        if claims["iss"] != ISSUER:
            raise ValueError("another issuer")
        return claims

    return verify


_OURS: dict[str, Callable[[Signed], Verify]] = {
    BARE: _bare,
    NATIVE: native_side,
    "bearergate": _bearergate,
    "bearergate, claims read": _bearergate_claims,
    "bearergate, cache hit": _bearergate_cached,
}

_PEERS: dict[str, Callable[[Signed], Verify]] = {
    "PyJWT": _pyjwt,
    "joserfc": _joserfc,
    "python-jose": _python_jose,
    "ryjwt": _ryjwt,
    "oxyjwt": _oxyjwt,
    "clasp-jwt": _clasp,
}

PEERS = tuple(_PEERS)
