"""Requests over kept connections, each the moment the one before is answered:
`load.py PORT TOKEN CONNECTIONS SECONDS`. It prints requests per second."""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

from server import pin
from service import BODY, PATH

CORE = 1
MOST_WARM_UP_SECONDS = 1

# No request is sent before the answer to the one before, so this is the end of the last thing received.
_END_OF_CHUNKS = b"\r\n0\r\n\r\n"


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
        if not self._waiting.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(self._waiting.decode())
        if not self._waiting.endswith(_END_OF_CHUNKS):
            return
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
    await asyncio.sleep(min(MOST_WARM_UP_SECONDS, float(seconds)))
    before, begun = Connection.answered, perf_counter()
    await asyncio.sleep(float(seconds))
    rate = (Connection.answered - before) / (perf_counter() - begun)
    if Connection.failed or not rate:
        raise RuntimeError(Connection.failed or "no request was answered")
    sys.stdout.write(f"{rate}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
