"""What the core calls with events about keys. What is made of one, `_events`, is imported when somebody
wants to know of it.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from . import _log

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[[Any], object]


def teller(fetch: Hook | None, fetch_error: Hook | None, keys_changed: Hook | None) -> Hook:
    """What the core calls with each event as JSON."""
    hooks = {"fetch": fetch, "fetchError": fetch_error, "keysChanged": keys_changed}

    def tell(text: str) -> None:
        if any(hook is not None for hook in hooks.values()) or any(map(_log.wants, hooks)):
            from . import _events

            _events.tell(text, hooks)

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
