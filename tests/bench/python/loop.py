"""Verifies an HS256 token without a cache for so many seconds, and reads a claim, for a profiler: `loop.py SECONDS`."""

from __future__ import annotations

import sys
import time

from libraries import options
from tokens import signed

from bearergate import JwtVerifier

given = signed("HS256")
verifier = JwtVerifier(**options(given, cache=False))
end = time.perf_counter() + float(sys.argv[1])
while time.perf_counter() < end:
    for _ in range(1000):
        _ = verifier.verify(given.token).claims["email"]
