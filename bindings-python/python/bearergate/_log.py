"""What is logged, by the logger `bearergate`: refusals, defects, and what happens to remote keys.

No token, signature or secret is in any record. A record costs more than a refusal does, so nothing is
made of one that nobody wants.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._events import KeyEvent
    from ._native import Refusal

_logger = logging.getLogger("bearergate")
# A program that configures no logging is not shown on stderr what its clients send.
_logger.addHandler(logging.NullHandler())

# Most refusals are the client's business; these are the operator's.
_REFUSALS = {
    "ERR_KEYS_UNAVAILABLE": logging.WARNING,
    "ERR_VALIDATE_FAILED": logging.ERROR,
    "ERR_INTERNAL": logging.ERROR,
}

_EVENTS = {
    "fetch": (logging.DEBUG, "fetched the keys of %s"),
    "fetchError": (logging.WARNING, "no new keys of %s"),
    "keysChanged": (logging.INFO, "other keys of %s are in service"),
}


def refused(refusal: Refusal, procedure: str | None, cause: BaseException | None = None) -> None:
    """Logs a refusal, and what raised, where a hook or this package did."""
    level = _REFUSALS.get(refusal.code, logging.INFO)
    if _logger.isEnabledFor(level):
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
    _logger.log(level, "refused: %s%s%s", refusal.code, about, why, extra=fields)


def wants(kind: str) -> bool:
    """Whether an event of this kind is logged."""
    return _logger.isEnabledFor(_EVENTS[kind][0])


def event(kind: str, event: KeyEvent) -> None:
    """Logs an event about keys."""
    # Loaded, since an event is a dataclass.
    from dataclasses import fields

    level, text = _EVENTS[kind]
    _logger.log(
        level, text, event.url, extra={field.name: getattr(event, field.name) for field in fields(event)}
    )


def _place(error: BaseException) -> str:
    """What was raised and where. Not its text, which may quote what it was given."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    name = type(error).__name__
    return name if last is None else f"{name} at {last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
