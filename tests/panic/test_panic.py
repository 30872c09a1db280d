"""A panic in the core is a refusal in Python. Runs on a build whose core panics on every token: see `make test-panic`."""

import asyncio
import base64
import os
import subprocess
import sys

import pytest

from bearergate import InvalidTokenError, JwtVerifier

OPTIONS = {"secret": "0123456789abcdef0123456789abcdef"}
TOKEN = "e30.e30.AA"


def test_a_panic_refuses_the_token_and_the_verifier_goes_on():
    verifier = JwtVerifier(**OPTIONS)
    for _ in range(2):
        with pytest.raises(InvalidTokenError) as refused:
            verifier.verify(TOKEN)
        assert refused.value.code == "ERR_INTERNAL"
        with pytest.raises(InvalidTokenError) as refused:
            asyncio.run(verifier.verify_async(TOKEN))
        assert refused.value.code == "ERR_INTERNAL"


def test_what_the_panic_writes_holds_no_secret_and_no_token():
    secret, claims, signature = "SECRETMARKER-5d41402abc4b2a76b9719d91", "Q0xBSU1NQVJLRVI", "U0lHTkFUVVJF"
    program = f"""
import traceback
from bearergate import JwtVerifier
verifier = JwtVerifier(secret={secret!r})
try:
    verifier.verify("e30.{claims}.{signature}")
except Exception as error:
    print(repr(error), error.code, "".join(traceback.format_exception_only(error)))
"""
    environment = {**os.environ, "RUST_BACKTRACE": "full"}
    done = subprocess.run(
        [sys.executable, "-"], input=program, env=environment, capture_output=True, text=True, check=True
    )
    assert "panicked" in done.stderr
    assert "ERR_INTERNAL" in done.stdout
    encoded = base64.urlsafe_b64encode(secret.encode()).decode()[:-4]
    for marker in (secret, claims, signature, encoded):
        assert marker not in done.stdout + done.stderr
