"""Events about keys, from the core's JSON to the log and the hooks that asked for them."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal

from . import _log
from ._awaited import is_awaitable

__all__ = ["FetchErrorEvent", "FetchEvent", "KeysChangedEvent", "SkippedKey"]


@dataclass(frozen=True, slots=True)
class SkippedKey:
    """A key of a remote set that is not used."""

    kid: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchEvent:
    """A good fetch of keys."""

    url: str
    """Where the keys come from, without its query."""
    issuer: str | None = None
    """The configured issuer whose keys they are; `None` where `issuer` is not one string."""
    duration_ms: int
    """How long it took, discovery included."""
    not_modified: bool
    """Whether the server said that the set is still current (304)."""
    keys: int
    """Number of usable keys."""
    skipped: int
    """Number of keys that are not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchErrorEvent:
    """A fetch that gave nothing, or a snapshot that cannot be used or written. The old set serves on."""

    url: str
    """Where the keys come from, without its query."""
    issuer: str | None = None
    """The configured issuer whose keys they are; `None` where `issuer` is not one string."""
    source: Literal["remote", "snapshot"]
    """What failed: the network, or the file of `jwks["snapshot_file"]`."""
    error: str
    """What went wrong, in words."""
    reason: Literal["timeout", "unavailable", "invalid"]
    """`invalid`: the answer cannot be used."""
    status: int | None = None
    """HTTP status, where the status alone is a failure."""
    state: Literal["cold", "fresh", "ageing", "stale", "dead", "closed"]
    """State of the keys after it, as in `Stats`."""
    duration_ms: int | None = None
    """How long the fetch took."""
    next_attempt_seconds: float | None = None
    """Time until the set itself tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysChangedEvent:
    """Other keys are in service than before."""

    url: str
    """Where the keys come from, without its query."""
    issuer: str | None = None
    """The configured issuer whose keys they are; `None` where `issuer` is not one string."""
    source: Literal["remote", "snapshot", "initial"]
    """The network, `jwks["snapshot_file"]`, or `jwks["initial"]`."""
    keys: int
    """Number of usable keys now."""
    added: tuple[str | None, ...]
    """`kid` of each key that is new, `None` for one without."""
    removed: tuple[str | None, ...]
    """`kid` of each key that is gone, `None` for one without."""
    skipped: tuple[SkippedKey, ...]
    """Keys of the set that are not used."""


Hook = Callable[[Any], object]
KeyEvent = FetchEvent | FetchErrorEvent | KeysChangedEvent


# Most events that wait for hooks; more are dropped.
_MAX_PENDING = 1024


class _Thread:
    """A daemon thread that runs hooks, begun by the first event.

    A thread of the core must not run them: one that is still inside Python when the interpreter ends
    takes the process down, where a thread of Python's own just ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = False
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self, call: Callable[[], None]) -> None:
        with self._lock:
            if not self._begun:
                threading.Thread(target=self._work, name="bearergate-hooks", daemon=True).start()
                self._begun = True
        if self._calls.qsize() < _MAX_PENDING:
            self._calls.put(call)

    def _work(self) -> None:
        while True:
            # What ends a program, such as SystemExit, would end this thread.
            with contextlib.suppress(BaseException):
                self._calls.get()()


_thread = _Thread()


def _after_fork() -> None:
    # Threads do not survive a fork, and the lock may have been held by one of them.
    global _thread  # noqa: PLW0603
    _thread = _Thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def teller(fetch: Hook | None, fetch_error: Hook | None, keys_changed: Hook | None) -> Hook:
    """What the core calls with each event as JSON."""
    hooks = {"fetch": fetch, "fetchError": fetch_error, "keysChanged": keys_changed}

    def tell(text: str) -> None:
        event = json.loads(text)
        kind = event.pop("type")
        if hooks[kind] is not None or _log.wants(kind):
            _thread.run(lambda: report(kind, _EVENTS[kind](event)))

    def report(kind: str, event: KeyEvent) -> None:
        if _log.wants(kind):
            # The keys are what they are, whatever a handler of the log or a hook raises.
            with contextlib.suppress(Exception):
                _log.event(kind, event)
        hook = hooks[kind]
        if hook is not None:
            with contextlib.suppress(Exception):
                pending = hook(event)
                if is_awaitable(pending):
                    from . import _reports

                    _reports.finish(pending)

    return tell


def weakly(tell: Hook) -> Hook:
    """Tells as long as somebody else holds `tell`. The native side, through which no cycle is seen,
    would otherwise keep a verifier that its own hooks refer to for ever."""
    held = weakref.ref(tell)

    def call(text: str) -> None:
        tell = held()
        if tell is not None:
            tell(text)

    return call


def _fetched(event: dict[str, Any]) -> FetchEvent:
    return FetchEvent(
        url=event["url"],
        issuer=event.get("issuer"),
        duration_ms=event["durationMs"],
        not_modified=event["notModified"],
        keys=event["keys"],
        skipped=event["skipped"],
    )


def _failed(event: dict[str, Any]) -> FetchErrorEvent:
    return FetchErrorEvent(
        url=event["url"],
        issuer=event.get("issuer"),
        source=event["source"],
        error=event["error"],
        reason=event["reason"],
        status=event.get("status"),
        state=event["state"],
        duration_ms=event.get("durationMs"),
        next_attempt_seconds=event.get("nextAttemptSeconds"),
    )


def _changed(event: dict[str, Any]) -> KeysChangedEvent:
    return KeysChangedEvent(
        url=event["url"],
        issuer=event.get("issuer"),
        source=event["source"],
        keys=event["keys"],
        added=tuple(event["added"]),
        removed=tuple(event["removed"]),
        skipped=tuple(SkippedKey(**key) for key in event["skipped"]),
    )


_EVENTS: dict[str, Callable[[dict[str, Any]], KeyEvent]] = {
    "fetch": _fetched,
    "fetchError": _failed,
    "keysChanged": _changed,
}
