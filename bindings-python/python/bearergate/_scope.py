"""An ASGI scope as the adapters read it and change it.

A scope is changed in place, as Starlette does it, so that what stands outside sees the same request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ._errors import JwtAuthError
from ._http import answer
from ._path import below, raw_path
from ._web import STRIPPED, Admission, Seen, WebGuard, remember, remembered

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PROTOCOLS = b"sec-websocket-protocol"
_STRIPPED = frozenset(name.encode() for name in STRIPPED)


async def authenticate(guard: WebGuard, scope: Scope) -> Admission:
    """Judges a request or a WebSocket handshake; the scope then holds the outcome.

    Returns:
        What this guard's verifier says. The scope's caller may be an outer adapter's.

    Raises:
        JwtAuthError: When it is refused.
    """
    _strip(scope)
    admission = remembered(scope, guard, _credentials(guard, scope))
    if admission is None:
        admission = await guard.admit_async(_seen(guard, scope))
    _conceal(guard, scope)
    if admission.propagated:
        added = [(name.encode(), value.encode()) for name, value in admission.propagated]
        _put(scope, [*scope["headers"], *added])
    # As they are now: without a token that was offered as a subprotocol.
    remember(scope, guard, _credentials(guard, scope), admission)
    return admission


async def refuse(error: JwtAuthError, scope: Scope, send: Send) -> None:
    """Answers a refused request in its protocol, or a refused handshake before it is accepted."""
    if scope["type"] == "websocket" and "websocket.http.response" not in (scope.get("extensions") or ()):
        await send({"type": "websocket.close", "code": close_code(error), "reason": error.client_message})
        return
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    status, headers, body = answer(error, content_type(scope))
    raw = [(name.encode(), value.encode()) for name, value in headers]
    raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": f"{prefix}.start", "status": status, "headers": raw})
    await send({"type": f"{prefix}.body", "body": body})


def close_code(error: JwtAuthError) -> int:
    """RFC 6455's code for a refusal: a policy violation, or (IANA's) try again later."""
    return 1013 if error.connect_code == "unavailable" else 1008


def content_type(scope: Scope) -> str | None:
    """The request's content type, if it has one."""
    values = _values(scope, b"content-type")
    return values[0].decode("latin-1") if values else None


def _seen(guard: WebGuard, scope: Scope) -> Seen:
    mount, routed = below(scope.get("root_path") or "", scope["path"])
    return Seen(
        scope.get("method", "GET"),
        raw_path(scope.get("raw_path"), encoded(mount), encoded(routed)),
        bool(_values(scope, b"access-control-request-method")),
        _credentials(guard, scope),
    )


def encoded(text: str) -> bytes:
    """Text of a scope as the bytes that a server decoded."""
    return text.encode("utf-8", "surrogatepass")


def _credentials(guard: WebGuard, scope: Scope) -> list[bytes]:
    return _values(scope, guard.header.encode())


def _values(scope: Scope, wanted: bytes) -> list[bytes]:
    return [bytes(value) for name, value in scope["headers"] if name.lower() == wanted]


def _strip(scope: Scope) -> None:
    """Removes spoofed `x-auth-*` headers, and those that a CGI-style environ would take for them."""
    _put(scope, [header for header in scope["headers"] if _plain(header[0]) not in _STRIPPED])


def _plain(name: bytes) -> bytes:
    return name.lower().replace(b"_", b"-")


def _conceal(guard: WebGuard, scope: Scope) -> None:
    """Takes a token that came as a subprotocol out of the offer, lest the application accept it."""
    if scope["type"] != "websocket":
        return
    protocols = guard.judge.gate.offered_protocols(_values(scope, _PROTOCOLS))
    if protocols is None:
        return
    kept = [(name, value) for name, value in scope["headers"] if name.lower() != _PROTOCOLS]
    if protocols:
        kept.append((_PROTOCOLS, ", ".join(protocols).encode("latin-1")))
    _put(scope, kept)
    scope["subprotocols"] = protocols


def _put(scope: Scope, headers: list[tuple[bytes, bytes]]) -> None:
    if isinstance(scope["headers"], list):
        # The same list, which a `Headers` that somebody made before goes on reading.
        scope["headers"][:] = headers
    else:
        scope["headers"] = headers
