"""A Connect service in this process, called as a server would call it."""

import asyncio
import io
import json
import struct
import time
from contextvars import Context
from typing import Any, NamedTuple

from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import ConnectASGIApplication, ConnectWSGIApplication, Endpoint, EndpointSync
from protobuf.wkt import StringValue

from bearergate import get_auth_context

SERVICE = "test.v1.Service"
KINDS = {
    "Unary": StreamType.UNARY,
    "Client": StreamType.CLIENT_STREAM,
    "Server": StreamType.SERVER_STREAM,
    "Bidi": StreamType.BIDI_STREAM,
}
METHODS = {
    name: MethodInfo(
        name=name,
        service_name=SERVICE,
        input=StringValue,
        output=StringValue,
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=kind,
    )
    for name, kind in KINDS.items()
}


def whom() -> str:
    context = get_auth_context()
    return "nobody" if context is None else context.subject


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    messages: list[Any]
    error: dict[str, Any] | None


class Sync:
    """A WSGI application; handlers answer whom they see, and `self.seen` keeps it."""

    def __init__(self, *interceptors: Any) -> None:
        self.seen: list[str] = []
        self.closed: list[str] = []
        self.steps, self.pace = 3, 0.0

        def look() -> StringValue:
            self.seen.append(whom())
            return StringValue(value=self.seen[-1])

        def unary(request, ctx):
            return look()

        def client(requests, ctx):
            for _ in requests:
                look()
            return look()

        def server(request, ctx):
            try:
                for _ in range(self.steps):
                    time.sleep(self.pace)
                    yield look()
            finally:
                self.closed.append(whom())

        def bidi(requests, ctx):
            for _ in requests:
                yield look()

        class App(ConnectWSGIApplication):
            path = f"/{SERVICE}"

        kinds = {
            "Unary": EndpointSync.unary(method=METHODS["Unary"], function=unary),
            "Client": EndpointSync.client_stream(method=METHODS["Client"], function=client),
            "Server": EndpointSync.server_stream(method=METHODS["Server"], function=server),
            "Bidi": EndpointSync.bidi_stream(method=METHODS["Bidi"], function=bidi),
        }
        self.app = App(
            endpoints={f"/{SERVICE}/{name}": kind for name, kind in kinds.items()}, interceptors=interceptors
        )

    def begin(self, method: str, headers: dict[str, str]) -> tuple[Any, list[Any]]:
        """What a WSGI server gets: the body to iterate, and `[status, headers]`."""
        stream = method != "Unary"
        body = b"".join(struct.pack(">BI", 0, 3) + b'"x"' for _ in range(1 if method == "Server" else 3))
        body = body if stream else b'"x"'
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/{SERVICE}/{method}",
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/connect+json" if stream else "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }
        begun: list[Any] = []
        return self.app(environ, lambda *start: begun.extend(start)), begun

    def call(self, method: str, headers: dict[str, str]) -> Answer:
        body, begun = self.begin(method, headers)
        data = b"".join(body)
        return read(int(begun[0].split()[0]), dict(begun[1]), data)


class Async:
    """The same as an ASGI application."""

    def __init__(self, *interceptors: Any) -> None:
        self.seen: list[str] = []
        self.steps, self.pace = 3, 0.0

        def look() -> StringValue:
            self.seen.append(whom())
            return StringValue(value=self.seen[-1])

        async def unary(request, ctx):
            await asyncio.sleep(0)
            return look()

        async def client(requests, ctx):
            async for _ in requests:
                look()
            return look()

        async def server(request, ctx):
            for _ in range(self.steps):
                await asyncio.sleep(self.pace)
                yield look()

        async def bidi(requests, ctx):
            async for _ in requests:
                yield look()

        class App(ConnectASGIApplication):
            path = f"/{SERVICE}"

        kinds = {
            "Unary": Endpoint.unary(method=METHODS["Unary"], function=unary),
            "Client": Endpoint.client_stream(method=METHODS["Client"], function=client),
            "Server": Endpoint.server_stream(method=METHODS["Server"], function=server),
            "Bidi": Endpoint.bidi_stream(method=METHODS["Bidi"], function=bidi),
        }
        self.app = App(
            service=None,
            endpoints=lambda _: {f"/{SERVICE}/{name}": kind for name, kind in kinds.items()},
            interceptors=interceptors,
        )

    async def acall(self, method: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        stream = method != "Unary"
        if body is None:
            body = b"".join(struct.pack(">BI", 0, 3) + b'"x"' for _ in range(1 if method == "Server" else 3))
            body = body if stream else b'"x"'
        scope = {
            "type": "http",
            "path": f"/{SERVICE}/{method}",
            "root_path": "",
            "method": "POST",
            "headers": [
                (b"content-type", b"application/connect+json" if stream else b"application/json"),
                *((name.encode(), value.encode()) for name, value in headers.items()),
            ],
        }
        sent: list[dict[str, Any]] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if given:
                return given.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        start, *rest = sent
        data = b"".join(message.get("body", b"") for message in rest)
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return read(start["status"], headers, data)

    def call(self, method: str, headers: dict[str, str]) -> Answer:
        # As a server does it: a task of its own.
        return asyncio.run(self.acall(method, headers))


def read(status: int, headers: dict[str, str], data: bytes) -> Answer:
    headers = {name.lower(): value for name, value in headers.items()}
    if "connect+" not in headers["content-type"]:
        body = json.loads(data)
        return Answer(status, headers, [], body) if status != 200 else Answer(status, headers, [body], None)
    messages, error = [], None
    while data:
        flags, size = struct.unpack(">BI", data[:5])
        body, data = json.loads(data[5 : 5 + size]), data[5 + size :]
        if flags & 2:
            error = body.get("error")
        else:
            messages.append(body)
    return Answer(status, headers, messages, error)


def empty_context(function: Any, *arguments: Any) -> Any:
    """Calls the function where no ContextVar has a value."""
    return Context().run(function, *arguments)
