"""What `Claims` leaves to Python: copies of what a program gives it, comparing, and JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._native import Claims


def plain_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a mapping that holds JSON, in dicts and lists.

    Raises:
        TypeError: When it holds anything else.
    """
    return {_key(name): _plain(value) for name, value in members.items()}


def equal(claims: Claims, other: object) -> bool | None:
    """Whether both say the same; `None` where the other is no mapping."""
    if isinstance(other, Claims):
        return claims.to_dict() == other.to_dict()
    if isinstance(other, Mapping):
        try:
            # Of a copy: what is compared with may be of a class that says itself what it equals.
            return claims.to_dict() == plain_members(other)
        except TypeError:
            return False
    return None


def to_json(claims: Claims) -> str:
    """The claims as ASCII JSON without spaces."""
    return json.dumps(claims.to_dict(), separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    # By its type, since an object may call itself of any class.
    if value is None or issubclass(type(value), (str, bool, int, float)):
        return value
    if isinstance(value, Claims):
        return value.to_dict()
    if isinstance(value, Mapping):
        return plain_members(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"claims hold JSON values, not {type(value).__name__}")


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"claim names are str, not {type(name).__name__}")
    return name
