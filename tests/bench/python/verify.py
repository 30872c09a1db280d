"""A verification by each library, from the token to what a handler reads: the context of ours, the claims of a
peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bare import SIGNATURE, BareSignature
from libraries import libraries
from measure import Timed, alternate, row
from tokens import ALGORITHMS, signed


def verify(bare: str, rounds: int, algorithms: Sequence[str] = ALGORITHMS) -> list[dict[str, Any]]:
    calls: dict[tuple[str, str], Callable[..., Any]] = {}
    with BareSignature(bare) as signature:
        for alg in algorithms:
            subject = signed(alg)
            calls[alg, SIGNATURE] = Timed(partial(signature.seconds, alg))
            for name, call in libraries(subject).items():
                calls[alg, name] = partial(call, subject.token)
        # All in the same rounds: a fast algorithm would else be measured in a moment, whatever the machine did in it.
        times = alternate(calls, rounds)
    return [row("verify", alg, name, values) for (alg, name), values in times.items()]
