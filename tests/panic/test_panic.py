"""A panic in the core is a refusal in Python. Runs on a build whose core panics on every token: see `make test-panic`."""

import asyncio

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
