"""What a hook gave, if it is to be awaited. Told without `inspect`, whose import takes longer than all of ours."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from types import GeneratorType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeGuard

# `inspect.CO_ITERABLE_COROUTINE`: a generator that `types.coroutine` has made awaitable.
_ITERABLE_COROUTINE = 0x100


def is_awaitable(given: object) -> TypeGuard[Awaitable[object]]:
    """Whether `await` takes it."""
    return isinstance(given, Awaitable) or (
        isinstance(given, GeneratorType) and bool(given.gi_code.co_flags & _ITERABLE_COROUTINE)
    )


def discard(unawaited: Awaitable[object]) -> None:
    """Ends what nobody will await, so that it does not warn of that."""
    if isinstance(unawaited, Coroutine):
        unawaited.close()
