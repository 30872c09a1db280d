"""The ASGI middleware by itself: what passes, whose context is seen where, and how streams end."""

import asyncio
import time
from contextvars import copy_context

import pytest
import trio
from keys import SECRET, token
from routes import whom
from service import Async
from serving import Uvicorn

from bearergate import AuthContext, ConfigError, JwtVerifier, _current
from bearergate.asgi import JwtAuthMiddleware

VERIFIER = JwtVerifier(secret=SECRET)


def scope_of(path="/", *headers, kind="http", **more):
    return {"type": kind, "method": "GET", "path": path, "headers": list(headers), **more}


def bearer(subject="alice", **claims):
    return (b"Authorization", f"Bearer {token(sub=subject, **claims)}".encode())


async def call(app, scope):
    messages = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        messages.append(message)

    await app(scope, receive, send)
    return messages


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": whom().encode()})


def body_of(messages):
    return b"".join(message.get("body", b"") for message in messages)


def test_lifespan_passes_and_nothing_else_unknown_does():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    guarded = JwtAuthMiddleware(app, verifier=VERIFIER)
    asyncio.run(call(guarded, {"type": "lifespan"}))
    with pytest.raises(ValueError, match="webtransport"):
        asyncio.run(call(guarded, scope_of(kind="webtransport")))
    assert seen == ["lifespan"]


def test_one_task_serves_many_requests_without_mixing():
    async def fail(scope, receive, send):
        raise LookupError(whom())

    open_ = JwtAuthMiddleware(hello, verifier=VERIFIER, skip_paths=["/"])
    failing = JwtAuthMiddleware(fail, verifier=VERIFIER)
    guarded = JwtAuthMiddleware(hello, verifier=VERIFIER)

    async def main():
        for subject in ("alice", "bob"):
            assert body_of(await call(guarded, scope_of("/x", bearer(subject)))) == subject.encode()
            assert whom() == "nobody"
            with pytest.raises(LookupError, match=subject):
                await call(failing, scope_of("/x", bearer(subject)))
            assert whom() == "nobody"
            assert body_of(await call(open_, scope_of("/"))) == b"nobody"
        answers = await asyncio.gather(*(call(guarded, scope_of("/", bearer(f"s{i}"))) for i in range(20)))
        assert [body_of(answer) for answer in answers] == [f"s{i}".encode() for i in range(20)]

    asyncio.run(main())


def test_whoever_started_the_server_is_not_seen():
    operator = _current.Identity(object(), AuthContext(subject="operator"))
    operator.enter()
    try:
        app = JwtAuthMiddleware(hello, verifier=VERIFIER, skip_paths=["/"])
        assert body_of(asyncio.run(call(app, scope_of("/")))) == b"nobody"
        assert whom() == "operator"
    finally:
        operator.leave()


def test_an_outer_middlewares_caller_stays_where_the_inner_one_skips():
    inner = JwtAuthMiddleware(hello, verifier=VERIFIER, skip_paths=["/"])
    app = JwtAuthMiddleware(inner, verifier=VERIFIER)
    assert body_of(asyncio.run(call(app, scope_of("/", bearer())))) == b"alice"


def test_the_same_verifier_judges_a_request_once_and_another_one_again():
    judged = []
    first = JwtVerifier(
        secret=SECRET, validate=lambda context: judged.append("first"), propagate_headers=True
    )
    second = JwtVerifier(secret=SECRET, validate=lambda context: judged.append("second"), audience="x")

    async def headers(scope, receive, send):
        body = b" ".join(name for name, _ in scope["headers"] if name.startswith(b"x-auth"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    twice = JwtAuthMiddleware(JwtAuthMiddleware(headers, verifier=first), verifier=first)
    assert b"x-auth-subject" in body_of(asyncio.run(call(twice, scope_of("/", bearer()))))
    assert judged == ["first"]
    both = JwtAuthMiddleware(JwtAuthMiddleware(hello, verifier=second), verifier=first)
    assert asyncio.run(call(both, scope_of("/", bearer())))[0]["status"] == 401
    assert judged == ["first", "first"]


def test_optional_lets_nobody_in_and_no_bad_token():
    told = []
    app = JwtAuthMiddleware(hello, secret=SECRET, optional=True, on_reject=told.append)
    assert body_of(asyncio.run(call(app, scope_of("/")))) == b"nobody"
    assert told == []
    assert body_of(asyncio.run(call(app, scope_of("/", bearer())))) == b"alice"
    assert asyncio.run(call(app, scope_of("/", (b"authorization", b"Bearer x"))))[0]["status"] == 401
    assert asyncio.run(call(app, scope_of("/", bearer(exp=1))))[0]["status"] == 401


@pytest.mark.parametrize("headers", [tuple, iter])
def test_headers_may_be_any_iterable(headers):
    app = JwtAuthMiddleware(hello, verifier=JwtVerifier(secret=SECRET, propagate_headers=True))
    scope = {**scope_of("/"), "headers": headers([bearer(), (b"x-auth-subject", b"root")])}
    assert body_of(asyncio.run(call(app, scope))) == b"alice"
    assert (b"x-auth-subject", b"alice") in scope["headers"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({}, "jwksUri"),
        ({"verifier": VERIFIER, "audience": "x"}, "audience"),
        ({"verifier": "x"}, "verifier"),
        ({"verifier": VERIFIER, "skip_paths": ["x"]}, "skip_paths"),
        ({"verifier": VERIFIER, "skip_paths": "/"}, "skip_paths"),
        ({"secret": SECRET, "audiance": "x"}, "audiance"),
        ({"secret": SECRET, "optional": "no"}, "optional"),
    ],
)
def test_what_cannot_be_meant_is_an_error(options, option):
    with pytest.raises(ConfigError) as caught:
        JwtAuthMiddleware(hello, **options)
    if options:
        assert caught.value.option.startswith(option)


def test_a_cancelled_wait_leaves_no_waiter(jwks, signer):
    jwks.hold()
    app = JwtAuthMiddleware(hello, jwks_uri=jwks.url)
    scope = scope_of("/", (b"authorization", f"Bearer {signer.token()}".encode()))

    async def main():
        waiting = [asyncio.ensure_future(call(app, dict(scope))) for _ in range(3)]
        while not jwks.asked.is_set():
            await asyncio.sleep(0.005)
        for task in waiting:
            task.cancel()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in done)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert whom() == "nobody"
        jwks.release()
        assert body_of(await call(app, dict(scope))) == b"alice"

    asyncio.run(main())
    assert jwks.requests == 1


