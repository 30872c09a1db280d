"""Options as Python says them: which values are taken, and how a wrong one is named."""

import decimal
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import RSAAlgorithm
from keys import RSA, SECRET, default_claims, token

from bearergate import ConfigError, InvalidTokenError, JwtVerifier

PUBLIC = RSA.public_key()
PEM = PUBLIC.public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
DER = PUBLIC.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
JWK = json.loads(RSAAlgorithm.to_jwk(PUBLIC))
RS256 = jwt.encode(default_claims(), RSA, "RS256")
JWKS = "https://id.example/jwks"


@pytest.mark.parametrize(
    "key",
    [PUBLIC, PEM, PEM.decode(), DER, bytearray(DER), memoryview(DER), JWK, {"keys": [JWK]}],
    ids=["object", "pem bytes", "pem str", "der", "bytearray", "memoryview", "jwk", "jwk set"],
)
def test_public_keys(key):
    assert JwtVerifier(public_key=key).verify(RS256).subject == "alice"


def test_other_key_objects():
    for key, alg in [
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ]:
        verifier = JwtVerifier(public_key=key.public_key())
        assert verifier.verify(jwt.encode(default_claims(), key, alg)).subject == "alice"


def self_signed() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(PUBLIC)
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(RSA, hashes.SHA256())
    )


def test_a_certificate_gives_its_key():
    certificate = self_signed()
    for given in (certificate, certificate.public_bytes(ser.Encoding.PEM)):
        assert JwtVerifier(public_key=given).verify(RS256).subject == "alice"


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.encode(), bytearray(SECRET.encode()), ["x" * 32, SECRET], (SECRET,)]
)
def test_secrets(secret):
    assert JwtVerifier(secret=secret).verify(token()).subject == "alice"


class PathOfBytes:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self.path)


@pytest.mark.parametrize("kind", [str, Path, PathOfBytes])
def test_a_path_is_taken_for_a_file(tmp_path, kind):
    file = tmp_path / "ca.pem"
    with pytest.raises(ConfigError) as caught:
        JwtVerifier(jwks_uri=JWKS, jwks={"ca_file": kind(file)})
    assert caught.value.option == "jwks.ca_file"
    assert "path object" not in str(caught.value)
    file.write_bytes(self_signed().public_bytes(ser.Encoding.PEM))
    JwtVerifier(jwks_uri=JWKS, jwks={"ca_file": kind(file)})


