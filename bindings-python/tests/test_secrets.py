"""Whatever the package's objects show of themselves holds no secret and nothing of a token: repr, str,
tracebacks, pickles, logs, warnings, events and stats are searched for markers in each of them."""

import asyncio
import base64
import copy
import json
import logging
import pickle
import time
import traceback
import warnings
from typing import Any

import jwt
import pytest
from jwks_server import JwksServer

import bearergate
from bearergate import (
    ConfigError,
    JwtAuthError,
    JwtVerifier,
    KeysUnavailableError,
    create_jwt_auth_interceptor,
)

SECRET = "SECRETMARKER-5d41402abc4b2a76b9719d91"
HEADER = "HEADERMARKER-7d793037a0760186574b0282"
PROXY = "PROXYMARKER-9e107d9d372bb6826bd81d35"
QUERY = "QUERYMARKER-e4d909c290d0fb1ca068ffad"
PRIVATE = "PRIVATEMARKER-f96b697d7cb7938d525a2f31"
CLAIM = "CLAIMMARKER-8277e0910d750195b448797616"
SIGNATURE = "SIGNATUREMARKER-d174ab98d277d9f5a5611c"


class Shown:
    """Every text that a value shows of itself."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, bytes]] = []

    def text(self, what: str, text: str) -> None:
        self.texts.append((what, text.encode("utf-8", "backslashreplace")))

    def value(self, what: str, value: Any) -> None:
        for text in (repr(value), str(value), f"{value}", ascii(value)):
            self.text(what, text)
        for name in ("__dict__", "__slots__", "__doc__"):
            self.text(f"{name} of {what}", repr(getattr(value, name, None)))
        if isinstance(value, BaseException):
            self.text(what, repr(value.args))
            # Lines of this file's own are in a traceback too, and local variables are not.
            self.text(what, "".join(traceback.format_exception_only(value)))
            if value.__cause__ is not None:
                self.value(f"the cause of {what}", value.__cause__)
        try:
            self.texts.append((f"the pickle of {what}", pickle.dumps(value)))
            self.text(f"the copy of {what}", repr(copy.copy(value)))
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            self.text(f"the refusal to pickle {what}", str(error))

    def search(self, *markers: str) -> None:
        found = {
            f"{marker} in {what}"
            for marker in markers
            for form in forms(marker)
            for what, text in self.texts
            if form in text
        }
        assert not found


def forms(marker: str) -> list[bytes]:
    """How a marker may be written. The last letters of base64 depend on what follows."""
    raw = marker.encode()
    return [
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        ", ".join(map(str, raw)).encode(),
        base64.b64encode(raw)[:-4],
        base64.urlsafe_b64encode(raw)[:-4],
    ]


def encode(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def forged(header: dict[str, Any]) -> str:
    return f"{encode(header)}.{encode({'sub': 'user-1', 'email': CLAIM})}.{encode(SIGNATURE)}"


def signed(**claims: Any) -> str:
    ordinary = {"sub": "user-1", "email": CLAIM, "iss": "https://issuer.test", "aud": "api"}
    segments = f"{encode({'alg': 'HS256'})}.{encode(ordinary | claims)}"
    return f"{segments}.{encode_bytes(jwt.algorithms.HMACAlgorithm('sha256').sign(segments.encode(), SECRET.encode()))}"


def encode_bytes(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


TOKENS = [
    forged({"alg": "HS256", "kid": "k"}),
    forged({"alg": "none"}),
    forged({"alg": "HS256", "crit": ["x"]}),
    forged({}),
    f"{forged({'alg': 'HS256'})}.{encode(CLAIM)}",
    f"{encode({'alg': 'HS256'})}.{'A' * 20_000}{CLAIM}.{encode(SIGNATURE)}",
    f"{CLAIM} {SIGNATURE}",
    signed(exp=1),
    signed(exp=CLAIM),
    signed(iss=CLAIM),
    signed(aud=[CLAIM]),
    signed(cnf={"jkt": CLAIM}),
    signed(sub=""),
]


def segments(*tokens: str) -> list[str]:
    return [part for token in tokens for part in token.split(".")[1:] if 16 < len(part) < 1000]


@pytest.fixture
def shown(caplog: pytest.LogCaptureFixture) -> Shown:
    caplog.set_level(logging.DEBUG)
    return Shown()


def test_nothing_that_is_shown_holds_a_secret_or_a_token(
    shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    verifier = JwtVerifier(
        secret=[SECRET, SECRET.encode()],
        issuer="https://issuer.test",
        audience="api",
        on_reject=lambda event: shown.value("an event", event),
    )
    interceptor = create_jwt_auth_interceptor(secret=SECRET)
    for value in (verifier, interceptor, verifier.stats(), bearergate):
        shown.value(type(value).__name__, value)
    for token in TOKENS:
        with pytest.raises(JwtAuthError) as refused:
            verifier.verify(token)
        shown.value("an error", refused.value)
        with pytest.raises(JwtAuthError) as refused:
            asyncio.run(verifier.verify_async(token))
        shown.value("an error", refused.value)
    shown.value("stats", verifier.stats())
    shown.text("the log", caplog.text)
    shown.search(SECRET, CLAIM, SIGNATURE, *segments(*TOKENS))
    # Whoever was accepted is shown, and how the token was written is not.
    token = signed()
    shown.value("a context", verifier.verify(token))
    shown.search(SECRET, SIGNATURE, token, *segments(token))


def test_no_construction_error_holds_what_was_configured_in_secret(shown: Shown) -> None:
    pem = f"-----BEGIN PRIVATE KEY-----\n{PRIVATE}\n-----END PRIVATE KEY-----"
    uri = "https://idp.test/"
    options: list[dict[str, Any]] = [
        {"secret": SECRET[:24]},
        {"secret": {"x": SECRET}},
        {"secret": [SECRET, 7]},
        {"secret": SECRET, "algorithms": ["HS512"]},
        {"secret": SECRET, "unknown": 1},
        {"secret": json.dumps({"kty": "oct", "k": SECRET})},
        {"secret": pem},
        {"public_key": pem},
        {"public_key": {"kty": "EC", "crv": "P-256", "d": PRIVATE}},
        {"public_key": {"kty": "oct", "k": PRIVATE}},
        {"jwks_uri": f"https://user:{QUERY}@idp.test/"},
        {"jwks_uri": f"ftp://idp.test/?key={QUERY}"},
        {"jwks_uri": uri, "jwks": {"headers": {"x": f"{HEADER}\n"}}},
        {"jwks_uri": uri, "jwks": {"headers": HEADER}},
        {"jwks_uri": uri, "jwks": {"proxy": f"socks5://u:{PROXY}@proxy.test"}},
    ]
    for wrong in options:
        with pytest.raises(ConfigError) as refused:
            JwtVerifier(**wrong)
        shown.value("a construction error", refused.value)
    shown.search(SECRET[:24], PRIVATE, QUERY, HEADER, PROXY)


def test_nothing_about_remote_keys_holds_a_header_a_query_or_a_token(
    shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    server = JwksServer({"kty": "oct", "k": PRIVATE}, {"kty": "EC", "crv": "P-256", "d": PRIVATE})
    events: list[Any] = []

    def hear(event: Any) -> None:
        shown.value("an event", event)
        events.append(event)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        verifier = JwtVerifier(
            jwks_uri=f"{server.url}?key={QUERY}",
            jwks={"headers": {"authorization": HEADER}},
            on_fetch=hear,
            on_fetch_error=hear,
            on_keys_changed=hear,
            on_reject=hear,
        )
        token = forged({"alg": "ES256", "kid": "k"})

        async def blocking() -> None:
            with pytest.raises(JwtAuthError) as refused:
                verifier.verify(token)
            shown.value("an error", refused.value)

        asyncio.run(blocking())
        with pytest.raises(KeysUnavailableError) as late:
            verifier.ready(0.2)
        shown.value("an error", late.value)
        deadline = time.monotonic() + 20
        while len(events) < 2:
            assert time.monotonic() < deadline, "no events came"
            time.sleep(0.005)
    for warning in warned:
        shown.value("a warning", warning.message)
    shown.value("a verifier", verifier)
    shown.value("stats", verifier.stats())
    shown.text("the log", caplog.text)
    verifier.close()
    server.close()
    shown.search(HEADER, QUERY, PRIVATE, CLAIM, SIGNATURE, *segments(token))
