"""Whether what a hook has returned is to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeGuard


def is_awaitable(answer: object) -> TypeGuard[Awaitable[Any]]:
    """As `inspect` has it, which takes long to import: what most hooks return is told without."""
    if answer is None or type(answer) in (bool, int, str):
        return False
    import inspect

    return inspect.isawaitable(answer)


def discard(unawaited: Awaitable[object]) -> None:
    """Ends a coroutine that nobody will await."""
    from collections.abc import Coroutine

    if isinstance(unawaited, Coroutine):
        unawaited.close()
