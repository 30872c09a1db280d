"""Real gRPC servers on loopback, of each kind, over one service whose handlers answer whom they see."""

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Self

import grpc
import grpc.aio

from bearergate import get_auth_context

SERVICE = "test.v1.Service"
METHODS = ("Unary", "Client", "Server", "Bidi")
SHAPES = {
    "Unary": "unary_unary",
    "Client": "stream_unary",
    "Server": "unary_stream",
    "Bidi": "stream_stream",
}
# Who serves, and how its handlers are written.
KINDS = ("sync", "aio", "aio-writers", "aio-sync")


def whom() -> str:
    context = get_auth_context()
    return "nobody" if context is None else context.subject


class Loop:
    """The loop of all aio servers, on a thread of its own: grpcio likes it best."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@functools.cache
def loop() -> Loop:
    return Loop()


class Answer(NamedTuple):
    code: grpc.StatusCode
    details: str
    trailers: dict[str, str]
    messages: list[bytes]


class Recorder:
    """What handlers saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.closed: list[str] = []
        self.metadata: list[dict[str, Any]] = []
        self.parsed: list[bytes] = []
        self.threads: set[int] = set()
        self.steps, self.pace = 3, 0.0
        self.fail: BaseException | Callable[[], BaseException] | None = None

    def parse(self, message: bytes) -> bytes:
        self.parsed.append(message)
        if message == b"bad":
            raise ValueError("not a message")
        return message

    def look(self, context: Any) -> bytes:
        self.seen.append(whom())
        self.threads.add(threading.get_ident())
        self.metadata.append(dict(context.invocation_metadata()))
        if self.fail is not None:
            raise self.fail if isinstance(self.fail, BaseException) else self.fail()
        return self.seen[-1].encode()

    def sync(self) -> dict[str, Any]:
        def unary(request, context):
            return self.look(context)

        def client(requests, context):
            for _ in requests:
                self.look(context)
            return self.look(context)

        def server(request, context):
            try:
                for _ in range(self.steps):
                    time.sleep(self.pace)
                    yield self.look(context)
            finally:
                self.closed.append(whom())

        def bidi(requests, context):
            for _ in requests:
                yield self.look(context)

        return {"Unary": unary, "Client": client, "Server": server, "Bidi": bidi}

    def generators(self) -> dict[str, Any]:
        async def unary(request, context):
            await asyncio.sleep(0)
            return self.look(context)

        async def client(requests, context):
            async for _ in requests:
                self.look(context)
            return self.look(context)

        async def server(request, context):
            try:
                for _ in range(self.steps):
                    await asyncio.sleep(self.pace)
                    yield self.look(context)
            finally:
                self.closed.append(whom())

        async def bidi(requests, context):
            async for _ in requests:
                yield self.look(context)

        return {"Unary": unary, "Client": client, "Server": server, "Bidi": bidi}

    def writers(self) -> dict[str, Any]:
        async def client(_, context):
            while await context.read() is not grpc.aio.EOF:
                self.look(context)
            return self.look(context)

        async def server(request, context):
            try:
                for _ in range(self.steps):
                    await asyncio.sleep(self.pace)
                    await context.write(self.look(context))
            finally:
                self.closed.append(whom())

        async def bidi(_, context):
            while await context.read() is not grpc.aio.EOF:
                await context.write(self.look(context))

        return {**self.generators(), "Client": client, "Server": server, "Bidi": bidi}

    def handlers(self, kind: str) -> dict[str, Any]:
        return {
            "sync": self.sync,
            "aio": self.generators,
            "aio-writers": self.writers,
            "aio-sync": self.sync,
        }[kind]()


class Server(Recorder):
    """A server and its client. `started` is a function run in the loop, or thread, that starts it."""

    def __init__(
        self,
        kind: str,
        *interceptors: Any,
        registered: bool = False,
        handlers: dict[str, Any] | None = None,
        threads: int = 8,
        started: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        made = handlers or {
            name: getattr(grpc, f"{SHAPES[name]}_rpc_method_handler")(behavior, self.parse)
            for name, behavior in self.handlers(kind).items()
        }
        self._threads = ThreadPoolExecutor(threads)

        def prepare(server: Any) -> int:
            if registered:
                server.add_registered_method_handlers(SERVICE, made)
            else:
                server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, made),))
            return server.add_insecure_port("127.0.0.1:0")

        if kind == "sync":
            self._server = grpc.server(self._threads, interceptors=interceptors)
            self.port = prepare(self._server)
            if started is not None:
                started()
            self._server.start()
        else:

            async def start() -> int:
                self._server = grpc.aio.server(self._threads, interceptors=interceptors)
                port = prepare(self._server)
                if started is not None:
                    started()
                await self._server.start()
                return port

            self.port = loop().run(start())
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        if self.kind == "sync":
            self._server.stop(0).wait(5)
        else:
            loop().run(self._server.stop(0))
        self._threads.shutdown(wait=False)

    def begin(self, method: str, metadata: Any = (), body: bytes = b"x", requests: Any = None) -> Any:
        """The call, under way."""
        callable_ = getattr(self.channel, SHAPES.get(method, "unary_unary"))(f"/{SERVICE}/{method}")
        given = requests if requests is not None else iter([body] * 3)
        argument = given if method in {"Client", "Bidi"} else body
        metadata = tuple(metadata.items() if isinstance(metadata, dict) else metadata)
        if method in {"Server", "Bidi"}:
            return callable_(argument, metadata=metadata, timeout=20)
        return callable_.future(argument, metadata=metadata, timeout=20)

    def call(self, method: str, metadata: Any = (), body: bytes = b"x", requests: Any = None) -> Answer:
        call = self.begin(method, metadata, body, requests)
        messages: list[bytes] = []
        try:
            if method in {"Server", "Bidi"}:
                messages.extend(call)
            else:
                messages.append(call.result())
        except grpc.RpcError:
            pass
        return Answer(call.code(), call.details(), dict(call.trailing_metadata()), messages)
