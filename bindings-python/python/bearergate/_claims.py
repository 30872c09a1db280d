"""The claims of a verified token, as a mapping that nobody can change.

A context may be handed to any number of tasks and threads, so nothing reachable from it is mutable:
nested objects are `Claims` again and arrays are tuples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, final

if TYPE_CHECKING:
    from ._native import Members

__all__ = ["Claims"]


@final
class Claims(Mapping[str, Any]):
    """A read-only JSON object.

    Nested objects read as `Claims`, arrays as tuples. Integers keep every digit. Two claims objects are
    equal when their JSON is, and a `Claims` equals the plain `dict` of the same content.
    """

    __slots__ = ("_members",)
    _members: dict[str, Any] | Members

    # Not `__init__`, which anybody could call again on claims that have been verified.
    def __new__(cls, members: Mapping[str, Any] = {}, /) -> Self:
        """Copies `members`, which must be JSON: str keys, and values of JSON's types at every level."""
        claims = object.__new__(cls)
        object.__setattr__(claims, "_members", {_key(k): _plain(v) for k, v in members.items()})
        return claims

    def to_dict(self) -> dict[str, Any]:
        """A fresh plain copy: dicts and lists at every level."""
        return {name: _plain(value) for name, value in _all(self).items()}

    def __getitem__(self, name: str) -> Any:
        value = self._members[name]
        return value if type(value) is str else _frozen(value)

    def __iter__(self) -> Iterator[str]:
        return iter(_all(self))

    def __len__(self) -> int:
        return len(_all(self))

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Claims):
            return _all(self) == _all(other)
        if isinstance(other, Mapping):
            try:
                # Of a copy: what is compared with may be of a class that says itself what it equals.
                return self.to_dict() == {name: _plain(value) for name, value in other.items()}
            except TypeError:
                return False
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Claims({_all(self)!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"claims are read-only: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"claims are read-only: cannot delete {name!r}")

    def __copy__(self) -> Claims:
        return self

    def __deepcopy__(self, memo: dict[int, Any], /) -> Claims:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (Claims, (self.to_dict(),))


def _all(claims: Claims) -> dict[str, Any]:
    members = claims._members
    return members if isinstance(members, dict) else members.all()


def of_plain(members: dict[str, Any] | Members) -> Claims:
    """Claims over the members that the core holds, or over a dict that nobody else does, without a copy."""
    claims = new_object(Claims)
    set_members(claims, members)
    return claims


# The native side calls these two itself for the claims of a token: it takes half as long.
new_object = object.__new__
set_members = vars(Claims)["_members"].__set__


def of_json(text: str) -> Claims:
    """Claims from text that the core has checked to be one strict JSON object."""
    import json

    return of_plain(json.loads(text))


def to_json(claims: Claims) -> str:
    """The claims as ASCII JSON without spaces."""
    import json

    return json.dumps(_all(claims), separators=(",", ":"), allow_nan=False)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return of_plain(value)
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return value


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Claims):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {_key(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"claims hold JSON values, not {type(value).__name__}")


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"claim names are str, not {type(name).__name__}")
    return name
