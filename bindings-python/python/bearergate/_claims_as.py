"""Claims as a value of a type of the program's, by the library that the type belongs to."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, is_typeddict

from ._claims import to_json
from ._errors import of_refusal
from ._native import unfit_claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import Claims

_Check = tuple["Callable[[str], Any]", type[Exception]]


def claims_as(claims: Claims, model: Any) -> Any:
    """What `AuthContext.claims_as` does."""
    if not isinstance(model, type):
        raise _no_model(model)
    with _building:
        check, unfit = _prepared(model)
    try:
        return check(to_json(claims))
    except unfit as error:
        # A refusal as others are: the library's text would quote the claims, to whoever asks.
        raise of_refusal(
            unfit_claims(), f"ERR_CLAIM_INVALID: the claims do not fit {model.__qualname__}"
        ) from error


def _check_of(model: type) -> _Check:
    # Whoever defines a type of a library has imported it.
    msgspec: Any = sys.modules.get("msgspec")
    if msgspec is not None and issubclass(model, msgspec.Struct):
        return _by_msgspec(msgspec, model)
    pydantic: Any = sys.modules.get("pydantic")
    if pydantic is not None and _is_pydantic(pydantic, model):
        return _by_pydantic(pydantic, model)
    if not (dataclasses.is_dataclass(model) or is_typeddict(model) or _is_extended(model)):
        raise _no_model(model)
    if msgspec := _installed("msgspec"):
        return _by_msgspec(msgspec, model)
    if pydantic := _installed("pydantic"):
        return _by_pydantic(pydantic, model, strict=True)
    raise ImportError(
        "claims_as() checks a dataclass or TypedDict by msgspec or pydantic: install one of them"
    )


# Building a check takes far longer than using it. Two threads that build one for the same struct crash
# msgspec 0.22.
_prepared = lru_cache(maxsize=256)(_check_of)
_building = threading.Lock()


def _after_fork() -> None:
    # A thread that did not survive the fork may have held it.
    global _building  # noqa: PLW0603
    _building = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _is_pydantic(pydantic: Any, model: type) -> bool:
    return issubclass(model, pydantic.BaseModel) or bool(pydantic.dataclasses.is_pydantic_dataclass(model))


def _is_extended(model: type) -> bool:
    # `is_typeddict` of older CPythons knows only its own.
    extensions: Any = sys.modules.get("typing_extensions")
    return extensions is not None and bool(extensions.is_typeddict(model))


def _by_msgspec(msgspec: Any, model: type) -> _Check:
    return msgspec.json.Decoder(model).decode, msgspec.ValidationError


def _by_pydantic(pydantic: Any, model: type, *, strict: bool | None = None) -> _Check:
    adapter = pydantic.TypeAdapter(model)
    return lambda text: adapter.validate_json(text, strict=strict), pydantic.ValidationError


def _installed(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        return None


def _no_model(given: object) -> TypeError:
    return TypeError(
        f"claims_as takes a pydantic model, a msgspec struct, a dataclass or a TypedDict, not {given!r}"
    )
