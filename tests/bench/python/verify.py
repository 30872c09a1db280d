"""A verification by each library, from the token to what a handler reads: the context of ours, the claims of a
peer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from bare import SIGNATURE, BareSignature
from libraries import libraries
from measure import Timed, alternate, row
from tokens import ALGORITHMS, signed


def verify(bare: str, rounds: int, algorithms: Sequence[str] = ALGORITHMS) -> list[dict[str, Any]]:
    measurements = []
    with BareSignature(bare) as signature:
        for alg in algorithms:
            subject = signed(alg)
            alone = {SIGNATURE: Timed(partial(signature.seconds, alg))}
            ours = {name: partial(call, subject.token) for name, call in libraries(subject).items()}
            times = alternate({**alone, **ours}, rounds)
            measurements += [row("verify", alg, name, values) for name, values in times.items()]
    return measurements
