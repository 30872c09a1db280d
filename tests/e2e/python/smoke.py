"""Whether an installed wheel works: it tells an expired token from a forged one, on many threads at a time,
and a build of CPython without the GIL stays without it."""

import sys
from concurrent.futures import ThreadPoolExecutor

from bearergate import InvalidTokenError, JwtVerifier

native = sys.modules["bearergate._native"].__file__
assert "site-packages" in native, native
# RFC 7515, appendix A.1: HS256; it expired in 2011.
KEY = bytes.fromhex(
    "0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebf"
    "d3fb5a92d20647ef968ab4c377623d223d2e2172052e4f08c0cd9af567d080a3"
)
TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)


def codes(verifier: JwtVerifier) -> set[tuple[str, str]]:
    told = set()
    for _ in range(500):
        for name, token in (("expired", TOKEN), ("forged", f"{TOKEN[:-3]}AAA"), ("lax", f"{TOKEN[:-1]}A")):
            try:
                verifier.verify(token)
            except InvalidTokenError as error:
                told.add((name, error.code))
            else:
                raise AssertionError(f"{name}: let through")
    return told


EXPECTED = {
    ("expired", "ERR_TOKEN_EXPIRED"),
    ("forged", "ERR_SIGNATURE_INVALID"),
    ("lax", "ERR_SIGNATURE_INVALID"),
}
with ThreadPoolExecutor(8) as threads:
    shared = JwtVerifier(secret=KEY)
    for told in threads.map(codes, [shared] * 8):
        assert told == EXPECTED, told
if "free-threading" in sys.version:
    assert not sys._is_gil_enabled(), "importing bearergate enabled the GIL"
