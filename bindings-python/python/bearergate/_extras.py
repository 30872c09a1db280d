"""The error of an adapter whose framework is not installed."""

from __future__ import annotations


def missing(
    error: ModuleNotFoundError, module: str | tuple[str, ...], package: str, extra: str
) -> ImportError:
    """What to raise for `error`: itself, unless it is `module` that is not there, or what comes with it."""
    modules = (module,) if isinstance(module, str) else module
    if error.name is None or error.name.partition(".")[0] not in modules:
        return error
    return ImportError(f"{package} is not installed: pip install 'bearergate[{extra}]'")
