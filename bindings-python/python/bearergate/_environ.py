"""A WSGI environ as the adapters read it and change it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from ._path import raw_path
from ._web import STRIPPED, Admission, Seen, WebGuard, remember, remembered

Environ = MutableMapping[str, Any]


def key_of(header: str) -> str:
    """Where an environ keeps a header; one key for all spellings with `-` and `_`."""
    return "HTTP_" + header.upper().replace("-", "_")


_STRIPPED = tuple(map(key_of, STRIPPED))


def strip(environ: Environ) -> None:
    """Removes spoofed `x-auth-*` headers."""
    for key in _STRIPPED:
        environ.pop(key, None)


def seen(guard: WebGuard, environ: Environ, path: bytes | None = None) -> Seen:
    """What is to be judged. Without `path` it is the one that WSGI applications route by."""
    return Seen(
        environ["REQUEST_METHOD"],
        _path(environ) if path is None else path,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ,
        _credentials(guard, environ),
    )


def settled(guard: WebGuard, environ: Environ) -> Admission | None:
    """What this guard's verifier, and no other, said of this request before."""
    return remembered(environ, guard, _credentials(guard, environ))


def settle(guard: WebGuard, environ: Environ, admission: Admission) -> Admission:
    """Writes the outcome into the environ."""
    for name, value in admission.propagated:
        environ[key_of(name)] = value
    remember(environ, guard, _credentials(guard, environ), admission)
    return admission


def authenticate(guard: WebGuard, environ: Environ) -> Admission:
    """Judges a request, blocking while keys are on their way; the environ then holds the outcome.

    Returns:
        What this guard's verifier says. The environ's caller may be an outer adapter's.

    Raises:
        JwtAuthError: When it is refused.
    """
    strip(environ)
    return settle(guard, environ, settled(guard, environ) or guard.admit(seen(guard, environ)))


def target(environ: Environ) -> bytes | None:
    """The request's target as it was sent, where the server tells."""
    # gunicorn; uWSGI, Werkzeug and mod_wsgi. Neither is a header's key.
    text = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return None if text is None else _bytes(text)


def _path(environ: Environ) -> bytes:
    mount, routed = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    return raw_path(target(environ), _bytes(mount), _bytes(routed))


def _credentials(guard: WebGuard, environ: Environ) -> tuple[bytes, ...]:
    value = environ.get(key_of(guard.header))
    return () if value is None else (_bytes(value),)


def _bytes(text: str) -> bytes:
    # An environ holds bytes as Latin-1; what cannot be, is not from the wire.
    return text.encode("latin-1", "replace")
