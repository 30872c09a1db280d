"""OpenTelemetry: verdicts as metrics and on spans, and the state of remote keys. Importing this module
imports `opentelemetry`; nothing is measured before `instrument()`.

| metric | kind, unit | attributes |
|---|---|---|
| `bearergate.verifications` | counter | `outcome`: `OK`, or the code of the refusal |
| `bearergate.verification.duration` | histogram, s | `outcome` |
| `bearergate.jwks.state` | gauge: 1 for the state that the keys of a URL are in, 0 for the others | `url`, `state` |
| `bearergate.jwks.keys` | gauge | `url` |
| `bearergate.jwks.age` | gauge, s | `url` |
| `bearergate.jwks.fetches`, `bearergate.jwks.failures` | counters | `url` |
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, final

from . import _extras, _observe

try:
    from opentelemetry import metrics, trace
    from opentelemetry.metrics import Observation
except ModuleNotFoundError as _missing:
    raise _extras.missing(_missing, "opentelemetry", "opentelemetry-api", "otel") from _missing

from ._native import AuthContext, Refusal, __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, MeterProvider

__all__ = ["instrument", "uninstrument"]

# From a cached verdict to the longest fetch, in seconds.
_BUCKETS: Final = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10,
)  # fmt: skip

# From best to worst.
_STATES: Final = ("fresh", "ageing", "stale", "cold", "dead")


def instrument(*, meter_provider: MeterProvider | None = None, subjects: bool = False) -> None:
    """Measures every verdict of this process from now on, of verifiers that are there already too.

    The span that is current when a request is judged gets `bearergate.outcome`, and of a refusal
    `bearergate.claim` and `bearergate.reason`.

    Args:
        meter_provider: Where the instruments come from; by default the global one.
        subjects: Whether spans get the subject of accepted tokens, as `enduser.id`. It is personal data
            in most systems, and traces are read by many.
    """
    _observe.activate(_Telemetry(meter_provider or metrics.get_meter_provider(), subjects=subjects))


def uninstrument() -> None:
    """Measures no more."""
    _observe.activate(None)


@final
class _Telemetry:
    """Tells instruments and spans."""

    def __init__(self, provider: MeterProvider, *, subjects: bool) -> None:
        meter = provider.get_meter("bearergate", __version__)
        self._subjects = subjects
        # Counting here and being asked now and then costs a hundredth of what a counter's `add` does.
        self._counts: dict[str, int] = {}
        self.lock = threading.Lock()
        self._duration = meter.create_histogram(
            "bearergate.verification.duration",
            "s",
            "Time from the question to the verdict, waiting for keys and `validate` included.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        meter.create_observable_counter(
            "bearergate.verifications", [_verifications], "{verification}", "Tokens and requests judged."
        )
        for name, unit, text, read in _GAUGES:
            meter.create_observable_gauge(name, [_observed(read)], unit, text)
        for name, unit, text, read in _COUNTERS:
            meter.create_observable_counter(name, [_observed(read)], unit, text)

    def accepted(self, caller: AuthContext, seconds: float | None) -> None:
        self._measure("OK", seconds)
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attribute("bearergate.outcome", "OK")
            if self._subjects:
                span.set_attribute("enduser.id", caller.subject)

    def refused(self, refusal: Refusal, seconds: float | None) -> None:
        self._measure(refusal.code, seconds)
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attribute("bearergate.outcome", refusal.code)
            span.set_attribute("bearergate.reason", refusal.reason)
            if refusal.claim is not None:
                span.set_attribute("bearergate.claim", refusal.claim)

    def _measure(self, outcome: str, seconds: float | None) -> None:
        with self.lock:
            self._counts[outcome] = self._counts.get(outcome, 0) + 1
        if seconds is not None:
            self._duration.record(seconds, {"outcome": outcome})

    def counts(self) -> Iterator[Observation]:
        with self.lock:
            counts = dict(self._counts)
        for outcome, count in counts.items():
            yield Observation(count, {"outcome": outcome})


def _after_fork() -> None:
    # A thread that did not survive the fork may have held it.
    if isinstance(_observe.active, _Telemetry):
        _observe.active.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# Instruments outlive their use, since a meter gives none back: they ask whoever measures now.
def _verifications(options: CallbackOptions) -> Iterable[Observation]:
    return _observe.active.counts() if isinstance(_observe.active, _Telemetry) else ()


Stats = dict[str, Any]
Read = Callable[[str, list[Stats]], Iterator[Observation]]


def _observed(read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
    """Reads the sets of keys, one after the other. Verifiers of one URL share a set, or have one each."""

    def observe(options: CallbackOptions) -> Iterable[Observation]:
        if _observe.active is None:
            return
        sets: dict[str, list[Stats]] = {}
        for judge in _observe.judges():
            stats: Stats = json.loads(judge.gate.stats_json())
            if stats["state"] in _STATES:
                sets.setdefault(stats["url"], []).append(stats)
        for url, those in sets.items():
            yield from read(url, those)

    return observe


def _states(url: str, those: list[Stats]) -> Iterator[Observation]:
    worst = max((stats["state"] for stats in those), key=_STATES.index)
    for state in _STATES:
        yield Observation(int(state == worst), {"url": url, "state": state})


def _largest(name: str) -> Read:
    def read(url: str, those: list[Stats]) -> Iterator[Observation]:
        values = [stats[name] for stats in those if stats[name] is not None]
        if values:
            yield Observation(max(values), {"url": url})

    return read


_GAUGES: Final[tuple[tuple[str, str, str, Read], ...]] = (
    ("bearergate.jwks.state", "1", "State of a set of keys: 1 for the one that holds.", _states),
    ("bearergate.jwks.keys", "{key}", "Usable keys of a set.", _largest("keys")),
    ("bearergate.jwks.age", "s", "Age of a set of keys.", _largest("ageSeconds")),
)
_COUNTERS: Final[tuple[tuple[str, str, str, Read], ...]] = (
    ("bearergate.jwks.fetches", "{fetch}", "Fetches of a set of keys that were begun.", _largest("fetches")),
    ("bearergate.jwks.failures", "{fetch}", "Fetches of a set of keys that failed.", _largest("failures")),
)
