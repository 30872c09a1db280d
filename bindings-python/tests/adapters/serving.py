"""Real servers on loopback, in threads of this process, and a client that sends exact bytes."""

import asyncio
import http.client
import io
import socket
import threading
import wsgiref.simple_server
from typing import Any, NamedTuple

import uvicorn
import werkzeug.serving


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class _OneBuffer(io.BytesIO):
    def makefile(self, *_: Any) -> io.BytesIO:
        return self


class Served:
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def raw(self, request: bytes) -> Answer:
        """The answer to exactly these bytes."""
        with self.connect() as connection:
            connection.sendall(request)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        response = http.client.HTTPResponse(_OneBuffer(received))
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def ask(self, path: str, *headers: bytes, method: str = "GET", body: bytes = b"") -> Answer:
        length = [b"content-length: %d" % len(body)] if body else []
        lines = [
            f"{method} {path} HTTP/1.1".encode(),
            b"host: localhost",
            b"connection: close",
            *length,
            *headers,
        ]
        return self.raw(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def close(self) -> None:
        raise NotImplementedError


class _Prompt(uvicorn.Server):
    """Looks more often than ten times a second whether it is over."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            await asyncio.sleep(0.005)


class Uvicorn(Served):
    """One process, one event loop; `tasks` are those of requests under way."""

    def __init__(self, app: Any) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            app, loop="asyncio", http="h11", ws="websockets-sansio", lifespan="off", log_level="critical"
        )
        self._server = _Prompt(config)
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._started = threading.Event()
        self._thread.start()
        assert self._started.wait(10)

    def _run(self, listener: socket.socket) -> None:
        async def main() -> None:
            self.loop = asyncio.get_running_loop()
            self._idle = asyncio.all_tasks()
            serving = asyncio.ensure_future(self._server.serve([listener]))
            self._idle.add(serving)
            while not self._server.started:
                await asyncio.sleep(0.005)
            self._idle |= asyncio.all_tasks()
            self._started.set()
            await serving

        asyncio.run(main())

    def tasks(self) -> int:
        async def count() -> int:
            return len(asyncio.all_tasks() - self._idle - {asyncio.current_task()})

        return asyncio.run_coroutine_threadsafe(count(), self.loop).result(10)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


class Wsgiref(Served):
    """One thread, one request after the other: all of them in the same `contextvars.Context`."""

    def __init__(self, app: Any) -> None:
        class Handler(wsgiref.simple_server.WSGIRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

        self._server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def tasks(self) -> int:
        return 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class Werkzeug(Wsgiref):
    """The same from another hand, which tells the path as it was sent."""

    def __init__(self, app: Any) -> None:
        class Handler(werkzeug.serving.WSGIRequestHandler):
            def log(self, *_: Any) -> None:
                pass

        self._server = werkzeug.serving.make_server("127.0.0.1", 0, app, request_handler=Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()


def serve(app: Any, server: str) -> Served:
    return {"asgi": Uvicorn, "wsgi": Wsgiref, "werkzeug": Werkzeug}[server](app)
