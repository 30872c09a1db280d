"""WebSocket handshakes are decided before they are accepted, on a real server and by exact messages."""

import asyncio
import contextlib
import json
import time

import pytest
from applications import Adapter
from keys import SECRET, token
from routes import subject_of, whom
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bearergate import JwtVerifier
from bearergate.asgi import JwtAuthMiddleware

OFFERED = {"header": "sec-websocket-protocol"}


async def echo(scope, receive, send):
    """Accepts the first subprotocol that it sees, says who is there, and repeats what comes."""
    assert (await receive())["type"] == "websocket.connect"
    headers = dict(scope["headers"])
    seen = headers.get(b"sec-websocket-protocol", b"").decode()
    protocols = scope["subprotocols"]
    await send({"type": "websocket.accept", "subprotocol": protocols[0] if protocols else None})
    hello = {"context": whom(), "scope": subject_of(scope["bearergate.auth"]), "offered": seen}
    await send({"type": "websocket.send", "text": json.dumps(hello)})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"{whom()}: {message['text']}"})


def adapter(**given):
    def build(**options):
        return JwtAuthMiddleware(echo, **given, **options)

    return Adapter("asgi", "asgi", build)


@contextlib.asynccontextmanager
async def websocket(server, **options):
    url = f"ws://127.0.0.1:{server.port}/"
    async with connect(url, proxy=None, **options) as connection:
        yield connection, json.loads(await connection.recv())


def bearer(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


async def refused(server, **options):
    with pytest.raises(InvalidStatus) as caught:
        async with websocket(server, **options):
            pass
    return caught.value.response


def test_the_caller_is_seen_in_every_message(served):
    server = served(adapter(), secret=SECRET)

    async def main():
        async with websocket(server, additional_headers=bearer()) as (connection, hello):
            assert hello == {"context": "alice", "scope": "alice", "offered": ""}
            for text in "ab":
                await connection.send(text)
                assert await connection.recv() == f"alice: {text}"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ([], "Bearer"),
        ([("authorization", "Bearer garbage")], 'Bearer error="invalid_token"'),
        (list(bearer(exp=1).items()), 'Bearer error="invalid_token"'),
        (list(bearer(aud="x").items()), 'Bearer error="invalid_token"'),
        (list(bearer().items()) * 2, 'Bearer error="invalid_token"'),
    ],
    ids=["none", "garbage", "expired", "audience", "two"],
)
def test_a_handshake_is_refused_with_401(served, headers, challenge):
    server = served(adapter(), secret=SECRET, audience="api")
    response = asyncio.run(refused(server, additional_headers=headers))
    assert (response.status_code, response.headers["www-authenticate"]) == (401, challenge)
    assert json.loads(response.body)["code"] == "unauthenticated"


def test_a_handshake_in_an_outage_is_refused_with_503(served, jwks, signer):
    jwks.status = 500
    server = served(adapter(), jwks_uri=jwks.url)
    response = asyncio.run(refused(server, additional_headers={"authorization": f"Bearer {signer.token()}"}))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1


def test_a_client_that_goes_during_its_handshake_leaves_no_task_behind(served, jwks, signer):
    jwks.hold()
    server = served(adapter(), jwks_uri=jwks.url)
    handshake = (
        f"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        f"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"authorization: Bearer {signer.token()}\r\n\r\n"
    )
    with server.connect() as connection:
        connection.sendall(handshake.encode())
        assert jwks.asked.wait(5)
        assert server.tasks() > 0
    jwks.release()
    for _ in range(200):
        if server.tasks() == 0:
            break
        time.sleep(0.02)
    assert server.tasks() == 0