@pytest.mark.parametrize(
    "options",
    [
        {"secret": Path("/run/secrets/production/jwt-signing-secret")},
        {"secret": [SECRET, Path("/run/secrets/production/jwt-signing-secret")]},
        {"secret": PathOfBytes(Path("/run/secrets/production/jwt-signing-secret"))},
        {"public_key": Path("/etc/key.pem")},
        {"issuer": Path("i")},
        {"audience": [Path("i")]},
        {"typ": Path("at+jwt")},
        {"skip_methods": [Path("pkg.Service/Get")]},
        {"jwks_uri": JWKS, "jwks": {"proxy": Path("/x")}},
        {"jwks_uri": JWKS, "jwks": {"ca": Path("/x")}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_path_is_no_text(options):
    with pytest.raises(ConfigError, match="a path object"):
        JwtVerifier(**{"secret": SECRET, **options})


@pytest.mark.parametrize("age", [60, 60.0, "60s", "1 minute", timedelta(minutes=1)])
def test_durations(age):
    verifier = JwtVerifier(secret=SECRET, max_token_age=age)
    now = default_claims()["exp"] - 300
    assert verifier.verify(token(iat=now - 30)).subject == "alice"
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(token(iat=now - 90))
    assert caught.value.code == "ERR_TOKEN_TOO_OLD"


def test_none_means_not_given():
    absent = dict.fromkeys(
        ["jwks_uri", "public_key", "issuer", "audience", "algorithms", "max_token_age", "clock_tolerance",
         "claims_mapping", "required_claims", "typ", "skip_methods", "propagate_headers", "propagated_claims",
         "credentials", "discover", "issuers", "jwks", "cache", "max_token_bytes", "end_streams_at_expiry",
         "confirmation", "validate", "resource_metadata", "on_reject"]
    )  # fmt: skip
    assert JwtVerifier(secret=SECRET, **absent).verify(token()).subject == "alice"
    assert JwtVerifier(secret=SECRET, claims_mapping={"subject": None}).verify(token()).subject == "alice"


def recursive() -> list:
    inner: list = []
    inner.append(inner)
    return inner


LOOP = recursive()

BAD = [
    ({}, "jwks_uri", r"requires one of: jwks_uri, secret, or public_key"),
    ({"audiance": "x"}, "audiance", "audience"),
    ({"jwksUri": "https://a.example/jwks"}, "jwksUri", ""),
    ({"jwks": {"cacheMaxAge": 60}}, "jwks.cacheMaxAge", ""),
    ({"jwks_uri": JWKS, "jwks": {"cache_max_age": 5}}, "jwks.cache_max_age", ""),
    ({"jwks_uri": JWKS, "jwks": {"timeout": 5000}}, "jwks.timeout", "seconds"),
    ({"issuer": ""}, "issuer", ""),
    ({"issuer": 5}, "issuer", ""),
    ({"issuer": ["a", 5]}, "issuer[1]", ""),
    ({"issuer": LOOP}, "issuer[0]", ""),
    ({"audience": []}, "audience", ""),
    ({"algorithms": ["HS255"]}, "algorithms[0]", ""),
    ({"max_token_age": "1h30m"}, "max_token_age", ""),
    ({"max_token_age": decimal.Decimal(5)}, "max_token_age", "Decimal"),
    ({"max_token_age": 10**400}, "max_token_age", ""),
    ({"max_token_age": float("nan")}, "max_token_age", ""),
    ({"clock_tolerance": timedelta(days=1)}, "clock_tolerance", ""),
    ({"claims_mapping": {"role": "x"}}, "claims_mapping.role", "roles"),
    ({"claims_mapping": "x"}, "claims_mapping", ""),
    ({"claims_mapping": {1: "x"}}, "claims_mapping", ""),
    ({"skip_methods": ["pkg.Service/Get*"]}, "skip_methods[0]", ""),
    ({"propagate_headers": 1}, "propagate_headers", ""),
    ({"end_streams_at_expiry": "yes"}, "end_streams_at_expiry", ""),
    ({"max_token_bytes": 10}, "max_token_bytes", ""),
    ({"required_claims": "sub"}, "required_claims", ""),
    ({"required_claims": {"sub"}}, "required_claims", "set"),
    ({"cache": {"max_entries": 0}}, "cache.max_entries", ""),
    ({"typ": "\ud800"}, "typ", ""),
    ({"validate": "x"}, "validate", "function"),
    ({"on_reject": 5}, "on_reject", "function"),
    ({"secret": "short"}, "secret", r"must be at least 32 bytes.*RFC 7518"),
    ({"secret": PEM.decode()}, "secret", ""),
    ({"secret": lambda: SECRET}, "secret", "function"),
    ({"public_key": RSA}, "public_key", "private"),
    ({"public_key": "junk"}, "public_key", ""),
    ({"public_key": object()}, "public_key", "object"),
    ({"jwks_uri": "http://example.com/jwks"}, "jwks_uri", "allow_http"),
    ({"jwks_uri": Path("/x")}, "jwks_uri", ""),
]


@pytest.mark.parametrize(("options", "option", "text"), BAD, ids=lambda value: None)
def test_construction_errors_name_the_option_in_pythons_spelling(options, option, text):
    source = (
        {} if not options or options.keys() & {"secret", "public_key", "jwks_uri"} else {"secret": SECRET}
    )
    with pytest.raises(ConfigError, match=text or None) as caught:
        JwtVerifier(**source, **options)
    assert caught.value.option == option
    assert f"`{option}`" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_error_of_a_host_object_is_not_swallowed():
    class Key:
        def public_bytes(self, *_: object) -> bytes:
            raise RuntimeError("the token slot is empty")

    with pytest.raises(RuntimeError, match="slot"):
        JwtVerifier(public_key=Key())
