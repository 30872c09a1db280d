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
        "already = set(sys.modules)\n"
        f"with bearergate.JwtVerifier(secret={SECRET!r}, on_reject=lambda info: None) as verifier:\n"
        f"    context = verifier.verify({token(roles=['a'])!r})\n"
        "    context.claims['sub'], context.claims.to_dict(), repr(context), context.expires_at, verifier.stats()\n"
        "    try: verifier.verify('a.b.c')\n"
        "    except bearergate.InvalidTokenError as error: print(error.code)\n"
        f"with bearergate.JwtVerifier(jwks_uri={jwks.url!r}, on_fetch=lambda event: None) as verifier:\n"
        f"    print(verifier.verify({signer.token()!r}).subject)\n"
        "print(sorted(set(sys.modules) - already))"
    )
    assert loaded == "ERR_TOKEN_MALFORMED\nalice\n[]\n"


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
