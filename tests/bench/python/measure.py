"""Times of calls that take turns: in each round every one of them runs a batch, so that what the machine does
meanwhile happens to all alike. The ratios between medians count, not the times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

BATCH_SECONDS = 0.002
"""Least time of a batch."""

K = TypeVar("K")

Run = Callable[[Callable[..., Any], int], float]
"""Calls a function so many times and gives the seconds that it took."""


class Timed:
    """Calls that are made elsewhere."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self._seconds = seconds

    def __call__(self, size: int) -> float:
        """Makes so many and gives the seconds that they took."""
        return self._seconds(size)


def run_sync(call: Callable[[], Any], size: int) -> float:
    begun = perf_counter()
    for _ in repeat(None, size):
        call()
    return perf_counter() - begun


def alternate(
    calls: Mapping[K, Callable[..., Any]], rounds: int, run: Run = run_sync
) -> dict[K, list[float]]:
    """Microseconds per call of each function in each round; a `Timed` says itself what its calls took."""

    def run_any(call: Callable[..., Any], size: int) -> float:
        return call(size) if isinstance(call, Timed) else run(call, size)

    sizes = {name: _size_of(call, run_any) for name, call in calls.items()}
    times: dict[K, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            # Untimed, a few: what the others have pushed out of the processor's caches is nobody's cost.
            run_any(call, sizes[name] // 8 + 1)
            times[name].append(run_any(call, sizes[name]) / sizes[name] * 1e6)
    return times


def _size_of(call: Callable[..., Any], run: Run) -> int:
    """How many calls fill a batch, once the function is warm."""
    size = 16
    while (seconds := run(call, size)) < BATCH_SECONDS * 4:
        size *= 2
    return max(4, round(size * BATCH_SECONDS / seconds))


def row(table: str, row: str, column: str, values: Sequence[float], unit: str = "us") -> dict[str, Any]:
    """One measurement as the report reads it."""
    return {
        "table": table,
        "row": row,
        "column": column,
        unit: round(median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }
