"""What is imported, and when: a thread that imports while another one forks leaves the child waiting."""

import subprocess
import sys

import pytest
from keys import SECRET, token

import bearergate


def ended(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def test_a_verification_imports_nothing(jwks, signer):
    loaded = ended(
        "import sys, bearergate\n"
        f"hooked = bearergate.JwtVerifier(secret={SECRET!r}, on_reject=lambda info: None)\n"
        f"plain = bearergate.JwtVerifier(secret={SECRET!r})\n"
        f"remote = bearergate.JwtVerifier(jwks_uri={jwks.url!r})\n"
        f"told = bearergate.JwtVerifier(jwks_uri={jwks.url!r}, on_fetch=lambda event: None)\n"
        "already = set(sys.modules)\n"
        "for verifier in (hooked, plain):\n"
        f"    context = verifier.verify({token(roles=['a'])!r})\n"
        "    context.claims['sub'], context.claims.to_dict(), repr(context), context.expires_at, verifier.stats()\n"
        "    try: verifier.verify('a.b.c')\n"
        "    except bearergate.InvalidTokenError as error: print(error.code)\n"
        "for verifier in (remote, told):\n"
        f"    print(verifier.verify({signer.token()!r}).subject)\n"
        "    verifier.close()\n"
        "print(sorted(set(sys.modules) - already))"
    )
    assert loaded == "ERR_TOKEN_MALFORMED\n" * 2 + "alice\n" * 2 + "[]\n"


def test_an_import_brings_little_along():
    heavy = ("asyncio", "inspect", "dataclasses", "logging", "json", "datetime", "threading")
    loaded = ended(
        "import sys; already = set(sys.modules); import bearergate\n"
        f"print(sorted(set({heavy!r}) & (set(sys.modules) - already)))"
    )
    assert loaded == "[]\n"


def test_a_verifier_of_given_keys_does_without_a_loop():
    loaded = ended(
        "import sys; already = set(sys.modules); import bearergate\n"
        f"bearergate.JwtVerifier(secret={SECRET!r}).verify({token()!r})\n"
        "print(sorted({'asyncio', 'inspect', 'dataclasses'} & (set(sys.modules) - already)))"
    )
    assert loaded == "[]\n"


@pytest.mark.parametrize("name", bearergate.__all__)
def test_every_name_is_there(name):
    assert name in dir(bearergate)
    assert getattr(bearergate, name) is getattr(bearergate, name)


def test_no_other_is():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = bearergate.nonsense
    assert (
        ended("from bearergate import *; print(Claims({'a': 1}), AuthzEffect.DENY)")
        == "Claims({'a': 1}) deny\n"
    )
