"""Requests over kept connections, each the moment the one before is answered:
`load.py PORT TOKEN CONNECTIONS SECONDS`. It prints requests per second."""

from __future__ import annotations

import asyncio
import re
import sys
from time import perf_counter

from server import pin
from service import BODY, PATH

CORE = 1
WARM_UP_SECONDS = 1

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection that asks again and again."""

    answered = 0
    failed: str | None = None

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        end = self._waiting.find(b"\r\n\r\n")
        if end == -1:
            return
        length = _LENGTH.search(self._waiting, 0, end + 2)
        if not self._waiting.startswith(b"HTTP/1.1 200 ") or length is None:
            Connection.failed = self._waiting.decode()
            return
        if len(self._waiting) >= end + 4 + int(length[1]):
            self._waiting = b""
            Connection.answered += 1
            self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        Connection.failed = f"the server closed a connection: {error}"


async def main(port: str, token: str, connections: str, seconds: str) -> None:
    pin(CORE)
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"connect-protocol-version: 1\r\nauthorization: Bearer {token}\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    request = head.encode() + BODY
    loop = asyncio.get_running_loop()
    for _ in range(int(connections)):
        await loop.create_connection(lambda: Connection(request), "127.0.0.1", int(port))
    await asyncio.sleep(WARM_UP_SECONDS)
    before, begun = Connection.answered, perf_counter()
    await asyncio.sleep(float(seconds))
    rate = (Connection.answered - before) / (perf_counter() - begun)
    if Connection.failed:
        raise RuntimeError(Connection.failed)
    sys.stdout.write(f"{rate}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
