"""Resident memory after 10 million verifications and 100,000 rotations, against that after the first 1 %:
`memory.py [--scale 0.01]`. The verifiers' clock is moved by the script; the rotations are real fetches."""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt

from bearergate import JwtAuthError, JwtVerifier
from load import Provider, end, figure, on_clock, say

ROUNDS = 100
COOLDOWN_S = 1
MOST_GROWTH = 1.1
SECRET = "a secret of the load scripts, thirty-two bytes and more"
WALL_MS = 1_800_000_000_000
EXP = WALL_MS // 1000 + 1000
GOOD = {"sub": "alice", "aud": "api", "exp": EXP, "roles": ["a", "b"], "nested": {"list": [1, 2, 3]}}

arguments = argparse.ArgumentParser()
arguments.add_argument("--scale", type=float, default=1)
given = arguments.parse_args()
verifications = round(10_000_000 * given.scale / ROUNDS)
# Twice at least for each of the two remote sets: only then their cooldown has begun.
rotations = max(4, round(100_000 * given.scale / ROUNDS))

provider = Provider()
monotonic_ms = 0


def hmac(**claims: Any) -> str:
    return jwt.encode(GOOD | claims, SECRET, "HS256")


def refused(verifier: JwtVerifier, token: str, code: str) -> None:
    try:
        verifier.verify(token)
    except JwtAuthError as error:
        if error.code == code:
            return
        code = f"{code} but {error.code}"
    raise RuntimeError(f"not refused with {code}")


class Rotating:
    """A verifier over a set that rotates at each fetch, and tokens of the key it has."""

    def __init__(self, name: str, cache: bool | None) -> None:
        self.rotations = 0
        self.tokens: list[str] = []
        self.path = f"/rotating/{name}"
        options = {"jwks_uri": provider.url(self.path), "cache": cache, "jwks": {"cooldown": COOLDOWN_S}}
        self.verifier, self._set_clock = on_clock(WALL_MS, **options)
        self._before: str | None = None

    def rotate(self) -> None:
        """The key set changes, a token of the new key causes a fetch, and the old key is gone."""
        self._set_clock(monotonic_ms)
        self.rotations += 1
        (token,) = self._mint(1)
        # Both ways to wait for the keys.
        if self.rotations % 2:
            context = self.verifier.verify(token)
        else:
            context = loop.run_until_complete(self.verifier.verify_async(token))
        if context.subject != f"s{self.rotations}-0":
            raise RuntimeError(f"rotation {self.rotations}: {context}")
        if self._before is not None:
            refused(self.verifier, self._before, "ERR_KEY_NOT_FOUND")
        self._before = token

    def mint(self, count: int) -> None:
        self.tokens = self._mint(count)

    def _mint(self, count: int) -> list[str]:
        n = self.rotations
        return [provider.token(n, f"r{n}", {"sub": f"s{n}-{i}", "exp": EXP}) for i in range(count)]


loop = asyncio.new_event_loop()
cached, uncached = Rotating("cached", None), Rotating("uncached", False)
churned, _ = on_clock(WALL_MS, secret=SECRET, audience="api")
plain, _ = on_clock(WALL_MS, secret=SECRET, audience="api", cache=False)
hs = hmac()
refusals = [
    ("ERR_TOKEN_EXPIRED", plain, hmac(exp=1)),
    ("ERR_CLAIM_INVALID", churned, hmac(aud="other")),
    ("ERR_SIGNATURE_INVALID", plain, f"{hs[:-4]}AAAA"),
    ("ERR_TOKEN_MALFORMED", churned, f"{hs}.x"),
    ("ERR_KEY_NOT_FOUND", cached.verifier, provider.token(1, "nobody", GOOD)),
]


def some(share: float, work: Callable[[int], object]) -> int:
    count = round(verifications * share)
    for index in range(count):
        work(index)
    return count


def refuse(index: int) -> None:
    code, verifier, token = refusals[index % len(refusals)]
    refused(verifier, token, code)


def verify_all(turn: int) -> int:
    """Verifications of one round; gives how many they were."""
    cached.mint(64)
    uncached.mint(8)
    # Hits of the cache, its claims read; misses that push others out; and no cache at all.
    return (
        some(0.4, lambda index: cached.verifier.verify(cached.tokens[index % 64]).claims["sub"])
        + some(0.05, lambda index: churned.verify(hmac(jti=f"{turn}-{index}")))
        + some(0.05, lambda index: uncached.verifier.verify(uncached.tokens[index % 8]))
        + some(0.25, lambda _: plain.verify(hs).claims["nested"])
        + some(0.25, refuse)
    )


def resident_kib() -> int:
    gc.collect()
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def mib(kib: int) -> str:
    return f"{kib / 1024:.1f} MiB"


first, last = (0, 0), (0, 0)
verified = 0
started = time.perf_counter()
for turn in range(1, ROUNDS + 1):
    for rotation in range(rotations):
        monotonic_ms += COOLDOWN_S * 1000 + 1
        (uncached if rotation % 2 else cached).rotate()
    verified += verify_all(turn)
    if turn == 1 or turn % 10 == 0:
        last = resident_kib(), sys.getallocatedblocks()
        first = first if turn > 1 else last
        say(
            f"after {turn} %: {mib(last[0])} resident, {last[1]} blocks, {time.perf_counter() - started:.0f} s"
        )

turned = cached.rotations + uncached.rotations
fetches = provider.count(cached.path) + provider.count(uncached.path)
figure(
    f"{verified} verifications, {turned} rotations, each by one fetch ({fetches})",
    holds=verified == verifications * ROUNDS and fetches == turned == rotations * ROUNDS,
)
if given.scale == 1:
    growth = last[0] / first[0]
    figure(
        f"{mib(first[0])} resident after 1 %, {mib(last[0])} at the end: {growth:.3f} x; "
        f"Python's own blocks {first[1]} and {last[1]}",
        holds=growth <= MOST_GROWTH,
    )
loop.close()
provider.close()
end()
