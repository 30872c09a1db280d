"""16 threads verify while the key set rotates and verifiers are closed: nobody is stuck.
`threads.py [--seconds 10]`."""

from __future__ import annotations

import argparse
import faulthandler
import threading
import time
from collections import Counter
from typing import Any

from bearergate import JwtAuthError, JwtVerifier
from load import Provider, end, figure, on_clock, say

THREADS = 16
WALL_MS = 1_800_000_000_000
EXP = WALL_MS // 1000 + 1000
# What a verifier may say when its set rotates or is closed under the call.
EXPECTED = {"verified", "ERR_KEY_NOT_FOUND", "ERR_KEYS_UNAVAILABLE"}

arguments = argparse.ArgumentParser()
arguments.add_argument("--seconds", type=float, default=10)
given = arguments.parse_args()
# Whoever is stuck is shown with a stack, and the script fails.
faulthandler.dump_traceback_later(given.seconds + 20, exit=True)

provider = Provider()
over = threading.Event()


class Shared:
    """The verifier that all threads use, on a clock that is moved at each rotation, and its tokens."""

    def __init__(self, generation: int) -> None:
        self.path = f"/rotating/{generation}"
        options: dict[str, Any] = {"jwks_uri": provider.url(self.path), "jwks": {"cooldown": 1}}
        if generation % 2:
            options["cache"] = False
        self.verifier, self._set_clock = on_clock(WALL_MS, **options)
        self.rotations = 0
        self.tokens = [self._mint(1)]

    def rotate(self) -> None:
        """Announces the token of the key to come; whichever thread uses it first causes the fetch."""
        self.rotations += 1
        self._set_clock(self.rotations * 1001)
        self.tokens = [*self.tokens[-1:], self._mint(self.rotations + 1)]

    def _mint(self, n: int) -> str:
        return provider.token(n, f"r{n}", {"sub": f"s{n}", "exp": EXP})


shared = Shared(0)
closed = rotations = 0


def verify(outcomes: Counter[str]) -> None:
    turn = 0
    while not over.is_set():
        turn += 1
        now = shared
        try:
            now.verifier.verify(now.tokens[turn % len(now.tokens)])
            outcomes["verified"] += 1
        except JwtAuthError as error:
            outcomes[error.code] += 1


def disturb() -> None:
    """Rotates every 10 ms and closes every 20th time, with calls under way."""
    global shared, closed, rotations  # noqa: PLW0603
    while not over.wait(0.01):
        shared.rotate()
        rotations += 1
        if shared.rotations == 20:
            before, shared = shared, Shared(closed + 1)
            before.verifier.close()
            closed += 1


def outlive(outcomes: Counter[str]) -> None:
    """Verifiers on the system's clock, a few on each set, closed at every moment of its fetch."""
    token = provider.token(0, "fixed", {"sub": "alice", "exp": int(time.time()) + 600})
    while not over.is_set():
        path = f"/fixed/shared-{time.monotonic():.1f}"
        with JwtVerifier(jwks_uri=provider.url(path)) as verifier:
            closer = threading.Timer(0.02, verifier.close)
            closer.start()
            try:
                verifier.verify(token)
                outcomes["verified"] += 1
            except JwtAuthError as error:
                outcomes[error.code] += 1
            closer.join()


counts = [Counter[str]() for _ in range(THREADS)]
threads = [
    threading.Thread(target=verify if index < THREADS - 2 else outlive, args=(each,), daemon=True)
    for index, each in enumerate(counts)
]
threads.append(threading.Thread(target=disturb, daemon=True))
for thread in threads:
    thread.start()
time.sleep(given.seconds)
over.set()
deadline = time.monotonic() + 10
for thread in threads:
    thread.join(max(0, deadline - time.monotonic()))
stuck = sum(thread.is_alive() for thread in threads)

outcomes = sum(counts, Counter[str]())
say(f"{dict(outcomes)}")
figure(
    f"{THREADS} threads, {outcomes.total()} calls, {rotations} rotations, {closed} closed: {stuck} stuck",
    holds=stuck == 0
    and closed > 0
    and all(each["verified"] for each in counts)
    and set(outcomes) <= EXPECTED,
)
provider.close()
end()
