"""What importing the package costs a program: only what it uses is imported with it."""

import subprocess
import sys

import pytest

import bearergate

# Beside what `typing` imports, which depends on the CPython.
SLOW = ("asyncio", "dataclasses", "datetime", "inspect", "json", "logging", "re", "threading")


def ended(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def test_nothing_slow_is_imported():
    loaded = ended(
        f"import sys, typing; already = set(sys.modules); import bearergate; "
        f"print([name for name in {SLOW} if name in sys.modules and name not in already])"
    )
    assert loaded == "[]\n"


def test_nor_by_a_verification():
    loaded = ended(
        "import sys, typing; already = set(sys.modules); import bearergate\n"
        "verifier = bearergate.JwtVerifier(secret='0123456789abcdef0123456789abcdef')\n"
        "try: verifier.verify('a.b.c')\n"
        "except bearergate.InvalidTokenError as error: print(error.code)\n"
        f"print([name for name in {SLOW} if name in sys.modules and name not in (*already, 'datetime')])"
    )
    assert loaded == "ERR_TOKEN_MALFORMED\n[]\n"


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


def test_who_imports_logging_later_hears_of_refusals():
    told = ended(
        "import bearergate, sys\n"
        "verifier = bearergate.JwtVerifier(secret='0123456789abcdef0123456789abcdef')\n"
        "def refused():\n"
        "    try: verifier.verify('a.b.c')\n"
        "    except bearergate.JwtAuthError: pass\n"
        "refused()\n"
        "import logging\n"
        "refused()\n"
        "logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(name)s %(message)s')\n"
        "refused()\n"
    )
    assert told == "bearergate refused: ERR_TOKEN_MALFORMED\n"
