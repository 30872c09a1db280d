"""The scripted key endpoint: one listener, one folder of paths per case, an answer per folder that a
step may change, and a count of requests."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import urlsplit


class Server:
    """Listens on loopback until closed."""

    def __init__(self) -> None:
        self._answers: dict[str, dict[str, Any]] = {}
        self._requests: dict[str, int] = {}
        self._hosts: dict[str, str] = {}
        self._names = map(str, count(1))
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        Thread(target=self._http.serve_forever, daemon=True).start()

    def folder(self, host: str) -> str:
        """A folder of its own for one run of one case, to which the host leads too. It answers 404
        until told otherwise."""
        name = next(self._names)
        self._hosts[host] = name
        self._answers[name] = {"status": 404}
        self._requests[name] = 0
        return name

    def origin(self, name: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/{name}"

    def serve(self, name: str, answer: dict[str, Any]) -> None:
        self._answers[name] = answer

    def requests(self, name: str) -> int:
        return self._requests[name]

    def close(self) -> None:
        self._http.shutdown()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        # To a proxy the whole URL is sent: its host is the folder, its path what routes name.
        if request.path.startswith("http://"):
            url = urlsplit(request.path)
            name, rest = self._hosts.get(url.netloc, ""), url.path
        else:
            name, _, rest = request.path.lstrip("/").partition("/")
        request.close_connection = True
        if name not in self._answers:
            return
        answer = self._answers[name]
        self._requests[name] += 1
        if "routes" in answer:
            answer = answer["routes"].get(rest.removeprefix("jwks"), {"status": 404})
        if answer.get("down"):
            return
        wanted = answer.get("ifHeader")
        if wanted is not None and request.headers.get(wanted[0]) != wanted[1]:
            _write(request, 401, {}, b"")
            return
        text = json.dumps(answer["jwks"]) if "jwks" in answer else answer.get("body", "")
        body = text.encode()
        body += b" " * (answer.get("padTo", 0) - len(body))
        headers = answer.get("headers", {"content-type": "application/json"})
        _write(request, answer.get("status", 200), headers, body)


def _write(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    bodiless = status in (204, 304)
    request.send_response_only(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("connection", "close")
    if not bodiless:
        request.send_header("content-length", str(len(body)))
    request.end_headers()
    if not bodiless:
        request.wfile.write(body)
