"""The core's account of keys and cache, as Python writes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, cast

from . import _time

if TYPE_CHECKING:
    from ._options import Stats


def of_json(text: str) -> Stats:
    """The account that the core wrote as JSON."""
    stats = _snake(json.loads(text))
    if stats["last_success"] is not None:
        stats["last_success"] = _time.of_ms(stats["last_success"])
    return cast("Stats", stats)


def _snake(stats: Any) -> Any:
    if isinstance(stats, dict):
        return {re.sub("[A-Z]", lambda c: "_" + c[0].lower(), k): _snake(v) for k, v in stats.items()}
    if isinstance(stats, list):
        return [_snake(item) for item in stats]
    return stats
