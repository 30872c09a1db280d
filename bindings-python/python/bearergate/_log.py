"""What is logged, by the logger `bearergate`: refusals, defects, and what happens to remote keys.

No token, signature or secret is in any record. A record costs more than a refusal does, so nothing is
made of one that nobody wants.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from ._events import KeyEvent
    from ._native import Refusal

# The levels of `logging`.
_DEBUG, _INFO, _WARNING, _ERROR = 10, 20, 30, 40

# Most refusals are the client's business; these are the operator's.
_REFUSALS = {
    "ERR_KEYS_UNAVAILABLE": _WARNING,
    "ERR_VALIDATE_FAILED": _ERROR,
    "ERR_INTERNAL": _ERROR,
}

_EVENTS = {
    "fetch": (_DEBUG, "fetched the keys of %s"),
    "fetchError": (_WARNING, "no new keys of %s"),
    "keysChanged": (_INFO, "other keys of %s are in service"),
}


def _logger() -> logging.Logger:
    global _made  # noqa: PLW0603
    if _made is None:
        import logging

        logger = logging.getLogger("bearergate")
        # A program that configures no logging is not shown on stderr what its clients send.
        logger.addHandler(logging.NullHandler())
        _made = logger
    return _made


_made: logging.Logger | None = None
if "logging" in sys.modules:
    # Who configures it may look for the loggers that there are.
    _logger()


def _is_logged(level: int) -> bool:
    # Who has not imported `logging`, which takes long, has not asked for records either.
    return "logging" in sys.modules and _logger().isEnabledFor(level)


def refused(refusal: Refusal, procedure: str | None, cause: BaseException | None = None) -> None:
    """Logs a refusal, and what raised, where a hook or this package did."""
    level = _REFUSALS.get(refusal.code, _INFO)
    if _is_logged(level):
        # Whatever a handler does, the refusal stands.
        with contextlib.suppress(Exception):
            _refused(level, refusal, procedure, cause)


def _refused(level: int, refusal: Refusal, procedure: str | None, cause: BaseException | None) -> None:
    about = "" if refusal.claim is None else f" ({refusal.claim})"
    why = "" if cause is None else f": {_place(cause)}"
    fields = {
        "code": refusal.code,
        "claim": refusal.claim,
        "reason": refusal.reason,
        # Not verified; the core leaves nothing of them but short printable ASCII.
        "alg": refusal.alg,
        "kid": refusal.kid,
        "issuer": refusal.issuer,
        "procedure": procedure,
    }
    _logger().log(level, "refused: %s%s%s", refusal.code, about, why, extra=fields)


def wants(kind: str) -> bool:
    """Whether an event of this kind is logged."""
    return _is_logged(_EVENTS[kind][0])


def event(kind: str, event: KeyEvent) -> None:
    """Logs an event about keys."""
    from dataclasses import fields

    level, text = _EVENTS[kind]
    _logger().log(
        level, text, event.url, extra={field.name: getattr(event, field.name) for field in fields(event)}
    )


def _place(error: BaseException) -> str:
    """What was raised and where. Not its text, which may quote what it was given."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    name = type(error).__name__
    return name if last is None else f"{name} at {last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
