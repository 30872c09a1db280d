"""The error of an adapter whose framework is not installed."""

from __future__ import annotations


def missing(error: ModuleNotFoundError, module: str, package: str, extra: str) -> ImportError:
    """What to raise for `error`: itself, unless it is `module` that is not there."""
    if error.name is None or error.name.partition(".")[0] != module:
        return error
    return ImportError(f"{package} is not installed: pip install 'bearergate[{extra}]'")
