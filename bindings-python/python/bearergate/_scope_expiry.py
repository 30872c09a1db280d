"""With `end_streams_at_expiry`: an ASGI application that is interrupted when its caller's token expires.

A WebSocket is a stream. A response is one from the moment it has begun and says that more is to come;
a request that is answered at once runs to its end, however long that takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _alarm, _scope
from ._bodies import in_stream

if TYPE_CHECKING:
    from ._scope import App, Message, Receive, Scope, Send
    from ._web import Admission, WebGuard


async def run(
    app: App, scope: Scope, receive: Receive, send: Send, guard: WebGuard, admission: Admission
) -> None:
    """Runs the application until it ends or its time is over."""
    deadline_ms = admission.deadline_ms
    if deadline_ms is None:
        await app(scope, receive, send)
        return
    stream = _WebSocket(send) if scope["type"] == "websocket" else _Response(send)
    try:
        await _alarm.before(deadline_ms, app(scope, receive, stream.send), stream.open)
    except _alarm.Expired:
        error = guard.expired(admission)
    else:
        return
    if isinstance(stream, _Response):
        last = in_stream(error, _scope.content_type(scope))
        # Where the protocol has nothing to say it with, the server breaks the response off, so that
        # nobody takes what came for the whole.
        if last:
            await send({"type": "http.response.body", "body": last})
    elif stream.accepted:
        code = _scope.close_code(error)
        await send({"type": "websocket.close", "code": code, "reason": error.client_message})
    else:
        await _scope.refuse(error, scope, send)


class _Response:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._more = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self._more = message.get("more_body", False)
        await self._send(message)

    def open(self) -> bool:
        return self._more


class _WebSocket:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.accepted = self._closed = False

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = True
        elif message["type"] in {"websocket.close", "websocket.http.response.start"}:
            self._closed = True
        await self._send(message)

    def open(self) -> bool:
        return not self._closed
