"""What a library takes of memory: the resident size of a process that has imported it and verified many
different tokens, over that of one that has made the same tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from tokens import AUDIENCE, CLAIMS, ISSUER, SECRET

TOKENS = 20_000

_PROGRAM = """
import base64, gc, hashlib, hmac, json, os, resource, sys
secret, issuer, audience, claims, count = json.loads(sys.argv[1])
verify = lambda token: None
{set_up}
encode = lambda part: base64.urlsafe_b64encode(part).rstrip(b"=")
header = encode(b'{{"alg":"HS256","typ":"JWT"}}')
for at in range(count):
    signed = header + b"." + encode(json.dumps({{**claims, "jti": str(at)}}).encode())
    signature = encode(hmac.digest(secret.encode(), signed, "sha256"))
    verify((signed + b"." + signature).decode())
gc.collect()
try:
    with open("/proc/self/statm") as statm:
        print(int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
except OSError:
    # The largest so far, in bytes, where there is no /proc.
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

_OURS = """
from bearergate import JwtVerifier
verify = JwtVerifier(secret=secret, issuer=issuer, audience=audience, cache={cache}).verify
"""

_LIBRARIES = {
    "bearergate": _OURS.format(cache=False),
    "bearergate, with its cache": _OURS.format(cache=None),
    "PyJWT": """
import jwt
verify = lambda token: jwt.decode(token, secret, ["HS256"], audience=audience, issuer=issuer)
""",
    "ryjwt": """
import ryjwt
verify = ryjwt.SecretKey(secret, algorithms=["HS256"], audience=audience, issuer=issuer).decode
""",
    "joserfc": """
from joserfc import jwt
from joserfc.jwk import OctKey
key = OctKey.import_key(secret)
verify = lambda token: jwt.decode(token, key, ["HS256"])
""",
}


def memory(rounds: int) -> list[dict[str, Any]]:
    sizes: dict[str, list[int]] = {name: [] for name in _LIBRARIES}
    for _ in range(rounds):
        none = _resident("")
        for name, set_up in _LIBRARIES.items():
            sizes[name].append(_resident(set_up) - none)
    return [
        {"table": "memory", "row": name, "column": "process", "bytes": round(median(found))}
        for name, found in sizes.items()
    ]


def _resident(set_up: str) -> int:
    """Bytes."""
    given = json.dumps([SECRET, ISSUER, AUDIENCE, CLAIMS, TOKENS])
    command = [sys.executable, "-c", _PROGRAM.format(set_up=set_up), given]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return int(done.stdout)
