"""The case files, with references, tags, names and URLs replaced by what they stand for."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

FOLDER = Path(__file__).parent.parent / "cases"

# What this language cannot express.
MISSING = {
    "web-crypto-key": "Python has no key objects that are bound to one algorithm",
    "secret-key-object": "Python has no key objects for secrets",
}

# Objects whose members are data, not options.
_DATA = {"publicKey", "initial", "headers"}


def _fail(*_: object) -> None:
    raise RuntimeError("the hook failed")


_HOOKS: dict[str, Any] = {
    "true": lambda *_: True,
    "false": lambda *_: False,
    "nothing": lambda *_: None,
    "zero": lambda *_: 0,
    "empty": lambda *_: "",
    "throw": _fail,
}


def load() -> list[tuple[str, list[dict[str, Any]]]]:
    """Every suite with its cases, in the order of the files' names."""
    suites = []
    for path in sorted(FOLDER.glob("*.json")):
        file = json.loads(path.read_text("utf-8"))
        cases = [_resolve(case, file["keys"]) for case in file["cases"]]
        for case in cases:
            case["options"] = {**file["options"], **case["options"]}
        suites.append((file["suite"], cases))
    return suites


def _resolve(value: Any, keys: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolve(item, keys) for item in value]
    if isinstance(value, dict):
        if "$use" in value:
            return keys[value["$use"]]
        return {name: _resolve(member, keys) for name, member in value.items()}
    return value


def place(value: Any, origin: str) -> Any:
    """Puts real URLs where `$jwks` and `$origin` stand."""
    if isinstance(value, str):
        return (
            value.replace("$jwks", f"{origin}/jwks")
            .replace("$origin", origin)
            .replace("$proxy", origin.rpartition("/")[0])
        )
    if isinstance(value, list):
        return [place(item, origin) for item in value]
    if isinstance(value, dict):
        return {name: place(member, origin) for name, member in value.items()}
    return value


def natural(value: Any, names: dict[str, str]) -> Any:
    """Options in snake_case with Python's own values; `names` learns what each name was."""
    if isinstance(value, list):
        return [natural(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$hook" in value:
        return _HOOKS[value["$hook"]]
    if "$foreign" in value:
        return lambda: None
    if "$key" in value:
        return _key(value["$key"])
    members = {}
    for name, member in value.items():
        snake = re.sub("[A-Z]", lambda c: "_" + c[0].lower(), name)
        names[snake] = name
        members[snake] = _data(member) if name in _DATA else natural(member, names)
    return members


def _data(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() & {"$bytes", "$foreign", "$key"}:
        return natural(value, {})
    return value


def camel(option: str, names: dict[str, str]) -> str:
    """An option's path as the case files spell it."""
    return ".".join(_segment(part, names) for part in option.split("."))


def _segment(part: str, names: dict[str, str]) -> str:
    name, bracket, index = part.partition("[")
    known = names.get(name)
    if known is None:
        known = re.sub("_([a-z])", lambda c: c[1].upper(), name)
    return known + bracket + index


def _key(key: dict[str, Any]) -> Any:
    if key["kind"] == "private":
        return Ed25519PrivateKey.generate()
    return load_der_public_key(base64.b64decode(key["spki"]))
