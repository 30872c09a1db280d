"""With `end_streams_at_expiry` a stream ends when its token does."""

import base64
import json
import time

import pytest
from clients import CONNECT, GRPC, GRPC_WEB, STREAMS, Client, bearer
from connectrpc.errors import ConnectError
from methods import BIDI_STREAM, CLIENT_STREAM, SERVER_STREAM
from protobuf.wkt import StringValue

WIRES = [
    ("uvicorn", CONNECT, 1),
    ("gunicorn", GRPC_WEB, 1),
    ("pyvoy-asgi", GRPC, 2),
    ("pyvoy-trio", GRPC, 2),
    ("pyvoy-wsgi", GRPC, 2),
]


def endless():
    """More than any token lives, at a pace."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        yield StringValue(value="tick")
        time.sleep(0.05)


def outlive(client: Client, method, headers) -> None:
    connect = client._client
    if method is CLIENT_STREAM:
        connect.execute_client_stream(request=endless(), method=method, headers=headers)
    elif method is BIDI_STREAM:
        for _ in connect.execute_bidi_stream(request=endless(), method=method, headers=headers):
            pass
    else:
        for _ in connect.execute_server_stream(
            request=StringValue(value="2000"), method=method, headers=headers
        ):
            pass


# Of an HTTP/1.1 request, Connect's WSGI application reads the rest of the body before it ends the response.
CASES = [
    pytest.param(*wire, method, id=f"{wire[0]}-{method.name}")
    for wire in WIRES
    for method in STREAMS
    if wire[0] != "gunicorn" or method is SERVER_STREAM
]


@pytest.mark.parametrize(("server", "protocol", "version", "method"), CASES)
def test_a_stream_ends_with_its_token(serve, guard, idp, server, protocol, version, method):
    served = serve(server, {**guard, "end_streams_at_expiry": True})
    client = Client(served.url, protocol, version)
    client.call(SERVER_STREAM, bearer(idp.token()))
    token = idp.token(ttl=2)
    exp = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["exp"]
    with pytest.raises(ConnectError) as caught:
        outlive(client, method, bearer(token))
    late = time.time() - exp
    assert (caught.value.code.value, caught.value.message) == ("unauthenticated", "Authentication failed")
    assert -0.05 <= late < 2, f"ended {late} s after exp"


def test_without_the_option_a_stream_outlives_its_token(shared_server, idp):
    client = Client(shared_server("uvicorn").url, CONNECT, 1)
    token = idp.token(ttl=1)
    messages = client._client.execute_server_stream(
        request=StringValue(value="200"), method=SERVER_STREAM, headers=bearer(token)
    )
    assert sum(1 for _ in messages) == 200
