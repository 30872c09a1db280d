"""`bearergate.testing` and the pytest plugin: what they mint passes or fails the package's own verifier,
and the key endpoint fails and recovers as real ones do."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bearergate import (
    AuthContext,
    ConfigError,
    JwtAuthError,
    JwtVerifier,
    KeysUnavailableError,
    get_auth_context,
    require_auth_context,
)
from bearergate.testing import (
    TEST_JWT_KID,
    TEST_JWT_SECRET,
    RsaTestKeypair,
    create_test_jwt,
    create_test_jwt_rs256,
    generate_rsa_test_keypair,
    mock_auth_context,
    start_test_jwks_server,
    with_auth_context,
)

RULES: dict[str, Any] = {"issuer": "i", "audience": "api"}


def header_of(token: str) -> dict[str, str]:
    segment = token.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def code_of(verifier: JwtVerifier, token: str) -> str | None:
    try:
        verifier.verify(token)
    except JwtAuthError as error:
        return error.code
    return None


def test_a_minted_token_is_accepted_where_the_test_secret_is():
    before = int(time.time())
    token = create_test_jwt({"sub": "user-123", "scope": "read write", "n": 2**70}, **RULES)
    context = JwtVerifier(secret=TEST_JWT_SECRET, **RULES).verify(token)
    assert (context.subject, context.scopes, context.claims["n"]) == ("user-123", ("read", "write"), 2**70)
    assert context.claims["exp"] - context.claims["iat"] == 3600
    assert before <= context.claims["iat"] <= before + 5
    assert header_of(token) == {"typ": "JWT", "alg": "HS256"}


@pytest.mark.parametrize(
    ("payload", "changed", "code"),
    [
        ({"sub": "a"}, {"expires_in": "-5m"}, "ERR_TOKEN_EXPIRED"),
        ({"sub": "a"}, {"expires_in": timedelta(seconds=-1)}, "ERR_TOKEN_EXPIRED"),
        ({"sub": "a", "exp": 1}, {}, "ERR_TOKEN_EXPIRED"),
        ({"sub": "a", "nbf": 4102444800}, {}, "ERR_TOKEN_NOT_YET_VALID"),
        ({"sub": "a"}, {"audience": "other"}, "ERR_CLAIM_INVALID"),
        ({"sub": "a"}, {"issuer": "other"}, "ERR_CLAIM_INVALID"),
        ({"sub": "a"}, {"secret": b"x" * 40}, "ERR_SIGNATURE_INVALID"),
        ({}, {}, "ERR_SUBJECT_MISSING"),
    ],
)
def test_minted_tokens_are_refused_each_for_its_reason(payload, changed, code):
    verifier = JwtVerifier(secret=TEST_JWT_SECRET, **RULES)
    assert code_of(verifier, create_test_jwt(payload, **{**RULES, **changed})) == code


def test_arguments_come_before_the_payload():
    token = create_test_jwt(
        {"sub": "a", "iss": "x", "exp": 5},
        issuer="i",
        audience=("b", "api"),
        expires_in=False,
        kid="k",
        typ="at+jwt",
    )
    context = JwtVerifier(secret=TEST_JWT_SECRET, **RULES).verify(token)
    assert (context.claims["iss"], list(context.claims["aud"])) == ("i", ["b", "api"])
    assert context.expires_at is None
    assert header_of(token) == {"typ": "at+jwt", "alg": "HS256", "kid": "k"}


def test_what_cannot_be_minted():
    for payload, given, option in [
        ({"a": "\ud800"}, {}, "payload"),
        ({}, {"expires_in": "soon"}, "expires_in"),
        ({}, {"issuer": 7}, "issuer"),
    ]:
        with pytest.raises(ConfigError) as caught:
            create_test_jwt(payload, **given)
        assert caught.value.option == option
    with pytest.raises(TypeError):
        create_test_jwt([])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not JSON compliant"):
        create_test_jwt({"a": float("nan")})


BUILD = "import os\nfrom bearergate import JwtVerifier\nJwtVerifier(secret=os.environ['SECRET'])"


@pytest.mark.parametrize(
    ("code", "given", "stderr"),
    [
        (f"import unittest, bearergate.testing\n{BUILD}", {}, ""),
        (f"import pytest, bearergate.testing\n{BUILD}", {}, ""),
        (f"import bearergate.testing\n{BUILD}", {"BEARERGATE_ALLOW_TEST_SECRET": "1"}, ""),
        (f"import bearergate.testing\n{BUILD}", {}, "outside of a test run"),
        (f"import bearergate.testing, unittest\n{BUILD}", {}, "outside of a test run"),
        (f"import bearergate.testing\n{BUILD}", {"BEARERGATE_ALLOW_TEST_SECRET": "0"}, "everyone knows"),
        (BUILD, {"BEARERGATE_ALLOW_TEST_SECRET": "1"}, "everyone knows"),
        (BUILD, {"SECRET": TEST_JWT_SECRET + "\n"}, "everyone knows"),
    ],
)
def test_the_test_secret_serves_only_where_the_module_is_loaded_in_a_test_run(code, given, stderr):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"SECRET": TEST_JWT_SECRET, **given},
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == (not stderr), done.stderr
    assert stderr in done.stderr
    assert bool(stderr) == bool(done.stderr)
    assert (done.returncode == 0) or "ConfigError" in done.stderr


def mint(pair: RsaTestKeypair, **changed: Any) -> str:
    return create_test_jwt_rs256(
        pair.private_key, {"sub": "user-123"}, **{"kid": pair.kid, **RULES, **changed}
    )


def test_a_key_pair_in_every_form(rsa_test_keypair):
    assert rsa_test_keypair.kid == TEST_JWT_KID == rsa_test_keypair.public_jwk["kid"]
    assert {name: rsa_test_keypair.public_jwk[name] for name in ("kty", "alg", "use")} == {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
    }
    for key in (rsa_test_keypair.public_key, rsa_test_keypair.public_jwk):
        assert JwtVerifier(public_key=key, **RULES).verify(mint(rsa_test_keypair)).subject == "user-123"
    assert "PRIVATE" not in repr(rsa_test_keypair)


def test_other_private_keys_sign():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    verifier = JwtVerifier(public_key=key.public_key())
    for form in (
        key,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    ):
        assert verifier.verify(create_test_jwt_rs256(form, {"sub": "a"}, kid="k")).subject == "a"
    for wrong in ("nonsense", key.public_key(), ed25519.Ed25519PrivateKey.generate(), 7):
        with pytest.raises(ConfigError) as caught:
            create_test_jwt_rs256(wrong, {"sub": "a"}, kid="k")
        assert caught.value.option == "private_key"


def test_the_endpoint_serves_keys_and_discovery(rsa_test_keypair):
    with start_test_jwks_server(rsa_test_keypair.public_jwk) as server:
        assert server.url == f"{server.origin}/.well-known/jwks.json"
        with JwtVerifier(jwks_uri=server.url, **RULES) as verifier:
            assert verifier.verify(mint(rsa_test_keypair)).subject == "user-123"
            assert verifier.verify(mint(rsa_test_keypair)).subject == "user-123"
        assert server.requests == 1
        with JwtVerifier(discover=True, issuer=server.origin) as verifier:
            assert verifier.verify(mint(rsa_test_keypair, issuer=server.origin)).subject == "user-123"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server.origin}/elsewhere")
        caught.value.close()
    server.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(server.url)


def test_the_endpoint_rotates_keys(rsa_test_keypair, jwks_server):
    other = generate_rsa_test_keypair("other")
    with JwtVerifier(jwks_uri=jwks_server.url, jwks={"cooldown": 1}) as verifier:
        verifier.verify(mint(rsa_test_keypair))
        jwks_server.rotate({"keys": [other.public_jwk]})
        assert jwks_server.keys == [other.public_jwk]
        time.sleep(1.1)
        assert verifier.verify(mint(other)).subject == "user-123"
        assert code_of(verifier, mint(rsa_test_keypair)) == "ERR_KEY_NOT_FOUND"
    for wrong in ("keys", [7]):
        with pytest.raises(TypeError):
            jwks_server.rotate(wrong)


def test_the_endpoint_fails_in_each_way_and_recovers(rsa_test_keypair, jwks_server):
    token = mint(rsa_test_keypair)

    def attempt() -> AuthContext:
        with JwtVerifier(jwks_uri=jwks_server.url, jwks={"timeout": 0.3}) as verifier:
            return verifier.verify(token)

    for how, reason in [
        (503, "unavailable"),
        (404, "unavailable"),
        ("disconnect", "unavailable"),
        ("invalid", "unavailable"),
        ("hang", "timeout"),
    ]:
        jwks_server.fail(how, {"retry-after": "7"})
        with pytest.raises(KeysUnavailableError) as caught:
            attempt()
        assert caught.value.reason == reason, how
    assert jwks_server.requests == 5
    jwks_server.recover()
    assert attempt().subject == "user-123"
    for wrong in (200, 600, "slow", True):
        with pytest.raises(TypeError):
            jwks_server.fail(wrong)


def test_a_mock_context_has_defaults_that_may_be_overridden():
    assert mock_auth_context() == AuthContext(
        subject="test-user", name="Test User", roles=["user"], scopes=["read"], claims={}, type="test"
    )
    at = datetime(2100, 1, 1, tzinfo=UTC)
    made = mock_auth_context(subject="admin-1", roles=["admin"], name=None, claims={"a": [1]}, expires_at=at)
    assert made == AuthContext(
        subject="admin-1", roles=["admin"], scopes=["read"], claims={"a": [1]}, type="test", expires_at=at
    )
    with pytest.raises(TypeError):
        mock_auth_context(role="x")  # type: ignore[call-arg]


def test_a_context_holds_inside_and_nowhere_else():
    alice = mock_auth_context(subject="alice")
    seen: list[AuthContext | None] = []
    with with_auth_context(alice) as entered:
        assert entered is require_auth_context() is alice
        thread = threading.Thread(target=lambda: seen.append(get_auth_context()))
        thread.start()
        thread.join()
        with with_auth_context(mock_auth_context()):
            assert require_auth_context().subject == "test-user"
        assert require_auth_context() is alice
    assert get_auth_context() is None
    assert seen == [None]

    def raising() -> None:
        with with_auth_context(alice):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        raising()
    assert get_auth_context() is None
    with pytest.raises(TypeError):
        with_auth_context("alice")  # type: ignore[arg-type]


def test_tasks_see_the_context_they_were_started_in():
    async def subject() -> str | None:
        await asyncio.sleep(0)
        context = get_auth_context()
        return context.subject if context else None

    async def main() -> list[str | None]:
        async with with_auth_context(mock_auth_context(subject="alice")):
            inside = asyncio.create_task(subject())
        return [await inside, await subject()]

    assert asyncio.run(main()) == ["alice", None]


def test_the_fixture_is_the_caller(auth_context):
    assert require_auth_context() is auth_context
    assert auth_context.subject == "test-user"


@pytest.mark.auth_context(subject="admin-1", roles=["admin"])
def test_the_marker_says_who(auth_context):
    assert (require_auth_context().subject, auth_context.roles) == ("admin-1", ("admin",))


def test_the_caller_left_with_its_test():
    assert get_auth_context() is None


def test_the_minting_fixture(test_jwt):
    assert JwtVerifier(secret=TEST_JWT_SECRET).verify(test_jwt({"sub": "a"})).subject == "a"


def test_the_page_shows_tests_that_pass(tmp_path):
    page = (Path(__file__).parents[2] / "docs/testing.md").read_text()
    code = page.split("<!-- testing-python -->\n```python\n")[1].split("```")[0]
    (tmp_path / "test_page.py").write_text(code)
    run = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider"]
    done = subprocess.run([*run, "test_page.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_plugin_imports_nothing_of_the_package_until_it_is_asked(tmp_path):
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_nothing_is_loaded(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.hasplugin('bearergate')\n"
        "    assert not [name for name in sys.modules if name.split('.')[0] == 'bearergate']\n"
        "def test_it_is_when_asked(test_jwt):\n"
        "    assert test_jwt({'sub': 'a'}).count('.') == 2\n"
    )
    run = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider"]
    done = subprocess.run([*run, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    without = subprocess.run(
        [*run, "-p", "no:bearergate", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert "fixture 'test_jwt' not found" in without.stdout
