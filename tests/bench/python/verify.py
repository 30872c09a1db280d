"""A verification by each library, from the token to what a handler reads: the context of ours, the claims of a
peer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from libraries import libraries
from measure import alternate, row
from tokens import ALGORITHMS, signed


def verify(rounds: int, algorithms: Sequence[str] = ALGORITHMS) -> list[dict[str, Any]]:
    measurements = []
    for alg in algorithms:
        subject = signed(alg)
        calls = {name: partial(call, subject.token) for name, call in libraries(subject).items()}
        times = alternate(calls, rounds)
        measurements += [row("verify", alg, name, values) for name, values in times.items()]
    return measurements