class TestSubprotocol:
    """A browser's page can set no header of a handshake but this one."""

    def test_the_token_is_taken_and_not_accepted(self, served):
        server = served(adapter(), secret=SECRET, credentials=OFFERED)

        async def main():
            for offer in (["chat", f"bearer.{token()}"], [f"bearer.{token()}", "chat"]):
                async with websocket(server, subprotocols=offer) as (connection, hello):
                    assert hello == {"context": "alice", "scope": "alice", "offered": "chat"}
                    assert connection.subprotocol == "chat"

        asyncio.run(main())

    def test_alone_it_leaves_nothing_to_accept(self, served):
        server = served(adapter(), secret=SECRET, credentials=OFFERED)

        async def main():
            async with websocket(server, subprotocols=[f"bearer.{token()}"]) as (connection, hello):
                assert (hello["context"], hello["offered"]) == ("alice", "")
                assert connection.subprotocol is None

        asyncio.run(main())

    @pytest.mark.parametrize("offer", [["chat"], ["bearer"], ["bearer.x"], [token()], None])
    def test_without_a_good_one_it_is_refused(self, served, offer):
        server = served(adapter(), secret=SECRET, credentials=OFFERED)
        response = asyncio.run(refused(server, subprotocols=offer, additional_headers=bearer()))
        assert response.status_code == 401

    def test_two_are_refused(self, served):
        server = served(adapter(), secret=SECRET, credentials=OFFERED)
        offer = [f"bearer.{token()}", f"bearer.{token(sub='bob')}"]
        assert asyncio.run(refused(server, subprotocols=offer)).status_code == 401

    def test_requests_may_keep_their_header(self, served):
        async def hello(scope, receive, send):
            if scope["type"] == "websocket":
                await echo(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": whom().encode()})

        def build(**options):
            offered = JwtVerifier(**options, credentials=OFFERED)
            return JwtAuthMiddleware(hello, websocket_verifier=offered, **options)

        server = served(Adapter("asgi", "asgi", build), secret=SECRET)
        good = f"authorization: Bearer {token()}".encode()
        assert server.ask("/", good).body == b"alice"
        assert server.ask("/", f"sec-websocket-protocol: bearer.{token()}".encode()).status == 401

        async def main():
            async with websocket(server, subprotocols=[f"bearer.{token()}"]) as (_, hello):
                assert hello["context"] == "alice"

        asyncio.run(main())
        assert asyncio.run(refused(server, additional_headers=bearer())).status_code == 401


def test_the_token_may_be_in_a_cookie(served):
    server = served(adapter(), secret=SECRET, credentials={"cookie": "session"})

    async def main():
        cookie = {"cookie": f"a=b; session={token()}"}
        async with websocket(server, additional_headers=cookie) as (_, hello):
            assert hello["context"] == "alice"

    asyncio.run(main())
    assert asyncio.run(refused(server, additional_headers=bearer())).status_code == 401


def sent(app, scope):
    """What an application answers to a handshake, without a server."""
    messages = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        messages.append(message)

    handshake = {"type": "websocket", "path": "/", "headers": [], "subprotocols": [], **scope}
    asyncio.run(app(handshake, receive, send))
    return messages


def test_without_the_denial_extension_the_close_code_tells(jwks, signer):
    guarded = JwtAuthMiddleware(echo, secret=SECRET)
    assert sent(guarded, {}) == [{"type": "websocket.close", "code": 1008, "reason": "Missing credentials"}]
    assert sent(guarded, {"extensions": None})[0]["code"] == 1008
    jwks.status = 500
    out = JwtAuthMiddleware(echo, jwks_uri=jwks.url)
    headers = [(b"authorization", f"Bearer {signer.token()}".encode())]
    (close,) = sent(out, {"headers": headers})
    assert (close["type"], close["code"]) == ("websocket.close", 1013)


def test_with_end_streams_at_expiry_it_is_closed_when_the_token_expires(served):
    told = []
    server = served(adapter(), secret=SECRET, end_streams_at_expiry=True, on_reject=told.append)

    async def main():
        headers = bearer(exp=int(time.time()) + 2)
        async with websocket(server, additional_headers=headers) as (connection, _):
            await connection.send("a")
            assert await connection.recv() == "alice: a"
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(connection.recv(), 5)
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "Authentication failed")

    asyncio.run(main())
    assert [info["code"] for info in told] == ["ERR_TOKEN_EXPIRED"]