def test_it_runs_on_trio(jwks, signer):
    app = JwtAuthMiddleware(hello, jwks_uri=jwks.url)
    scope = scope_of("/", (b"authorization", f"Bearer {signer.token()}".encode()))
    assert body_of(trio.run(call, app, scope)) == b"alice"


def test_a_background_task_sees_the_caller():
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    seen = []

    async def view(request):
        return PlainTextResponse("x", background=BackgroundTask(lambda: seen.append(whom())))

    app = JwtAuthMiddleware(Starlette(routes=[Route("/", view)]), verifier=VERIFIER)
    asyncio.run(call(app, scope_of("/", bearer())))
    assert seen == ["alice"]


class TestConnect:
    """A Connect application is guarded before it sees the request, streams included."""

    def test_each_kind_of_method_sees_the_caller(self):
        service = Async()
        service.app = JwtAuthMiddleware(service.app, verifier=VERIFIER)
        headers = {"authorization": f"Bearer {token()}"}
        for method in ("Unary", "Client", "Server", "Bidi"):
            answer = service.call(method, headers)
            assert (answer.status, answer.error) == (200, None)
            assert set(service.seen) == {"alice"}
            answer = service.call(method, {})
            assert answer.error == {"code": "unauthenticated", "message": "Missing credentials"}
            assert answer.headers["www-authenticate"] == "Bearer"

    def test_methods_are_skipped_and_named(self):
        told = []
        service = Async()
        service.app = JwtAuthMiddleware(
            service.app, secret=SECRET, skip_methods=["test.v1.Service/Unary"], on_reject=told.append
        )
        assert service.call("Unary", {}).messages == ["nobody"]
        assert service.call("Server", {}).error["code"] == "unauthenticated"
        assert [info["procedure"] for info in told] == ["test.v1.Service/Server"]

    def test_a_stream_ends_with_its_token(self):
        service = Async()
        service.app = JwtAuthMiddleware(service.app, secret=SECRET, end_streams_at_expiry=True)
        service.steps, service.pace = 1000, 0.05
        headers = {"authorization": f"Bearer {token(exp=int(time.time()) + 2)}"}
        answer = service.call("Server", headers)
        assert answer.error == {"code": "unauthenticated", "message": "Authentication failed"}
        assert 5 < len(answer.messages) < 100


async def ticking(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1000):
        await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
        await asyncio.sleep(0.05)


def test_a_stream_of_another_protocol_breaks_off_with_its_token():
    server = Uvicorn(JwtAuthMiddleware(ticking, secret=SECRET, end_streams_at_expiry=True))
    try:
        header = f"authorization: Bearer {token(exp=int(time.time()) + 2)}"
        with server.connect() as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n".encode())
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        assert received.count(b"tick") > 5
        # Chunked, and without the last chunk: nobody takes it for the whole.
        assert not received.endswith(b"0\r\n\r\n")
        assert server.tasks() == 0
    finally:
        server.close()


@pytest.mark.parametrize("run", [asyncio.run, lambda coroutine: trio.run(lambda: coroutine)])
def test_a_late_answer_that_is_no_stream_is_whole(run):
    sleep = asyncio.sleep if run is asyncio.run else trio.sleep

    async def slow(scope, receive, send):
        await sleep(1.6)
        await hello(scope, receive, send)

    app = JwtAuthMiddleware(slow, secret=SECRET, end_streams_at_expiry=True)
    scope = scope_of("/", bearer(exp=int(time.time()) + 1))
    assert body_of(run(call(app, scope))) == b"alice"


def test_what_a_lent_identity_is_bound_to_ends_it():
    class Holder:
        pass

    def main():
        holder = Holder()
        _current.lend(holder, AuthContext(subject="alice"))
        assert whom() == "alice"
        other = Holder()
        _current.lend(other, AuthContext(subject="bob"))
        assert whom() == "bob"
        del holder
        assert whom() == "bob"
        del other
        assert whom() == "nobody"
        owned = _current.Identity(object(), AuthContext(subject="carol"))
        owned.enter()
        _current.end_loan()
        assert whom() == "carol"
        owned.leave()

    copy_context().run(main)
