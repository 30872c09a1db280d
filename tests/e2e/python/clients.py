"""Clients of the test service: Connect's own over each protocol, and plain HTTP."""

import http.client
import json
import struct
from collections.abc import Iterable
from typing import NamedTuple

import methods as m
from connectrpc.client import ConnectClientSync, ResponseMetadata
from connectrpc.errors import ConnectError
from connectrpc.protocol import ProtocolType
from protobuf.wkt import StringValue
from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

CONNECT, GRPC, GRPC_WEB = ProtocolType.CONNECT, ProtocolType.GRPC, ProtocolType.GRPC_WEB
STREAMS = (m.CLIENT_STREAM, m.SERVER_STREAM, m.BIDI_STREAM)
GUARDED = (m.UNARY, *STREAMS)

# What each server can speak: gRPC needs HTTP/2 and trailers.
WIRES = [
    ("uvicorn", CONNECT, 1),
    ("uvicorn", GRPC_WEB, 1),
    ("gunicorn", CONNECT, 1),
    ("gunicorn", GRPC_WEB, 1),
    *(
        (server, protocol, version)
        for server in ("pyvoy-asgi", "pyvoy-trio", "pyvoy-wsgi")
        for protocol, version in ((CONNECT, 1), (CONNECT, 2), (GRPC, 2), (GRPC_WEB, 2))
    ),
]


class Failure(NamedTuple):
    """A refused call as its caller sees it."""

    code: str
    message: str
    metadata: dict[str, str]


class Client:
    """Calls any method of the service; gives what each message of the response says."""

    def __init__(self, url: str, protocol: ProtocolType, version: int) -> None:
        wanted = HTTPVersion.HTTP2 if version == 2 else HTTPVersion.HTTP1
        self._http = SyncClient(SyncHTTPTransport(http_version=wanted))
        self._client = ConnectClientSync(url, protocol=protocol, http_client=self._http)

    def call(self, method, headers: dict[str, str], requests: Iterable[str] = ("0", "1", "2")) -> list[dict]:
        """One entry for each message at which the handler looked."""
        messages = (StringValue(value=value) for value in requests)
        client = self._client
        if method in (m.UNARY, m.READ, m.OPEN):
            return [
                json.loads(client.execute_unary(request=next(messages), method=method, headers=headers).value)
            ]
        if method is m.CLIENT_STREAM:
            return json.loads(
                client.execute_client_stream(request=messages, method=method, headers=headers).value
            )
        if method is m.BIDI_STREAM:
            stream = client.execute_bidi_stream(request=messages, method=method, headers=headers)
        else:
            stream = client.execute_server_stream(
                request=StringValue(value="3"), method=method, headers=headers
            )
        return [json.loads(message.value) for message in stream]

    def refused(self, method, headers: dict[str, str]) -> Failure:
        """The refusal of a call that must not succeed."""
        with ResponseMetadata() as response:
            try:
                answer = self.call(method, headers)
            except ConnectError as error:
                metadata = {**dict(response.headers.items()), **dict(response.trailers.items())}
                return Failure(error.code.value, error.message, metadata)
        raise AssertionError(f"let through: {answer}")


def bearer(token: str, **others: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in others.items()}}


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def post(
    port: int,
    method,
    headers: list[tuple[str, str | bytes]],
    body: bytes = b'"1"',
    kind: str = "application/json",
) -> Response:
    """A request with exactly these header lines over HTTP/1.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest("POST", m.path(method))
        for name, value in [("content-type", kind), ("content-length", str(len(body))), *headers]:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def enveloped(*messages: bytes) -> bytes:
    """Messages as the body of a Connect stream."""
    return b"".join(struct.pack(">BI", 0, len(message)) + message for message in messages)
