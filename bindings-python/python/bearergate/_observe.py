"""Where measuring hooks in. While nobody measures, a verdict costs one look at a variable more."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from ._judge import Judge
    from ._native import AuthContext, Refusal

P = ParamSpec("P")
T = TypeVar("T")


class Observer(Protocol):
    """Is told of each verdict, with the seconds it took where it was asked for here."""

    def accepted(self, caller: AuthContext, seconds: float | None) -> None: ...
    def refused(self, refusal: Refusal, seconds: float | None) -> None: ...


active: Observer | None = None

# A question and the beginning of its answer are one thread's work without a break.
_asked = threading.local()

# Plain dict operations are atomic: no lock that a fork could leave held.
_judges: dict[int, weakref.ref[Judge]] = {}


def activate(observer: Observer | None) -> None:
    """Measures from now on, or no more."""
    global active  # noqa: PLW0603
    active = observer
    for judge in judges():
        judge.tune()


def register(judge: Judge) -> None:
    """Makes a judge one of `judges()`."""
    key = id(judge)

    def forget(gone: weakref.ref[Judge]) -> None:
        if _judges.get(key) is gone:
            del _judges[key]

    _judges[key] = weakref.ref(judge, forget)


def judges() -> list[Judge]:
    """Every judge there is."""
    found = (reference() for reference in list(_judges.values()))
    return [judge for judge in found if judge is not None]


def timed(ask: Callable[P, T]) -> Callable[P, T]:
    """The same question, with the time at which it is asked noted; as it is while nobody measures."""
    if active is None:
        return ask

    def ask_timed(*question: P.args, **named: P.kwargs) -> T:
        _asked.at = time.perf_counter()
        return ask(*question, **named)

    return ask_timed


def asked_at() -> float | None:
    """When the question was asked whose answer begins here."""
    at: float | None = getattr(_asked, "at", None)
    _asked.at = None
    return at


def accepted(caller: AuthContext, asked: float | None) -> None:
    """Tells of a token that was accepted. Whatever comes of it, the verdict stands."""
    observer = active
    if observer is not None:
        with contextlib.suppress(Exception):
            observer.accepted(caller, _since(asked))


def refused(refusal: Refusal, asked: float | None) -> None:
    """Tells of a refusal. Whatever comes of it, the verdict stands."""
    observer = active
    if observer is not None:
        with contextlib.suppress(Exception):
            observer.refused(refusal, _since(asked))


def _since(at: float | None) -> float | None:
    return None if at is None else time.perf_counter() - at
