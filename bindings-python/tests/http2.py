"""The least HTTP/2 client that can send what a gRPC client refuses to send: header values of any bytes."""

import socket
import struct
from collections.abc import Iterable


def raw_call(port: int, path: str, headers: Iterable[tuple[str, bytes]]) -> str:
    """The call's `grpc-status`, or `reset` where the stream was ended without one."""
    block = b"\x83\x86"  # :method POST, :scheme http
    for name, value in (
        (":path", path.encode()),
        (":authority", b"localhost"),
        ("content-type", b"application/grpc"),
        ("te", b"trailers"),
        *headers,
    ):
        # Literals that are never indexed.
        block += b"\x10" + _string(name.encode()) + _string(value)
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.settimeout(10)
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(4, 0, 0, b"")
            + _frame(1, 4, 1, block)
            + _frame(0, 1, 1, struct.pack(">BI", 0, 1) + b"x")
        )
        answer = connection.makefile("rb")
        while len(head := answer.read(9)) == 9:
            size = int.from_bytes(head[:3], "big")
            kind, flags = head[3], head[4]
            payload = answer.read(size)
            if kind == 4 and not flags & 1:
                connection.sendall(_frame(4, 1, 0, b""))
            elif kind in {3, 7}:
                return "reset"
            elif kind == 1 and flags & 1:
                return _status(payload)
    return "reset"


def _status(block: bytes) -> str:
    # grpcio writes name and value as they are.
    value = block[block.index(b"grpc-status") + len(b"grpc-status") :]
    return value[1 : 1 + value[0]].decode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _string(text: bytes) -> bytes:
    # Lengths of 127 and more take another byte or two.
    if len(text) < 127:
        return bytes((len(text),)) + text
    rest, size = len(text) - 127, b"\x7f"
    while rest >= 128:
        size += bytes((rest % 128 | 128,))
        rest //= 128
    return size + bytes((rest,)) + text
