"""The guarded test service, as `service:asgi` and `service:wsgi` for any server to run.

Options come as JSON in `E2E_OPTIONS`, those of an authorization in `E2E_AUTHZ`. Each handler says at each message whom it sees, and writes a line to
the file `E2E_CALLS` when it begins.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator

import methods as m
import trio
from connectrpc.server import ConnectASGIApplication, ConnectWSGIApplication, Endpoint, EndpointSync
from protobuf.wkt import StringValue

from bearergate import (
    create_authz_interceptor,
    create_jwt_auth_interceptor,
    get_auth_context,
    require_auth_context,
)


def began(method: str) -> None:
    with open(os.environ["E2E_CALLS"], "a") as calls:
        calls.write(f"{method}\n")


def seen(at: str, ctx=None) -> StringValue:
    caller = get_auth_context()
    identity = None
    if caller is not None:
        identity = {
            "subject": caller.subject,
            "roles": list(caller.roles),
            "scopes": list(caller.scopes),
            "type": caller.type,
            "expires_at": caller.expires_at.isoformat() if caller.expires_at else None,
            "audience": caller.claims.get("aud"),
        }
    headers = {} if ctx is None else {k: v for k, v in ctx.request_headers.items() if k.startswith("x-auth-")}
    return StringValue(value=json.dumps({"at": at, "identity": identity, "headers": headers}))


async def pause(seconds: float) -> None:
    await (asyncio if on_asyncio() else trio).sleep(seconds)


async def in_thread(function, *arguments):
    if on_asyncio():
        return await asyncio.to_thread(function, *arguments)
    return await trio.to_thread.run_sync(function, *arguments)


def on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def count(request: StringValue) -> int:
    return int(request.value or "3")


class Asynchronous:
    async def unary(self, request, ctx):
        began("Unary")
        await pause(0)
        # A thread sees whom its caller sees.
        return await in_thread(seen, "unary", ctx)

    async def read(self, request, ctx):
        began("Read")
        return seen("read", ctx)

    async def open(self, request, ctx):
        began("Open")
        if request.value == "require":
            require_auth_context()
        return seen("open", ctx)

    async def open_stream(self, request, ctx) -> AsyncIterator[StringValue]:
        began("OpenStream")
        yield seen("0", ctx)

    async def client_stream(self, requests, ctx):
        began("ClientStream")
        steps = []
        async for request in requests:
            steps.append(json.loads(seen(request.value).value))
        return StringValue(value=json.dumps([*steps, json.loads(seen("end", ctx).value)]))

    async def server_stream(self, request, ctx) -> AsyncIterator[StringValue]:
        began("ServerStream")
        for i in range(count(request)):
            yield seen(str(i), ctx)
            await pause(0.01)

    async def bidi_stream(self, requests, ctx) -> AsyncIterator[StringValue]:
        began("BidiStream")
        async for request in requests:
            yield seen(request.value, ctx)


class Synchronous:
    def unary(self, request, ctx):
        began("Unary")
        return seen("unary", ctx)

    def read(self, request, ctx):
        began("Read")
        return seen("read", ctx)

    def open(self, request, ctx):
        began("Open")
        if request.value == "require":
            require_auth_context()
        return seen("open", ctx)

    def open_stream(self, request, ctx) -> Iterator[StringValue]:
        began("OpenStream")
        yield seen("0", ctx)

    def client_stream(self, requests, ctx):
        began("ClientStream")
        steps = [json.loads(seen(request.value).value) for request in requests]
        return StringValue(value=json.dumps([*steps, json.loads(seen("end", ctx).value)]))

    def server_stream(self, request, ctx) -> Iterator[StringValue]:
        began("ServerStream")
        for i in range(count(request)):
            yield seen(str(i), ctx)
            time.sleep(0.01)

    def bidi_stream(self, requests, ctx) -> Iterator[StringValue]:
        began("BidiStream")
        for request in requests:
            yield seen(request.value, ctx)


def endpoints(kinds, service):
    return {
        m.path(m.UNARY): kinds.unary(method=m.UNARY, function=service.unary),
        m.path(m.READ): kinds.unary(method=m.READ, function=service.read),
        m.path(m.OPEN): kinds.unary(method=m.OPEN, function=service.open),
        m.path(m.OPEN_STREAM): kinds.server_stream(method=m.OPEN_STREAM, function=service.open_stream),
        m.path(m.CLIENT_STREAM): kinds.client_stream(method=m.CLIENT_STREAM, function=service.client_stream),
        m.path(m.SERVER_STREAM): kinds.server_stream(method=m.SERVER_STREAM, function=service.server_stream),
        m.path(m.BIDI_STREAM): kinds.bidi_stream(method=m.BIDI_STREAM, function=service.bidi_stream),
    }


class ASGI(ConnectASGIApplication):
    path = f"/{m.SERVICE}"


class WSGI(ConnectWSGIApplication):
    path = f"/{m.SERVICE}"


if "E2E_OPTIONS" in os.environ:
    interceptors = [create_jwt_auth_interceptor(**json.loads(os.environ["E2E_OPTIONS"]))]
    if "E2E_AUTHZ" in os.environ:
        interceptors.append(create_authz_interceptor(**json.loads(os.environ["E2E_AUTHZ"])))
    asgi = ASGI(
        service=Asynchronous(),
        endpoints=lambda service: endpoints(Endpoint, service),
        interceptors=interceptors,
    )
    wsgi = WSGI(endpoints=endpoints(EndpointSync, Synchronous()), interceptors=interceptors)
