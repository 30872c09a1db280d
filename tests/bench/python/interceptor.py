"""A whole call of a Connect application in process, behind our interceptor and behind those that do less; and the
signature alone.

`added` is what ours adds, `beside` that without the signature: medians of the differences within a round.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from bare import SIGNATURE, BareSignature
from least import Empty, Natively
from libraries import NATIVE, options
from measure import Timed, alternate, row, run_sync
from service import BODY, PATH, asgi, wsgi
from tokens import Signed, forged, signed

from bearergate import create_jwt_auth_interceptor

ALGORITHMS = ("RS256", "ES256", "EdDSA", "HS256")
EMPTY = "empty interceptor"


def interceptor(bare: str, rounds: int) -> list[dict[str, Any]]:
    measurements = []
    with asyncio.Runner() as runner, BareSignature(bare) as signature:

        def run_awaited(call: Callable[[], Awaitable[None]], size: int) -> float:
            return runner.run(_batch(call, size))

        for kind, calling, run in (("ASGI", _asgi_call, run_awaited), ("WSGI", _wsgi_call, run_sync)):
            calls: dict[tuple[str, str], Callable[..., Any]] = {}
            for alg in ALGORITHMS:
                subject = signed(alg)
                ours = {name: calling(item, subject.token) for name, item in _interceptors(subject).items()}
                refused = calling(_interceptors(subject)["bearergate"], forged(subject.token), 401)
                for call in (*ours.values(), refused):
                    run(call, 1)
                calls[alg, SIGNATURE] = Timed(partial(signature.seconds, alg))
                calls.update({(alg, name): call for name, call in ours.items()})
            # All in the same rounds, as in verify.py.
            times = alternate(calls, rounds, run)
            for alg in ALGORITHMS:
                found = {name: values for (row, name), values in times.items() if row == alg}
                measurements += _rows(f"{alg}, {kind}", found)
    return measurements


def _interceptors(subject: Signed) -> dict[str, Any]:
    return {
        EMPTY: Empty(),
        NATIVE: Natively(subject),
        "bearergate": create_jwt_auth_interceptor(**options(subject, cache=False)),
        "bearergate, cache hit": create_jwt_auth_interceptor(**options(subject)),
    }


def _rows(name: str, times: dict[str, list[float]]) -> list[dict[str, Any]]:
    rows = []
    for column, values in times.items():
        found = row("interceptor", name, column, values)
        if column not in {EMPTY, SIGNATURE}:
            differences = [ours - empty for ours, empty in zip(values, times[EMPTY], strict=True)]
            beside = [added - alone for added, alone in zip(differences, times[SIGNATURE], strict=True)]
            found |= {"added": round(median(differences), 3), "beside": round(median(beside), 3)}
        rows.append(found)
    return rows


async def _batch(call: Callable[[], Awaitable[None]], size: int) -> float:
    begun = perf_counter()
    for _ in range(size):
        await call()
    return perf_counter() - begun


def _asgi_call(item: object, token: str, status: int = 200) -> Callable[[], Awaitable[None]]:
    app = asgi(item)
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"connect-protocol-version", b"1"),
        (b"content-length", str(len(BODY)).encode()),
        (b"authorization", f"Bearer {token}".encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }
    request = {"type": "http.request", "body": BODY, "more_body": False}

    async def receive() -> dict[str, Any]:
        return request

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", status) != status:
            raise RuntimeError(f"answered {message}")

    return lambda: app({**scope, "headers": headers}, receive, send)


def _wsgi_call(item: object, token: str, status: int = 200) -> Callable[[], None]:
    app = wsgi(item)
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "HTTP_HOST": "localhost",
        "HTTP_CONNECT_PROTOCOL_VERSION": "1",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }

    def start_response(line: str, _headers: object) -> None:
        if not line.startswith(str(status)):
            raise RuntimeError(f"answered {line}")

    def call() -> None:
        for _ in app({**environ, "wsgi.input": io.BytesIO(BODY)}, start_response):
            pass

    return call
