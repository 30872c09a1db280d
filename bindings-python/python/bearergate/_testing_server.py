"""A key endpoint on loopback, for tests: it serves a JWK Set and the metadata that lead to it, and
fails as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self, cast, final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

__all__ = ["TestJwksServer"]

JWKS = "/.well-known/jwks.json"
METADATA = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
FAILURES = ("disconnect", "hang", "invalid")


@final
class TestJwksServer:
    """A key endpoint on loopback, on threads of its own. Made by `start_test_jwks_server`."""

    __test__ = False

    def __init__(self, jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        self._keys = _keys_of(jwks)
        self._failure: int | str | None = None
        self._headers: dict[str, str] = {}
        self._requests = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="bearergate-test-jwks", daemon=True
        )
        self._thread.start()

    @property
    def origin(self) -> str:
        """Its origin, for `discover` as `issuer`: it serves discovery metadata too."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """URL of the JWK Set, for `jwks_uri`."""
        return self.origin + JWKS

    @property
    def requests(self) -> int:
        """Requests for the JWK Set so far, failed ones included."""
        return self._requests

    @property
    def keys(self) -> list[dict[str, Any]]:
        """The keys that are published."""
        return list(self._keys)

    def rotate(self, jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """Publishes these keys instead."""
        self._keys = _keys_of(jwks)

    def fail(
        self,
        how: int | Literal["disconnect", "hang", "invalid"] = 503,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fails from now on: with a status, a cut connection, no answer at all, or no key set.

        Args:
            how: By default status 503.
            headers: Of the answer, such as `{"retry-after": "5"}`.
        """
        is_status = isinstance(how, int) and not isinstance(how, bool) and 300 <= how <= 599
        if not is_status and how not in FAILURES:
            raise TypeError(f"fail takes a status of 300 to 599, or one of {', '.join(FAILURES)}")
        self._headers = dict(headers or {})
        self._failure = how

    def recover(self) -> None:
        """Serves again."""
        self._failure = None

    def close(self) -> None:
        """Stops, open connections included. Closing twice is the same as once."""
        if not self._closed.is_set():
            self._closed.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TestJwksServer {self.url}>"

    def _answer(self, request: _Handler) -> None:
        path = request.path.partition("?")[0]
        if path != JWKS and path not in METADATA:
            request.reply(404)
            return
        with self._lock:
            self._requests += path == JWKS
        match self._failure:
            case None:
                keys = {"keys": self._keys}
                metadata = {"issuer": self.origin, "jwks_uri": self.url}
                body = json.dumps(keys if path == JWKS else metadata).encode()
                request.reply(200, {"content-type": "application/json"}, body)
            case "hang":
                self._closed.wait()
            case "disconnect":
                request.connection.shutdown(socket.SHUT_RDWR)
            case "invalid":
                request.reply(200, {"content-type": "application/json"}, b"this is not a key set")
            case status:
                request.reply(int(status), self._headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, endpoint: TestJwksServer) -> None:
        self.endpoint = endpoint
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answers as the endpoint says."""
        self.server.endpoint._answer(self)

    def reply(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """Sends one answer; the connection is not kept."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _keys_of(jwks: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The keys of one JWK, a list of them, or a JWK Set; copied, so that nobody sees a later change."""
    keys: Any = jwks
    if hasattr(jwks, "keys"):
        members = cast("Mapping[str, Any]", jwks)
        keys = members["keys"] if isinstance(members.get("keys"), (list, tuple)) else [members]
    if isinstance(keys, (str, bytes)) or not all(hasattr(key, "keys") for key in keys):
        raise TypeError("give a public JWK, a list of them, or a JWK Set")
    return [deepcopy(dict(key)) for key in keys]
