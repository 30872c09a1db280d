"""Verifications per second of one thread and of two that share a verifier, without the cache."""

from __future__ import annotations

import threading
from itertools import repeat
from time import perf_counter
from typing import Any

from libraries import Verify, libraries
from measure import row
from tokens import signed

LIBRARIES = ("bearergate", "ryjwt", "PyJWT")


def threads(rounds: int, seconds: float, alg: str = "RS256") -> list[dict[str, Any]]:
    subject = signed(alg)
    calls = {name: call for name, call in libraries(subject).items() if name in LIBRARIES}
    rates: dict[tuple[str, int], list[float]] = {(name, n): [] for name in calls for n in (1, 2)}
    for _ in range(rounds):
        for (name, count), found in rates.items():
            found.append(_per_second(calls[name], subject.token, count, seconds))
    return [
        row("threads", f"{alg}, {count} thread{'s' * (count - 1)}", name, found, "per_second")
        for (name, count), found in rates.items()
    ]


def _per_second(verify: Verify, token: str, count: int, seconds: float) -> float:
    together = threading.Barrier(count)
    rates: list[float] = []

    def work() -> None:
        together.wait()
        calls, begun = 0, perf_counter()
        while (elapsed := perf_counter() - begun) < seconds:
            for _ in repeat(None, 16):
                verify(token)
            calls += 16
        rates.append(calls / elapsed)

    workers = [threading.Thread(target=work) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(rates)
