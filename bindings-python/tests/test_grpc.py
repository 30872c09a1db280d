"""The interceptor in gRPC servers: who is seen where, what is refused how, and that nothing lets anybody in."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc.aio
import pytest
from grpc import StatusCode
from grpc_service import KINDS, METHODS, SERVICE, SHAPES, Server, loop, whom
from http2 import raw_call
from keys import SECRET, token

from bearergate import AuthContext, ConfigError, JwtVerifier, _current, require_auth_context
from bearergate.grpc import JwtServerInterceptor, create_jwt_server_interceptor

pytestmark = pytest.mark.thread_unsafe(reason="each test has a server, and threads, of its own")
every_kind = pytest.mark.parametrize("kind", KINDS)
both = pytest.mark.parametrize("kind", ["sync", "aio"])
every_method = pytest.mark.parametrize("method", METHODS)
SIGHTINGS = {"Unary": 1, "Client": 4, "Server": 3, "Bidi": 3}
SPOOFED = {f"x-auth-{name}": "root" for name in ("subject", "roles", "scopes", "claims", "name", "type")}


@pytest.fixture(scope="module", autouse=True)
def one_loop():
    yield
    loop().close()
    loop.cache_clear()


def guard(**options):
    return create_jwt_server_interceptor(**{"secret": SECRET, **options})


def bearer(subject="alice", **claims):
    return {"authorization": f"Bearer {token(sub=subject, **claims)}"}


@every_kind
@every_method
def test_the_caller_is_seen_at_each_message(kind, method):
    with Server(kind, guard()) as server:
        answer = server.call(method, bearer())
        assert (answer.code, answer.messages[-1]) == (StatusCode.OK, b"alice")
        assert server.seen == ["alice"] * SIGHTINGS[method]
        # Neither the thread nor the task remembers.
        assert server.call(method, bearer("bob")).messages[-1] == b"bob"


BAD = {
    "no header": ((), "Missing credentials", "Bearer"),
    "another scheme": ({"authorization": "Basic eDp5"}, "Missing credentials", "Bearer"),
    "garbage": ({"authorization": "Bearer x.y"}, "Authentication failed", 'Bearer error="invalid_token"'),
    "expired": (bearer(aud="me", exp=1), "Authentication failed", 'Bearer error="invalid_token"'),
    "wrong audience": (bearer(aud="you"), "Authentication failed", 'Bearer error="invalid_token"'),
    "two headers": (
        (*bearer(aud="me").items(), *bearer(aud="me").items()),
        "Authentication failed",
        'Bearer error="invalid_token"',
    ),
    "a binary header beside it": ({"authorization-bin": b"Bearer \xff"}, "Missing credentials", "Bearer"),
}


@every_kind
@every_method
def test_a_bad_call_does_not_reach_its_handler(kind, method):
    with Server(kind, guard(audience="me")) as server:
        for why, (metadata, details, challenge) in BAD.items():
            answer = server.call(method, metadata)
            refused = (StatusCode.UNAUTHENTICATED, details, {"www-authenticate": challenge}, [])
            assert answer == refused, why
        assert server.seen == []
        assert server.call(method, bearer(aud="me")).code is StatusCode.OK


@both
@every_method
def test_bytes_that_are_not_ascii_are_refused(kind, method):
    with Server(kind, guard()) as server:
        path = f"/{SERVICE}/{method}"
        good = f"Bearer {token()}".encode()
        for value in (b"Bearer \xff\xfe", "Bearer é".encode(), good + b"\xa0", good[:-1] + b"\x00", b"\xff"):
            assert raw_call(server.port, path, [("authorization", value)]) == "16"
        assert server.seen == []
        assert raw_call(server.port, path, [("authorization", good)]) == "0"


@both
def test_a_binary_header_may_carry_the_token(kind):
    with Server(kind, guard(credentials={"header": "token-bin", "scheme": None})) as server:
        assert server.call("Unary", {"token-bin": token().encode()}).messages == [b"alice"]
        for value in (b"\xff\xfe", "é".encode(), b"", token().encode() + b"\x00"):
            assert server.call("Unary", {"token-bin": value}).code is StatusCode.UNAUTHENTICATED
        assert server.call("Unary", bearer()).code is StatusCode.UNAUTHENTICATED


@every_kind
@every_method
def test_an_outage_is_unavailable(kind, method, jwks, signer):
    jwks.status = 500
    with Server(kind, create_jwt_server_interceptor(jwks_uri=jwks.url)) as server:
        answer = server.call(method, {"authorization": f"Bearer {signer.token()}"})
        assert answer[:2] == (StatusCode.UNAVAILABLE, "Authentication temporarily unavailable")
        assert int(answer.trailers["retry-after"]) >= 1
        assert "www-authenticate" not in answer.trailers
        assert server.seen == []


@every_kind
@every_method
def test_a_fetch_does_not_hold_up_who_needs_none(kind, method, jwks, signer):
    """The serving thread, or the loop, goes on while a call waits for keys."""
    jwks.hold()
    interceptor = create_jwt_server_interceptor(jwks_uri=jwks.url)
    with Server(kind, interceptor) as server:
        waiting = server.begin(method, {"authorization": f"Bearer {signer.token()}"})
        assert jwks.asked.wait(5)
        started = time.monotonic()
        assert server.call("Unary").code is StatusCode.UNAUTHENTICATED
        assert server.call("Missing", bearer()).code is StatusCode.UNIMPLEMENTED
        assert time.monotonic() - started < 2
        assert not waiting.done()
        jwks.release()
        if method in {"Server", "Bidi"}:
            assert list(waiting)[-1] == b"alice"
        else:
            assert waiting.result(5) == b"alice"


@every_kind
@every_method
def test_a_client_that_leaves_during_a_fetch_costs_no_handler(kind, method, jwks, signer):
    jwks.hold()
    with Server(kind, create_jwt_server_interceptor(jwks_uri=jwks.url), threads=2) as server:
        metadata = {"authorization": f"Bearer {signer.token()}"}
        leaving = [server.begin(method, metadata) for _ in range(2)]
        assert jwks.asked.wait(5)
        time.sleep(0.1)
        for call in leaving:
            call.cancel()
        time.sleep(0.1)
        jwks.release()
        # Those who stay are served, by the same threads.
        assert server.call(method, metadata).messages[-1] == b"alice"
        assert server.seen == ["alice"] * SIGHTINGS[method]


@every_kind
@every_method
def test_a_handler_that_raises_leaves_nobody_behind(kind, method):
    with Server(kind, guard(skip_methods=[f"{SERVICE}/Unary"]), threads=1) as server:
        server.fail = ValueError("mine")
        answer = server.call(method, bearer())
        assert answer.code is StatusCode.UNKNOWN
        assert "mine" in answer.details
        server.fail = None
        assert server.call("Unary").messages == [b"nobody"]
        assert server.seen[-1] == "nobody"


@every_kind
@every_method
def test_a_handler_may_abort(kind, method):
    def abort(request, context):
        context.abort(StatusCode.NOT_FOUND, whom())

    async def abort_async(request, context):
        await context.abort(StatusCode.NOT_FOUND, whom())

    behavior = abort if kind in {"sync", "aio-sync"} else abort_async
    handlers = {method: getattr(grpc, f"{SHAPES[method]}_rpc_method_handler")(behavior)}
    with Server(kind, guard(), handlers=handlers) as server:
        assert server.call(method, bearer())[:2] == (StatusCode.NOT_FOUND, "alice")


@every_kind
@every_method
def test_an_auth_error_of_a_handler_answers_with_its_code(kind, method):
    def nobody():
        with pytest.raises(Exception) as caught:  # noqa: PT011
            require_auth_context()
        return caught.value

    with Server(kind, guard(skip_methods=["*"])) as server:
        server.fail = nobody
        answer = server.call(method)
        assert answer[:3] == (
            StatusCode.UNAUTHENTICATED,
            "Missing credentials",
            {"www-authenticate": "Bearer"},
        )


class TestSkipping:
    @every_kind
    @every_method
    def test_nobody_is_seen(self, kind, method):
        with Server(kind, guard(skip_methods=[f"{SERVICE}/*"])) as server:
            assert server.call(method, bearer()).code is StatusCode.OK
            assert set(server.seen) == {"nobody"}

    @every_kind
    @every_method
    def test_the_context_of_an_earlier_interceptor_stays(self, kind, method):
        with Server(kind, guard(), guard(skip_methods=["*"])) as server:
            assert server.call(method, bearer() | SPOOFED).code is StatusCode.OK
            assert set(server.seen) == {"alice"}

    @every_kind
    @every_method
    def test_a_context_of_whoever_started_the_server_does_not(self, kind, method):
        def operator():
            _current.Identity(object(), AuthContext(subject="operator")).enter()

        thread = ThreadPoolExecutor(1)
        started = (
            thread.submit(Server, kind, guard(skip_methods=["*"]), started=operator).result()
            if kind == "sync"
            else Server(kind, guard(skip_methods=["*"]), started=operator)
        )
        with started as server:
            assert server.call(method).code is StatusCode.OK
            assert set(server.seen) == {"nobody"}

    def test_a_path_is_skipped_only_as_it_is_written(self):
        class Everything(grpc.GenericRpcHandler):
            def service(self, details):
                return grpc.unary_unary_rpc_method_handler(lambda request, context: whom().encode())

        with Server("sync", guard(skip_methods=["a.B/C", "a.B/*"])) as server:
            server._server.add_generic_rpc_handlers((Everything(),))
            assert server.channel.unary_unary("/a.B/C")(b"") == b"nobody"
            for path in ("/a.B/C/D", "//a.B/C", "/x/a.B/C", "/a.b/C", "/a.B//C"):
                with pytest.raises(grpc.RpcError) as caught:
                    server.channel.unary_unary(path)(b"")
                assert caught.value.code() is StatusCode.UNAUTHENTICATED, path


class TestHeaders:
    @every_kind
    @every_method
    @pytest.mark.parametrize("skip", [True, False])
    def test_spoofed_ones_are_removed(self, kind, method, skip):
        details = []

        class Sync(grpc.ServerInterceptor):
            def intercept_service(self, continuation, given):
                details.append(dict(given.invocation_metadata))
                return continuation(given)

        class Aio(grpc.aio.ServerInterceptor):
            async def intercept_service(self, continuation, given):
                details.append(dict(given.invocation_metadata))
                return await continuation(given)

        later = Sync() if kind == "sync" else Aio()
        with Server(kind, guard(skip_methods=["*"] if skip else []), later) as server:
            assert server.call(method, bearer() | SPOOFED | {"x-own": "1"}).code is StatusCode.OK
            assert len(server.metadata) == SIGHTINGS[method]
            for metadata in [*server.metadata, *details]:
                assert not set(metadata) & set(SPOOFED)
                assert metadata["x-own"] == "1"

    @every_kind
    @every_method
    def test_the_verified_identity_is_propagated(self, kind, method):
        with Server(kind, guard(propagate_headers=True)) as server:
            assert server.call(method, bearer("Zoë", scope="read") | SPOOFED).code is StatusCode.OK
            for metadata in server.metadata:
                assert metadata["x-auth-subject"] == "UTF-8''Zo%C3%AB"
                assert metadata["x-auth-scopes"] == "read"
                assert "x-auth-roles" not in metadata

    @both
    def test_a_subject_that_does_not_fit_is_refused(self, kind):
        told = []
        with Server(kind, guard(propagate_headers=True, on_reject=told.append)) as server:
            assert server.call("Unary", bearer("x" * 600)).code is StatusCode.UNAUTHENTICATED
            assert server.seen == []
            assert told[0]["code"] == "ERR_SUBJECT_TOO_LONG"

    @every_kind
    def test_the_handlers_context_is_otherwise_the_servers(self, kind):
        seen = []

        class Outer(grpc.ServerInterceptor):
            def intercept_service(self, continuation, given):
                inner = continuation(given)

                def behavior(request, context):
                    context.mark = "outer"
                    return inner.unary_unary(request, context)

                return grpc.unary_unary_rpc_method_handler(behavior, inner.request_deserializer)

        def look(context):
            context.set_trailing_metadata((("mine", "1"),))
            seen.append((context.peer(), isinstance(context, grpc.ServicerContext)))
            if kind == "sync":
                assert context.mark == "outer"
                context.mark = "handler"
                assert context.mark == "handler"
                del context.mark
            return b"ok"

        async def aio(request, context):
            return look(context)

        behavior = aio if kind in {"aio", "aio-writers"} else lambda request, context: look(context)
        handlers = {"Unary": grpc.unary_unary_rpc_method_handler(behavior)}
        interceptors = [Outer(), guard()] if kind == "sync" else [guard()]
        with Server(kind, *interceptors, handlers=handlers) as server:
            for spoofed in ({}, SPOOFED):
                answer = server.call("Unary", bearer() | spoofed)
                assert (answer.code, answer.trailers) == (StatusCode.OK, {"mine": "1"})
        assert [is_context for _, is_context in seen] == [kind == "sync"] * 2
        assert all(peer for peer, _ in seen)


class TestShapes:
    @every_kind
    def test_what_is_not_there_is_unimplemented(self, kind):
        with Server(kind, guard()) as server:
            for metadata in ((), bearer(), {"authorization": "Bearer x"}):
                assert server.call("Missing", metadata).code is StatusCode.UNIMPLEMENTED

    @every_kind
    @every_method
    def test_registered_handlers_are_guarded_too(self, kind, method):
        with Server(kind, guard(), registered=True) as server:
            assert server.call(method).code is StatusCode.UNAUTHENTICATED
            assert server.seen == []
            assert server.call(method, bearer()).messages[-1] == b"alice"

    @both
    @pytest.mark.parametrize("broken", range(5))
    def test_a_handler_of_an_unknown_shape_is_not_called(self, kind, broken):
        class Odd(grpc.RpcMethodHandler):
            def __init__(self, **given):
                self.request_deserializer = self.response_serializer = None
                self.request_streaming = self.response_streaming = False
                self.unary_unary = self.unary_stream = self.stream_unary = self.stream_stream = None
                self.__dict__.update(given)

        called = []

        def behavior(request, context):
            called.append(request)
            return b""

        handler = [
            Odd(),
            Odd(stream_stream=behavior),
            Odd(unary_unary=behavior, request_streaming=None),
            Odd(unary_unary="behavior"),
            object(),
        ][broken]
        with Server(kind, guard(), handlers={"Unary": handler}) as server:
            assert server.call("Unary", bearer()).code is StatusCode.UNAUTHENTICATED
            assert called == []

    def test_a_non_blocking_handler_stays_one(self):
        """As grpcio's health servicer has them."""
        done = threading.Event()
        pool = ThreadPoolExecutor(1, thread_name_prefix="own")
        ran = []

        def watch(request, context, send):
            ran.append((threading.current_thread().name, whom()))

            def later():
                for _ in range(3):
                    send(whom().encode())
                send(None)
                done.set()

            threading.Thread(target=later).start()

        watch.experimental_non_blocking = True
        watch.experimental_thread_pool = pool
        handlers = {"Server": grpc.unary_stream_rpc_method_handler(watch)}
        with Server("sync", guard(), handlers=handlers) as server:
            assert server.call("Server").code is StatusCode.UNAUTHENTICATED
            assert ran == []
            assert server.call("Server", bearer()).messages == [b"nobody"] * 3
            assert done.wait(5)
            ((thread, caller),) = ran
            assert (thread.startswith("own"), caller) == (True, "alice")

    @every_kind
    @pytest.mark.parametrize("method", ["Unary", "Server"])
    def test_a_message_is_not_parsed_for_who_is_not_known(self, kind, method, caplog):
        with Server(kind, guard()) as server:
            assert server.call(method, body=b"bad").code is StatusCode.UNAUTHENTICATED
            assert server.parsed == []
            with caplog.at_level(logging.CRITICAL, "bearergate"):
                answer = server.call(method, bearer(), body=b"bad")
            assert answer.code is (StatusCode.INTERNAL if kind == "sync" else StatusCode.UNKNOWN)
            assert server.seen == []
            assert server.call(method, bearer()).code is StatusCode.OK

    def test_the_interceptor_is_one_of_both_kinds(self):
        interceptor = guard()
        assert isinstance(interceptor, grpc.ServerInterceptor)
        assert isinstance(interceptor, grpc.aio.ServerInterceptor)
        assert interceptor.verifier.verify(token()).subject == "alice"
        verifier = JwtVerifier(secret=SECRET)
        assert create_jwt_server_interceptor(verifier=verifier).verifier is verifier
        with pytest.raises(ConfigError, match="beside `verifier`"):
            create_jwt_server_interceptor(verifier=verifier, secret=SECRET)
        with pytest.raises(ConfigError, match="must be a JwtVerifier"):
            create_jwt_server_interceptor(verifier=interceptor)
        with pytest.raises(TypeError, match="cannot be extended"):
            type("Mine", (JwtServerInterceptor,), {})
        for change in (
            lambda: setattr(interceptor, "intercept_service", None),
            lambda: delattr(interceptor, "verifier"),
        ):
            with pytest.raises(AttributeError):
                change()

    @both
    def test_a_defect_of_ours_is_a_refusal_and_tells_nothing(self, kind, monkeypatch):
        told = []
        interceptor = guard(on_reject=told.append)
        with Server(kind, interceptor) as server:
            interceptor._judge.check = lambda *_: 1 / 0
            answer = server.call("Unary", bearer())
            assert answer[:2] == (StatusCode.UNAUTHENTICATED, "Authentication failed")
            assert [info["code"] for info in told] == ["ERR_INTERNAL"]
            assert server.seen == []


@every_kind
@every_method
def test_validate_and_on_reject(kind, method):
    told = []
    verdicts = {"bob": False}

    async def later(context):
        await asyncio.sleep(0)
        return verdicts.get(context.subject)

    validate = (lambda context: verdicts.get(context.subject)) if kind == "sync" else later
    with Server(kind, guard(validate=validate, on_reject=told.append)) as server:
        assert server.call(method, bearer()).code is StatusCode.OK
        assert server.call(method, bearer("bob"))[:2] == (
            StatusCode.UNAUTHENTICATED,
            "Authentication failed",
        )
        assert [(info["code"], info["procedure"]) for info in told] == [
            ("ERR_REVOKED", f"{SERVICE}/{method}")
        ]


class TestExpiry:
    @every_kind
    def test_a_stream_ends_with_its_token(self, kind):
        expiry = int(time.time()) + 1

        def requests():
            while time.time() < expiry + 5:
                yield b"x"
                time.sleep(0.05)

        def call(method):
            answer = server.call(method, bearer(exp=expiry), requests=requests())
            assert expiry <= time.time() < expiry + 2
            return answer[:3]

        interceptor = guard(end_streams_at_expiry=True)
        with Server(kind, interceptor) as server, ThreadPoolExecutor(3) as pool:
            server.steps, server.pace = 200, 0.05
            ended = (
                StatusCode.UNAUTHENTICATED,
                "Authentication failed",
                {"www-authenticate": 'Bearer error="invalid_token"'},
            )
            assert list(pool.map(call, ["Client", "Server", "Bidi"])) == [ended] * 3
            assert set(server.seen) == {"alice"}

    def test_a_non_blocking_stream_ends_too(self):
        expiry = int(time.time()) + 1
        over = threading.Event()

        def watch(request, context, send):
            def later():
                while context.is_active():
                    send(b"x")
                    time.sleep(0.05)
                over.set()

            threading.Thread(target=later, daemon=True).start()

        watch.experimental_non_blocking = True
        told = []
        handlers = {"Server": grpc.unary_stream_rpc_method_handler(watch)}
        interceptor = guard(end_streams_at_expiry=True, on_reject=told.append)
        with Server("sync", interceptor, handlers=handlers) as server:
            answer = server.call("Server", bearer(exp=expiry))
            assert answer[:2] == (StatusCode.UNAUTHENTICATED, "Authentication failed")
            assert answer.messages
            assert expiry <= time.time() < expiry + 2
            assert over.wait(5)
            assert [info["code"] for info in told] == ["ERR_TOKEN_EXPIRED"]

    @every_kind
    @every_method
    def test_however_far_away_the_end_is(self, kind, method):
        with Server(kind, guard(end_streams_at_expiry=True)) as server:
            for exp in (None, 253402300800):
                assert server.call(method, bearer(exp=exp)).messages[-1] == b"alice"


# The thread that runs a synchronous stream on an aio server waits for ever for a client that has gone.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "aio-sync"])
def test_a_stream_that_its_client_leaves_is_closed_as_its_caller(kind):
    with Server(kind, guard(), threads=1) as server:
        server.steps, server.pace = 1000, 0.01
        call = server.begin("Server", bearer())
        next(call)
        call.cancel()
        deadline = time.monotonic() + 5
        while not server.closed and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.closed == ["alice"]
        server.steps = 3
        assert server.call("Server", bearer("bob")).messages == [b"bob"] * 3


@every_kind
def test_many_callers_at_once_are_not_mixed(kind):
    with Server(kind, guard(), threads=4) as server, ThreadPoolExecutor(16) as pool:
        server.pace = 0.001
        names = [f"s{index}" for index in range(48)]
        answers = pool.map(lambda name: server.call("Server", bearer(name)).messages, names)
        assert list(answers) == [[name.encode()] * 3 for name in names]


def test_without_grpcio_the_extra_is_named():
    code = (
        "import sys, bearergate\n"
        "assert 'grpc' not in sys.modules\n"
        "sys.modules['grpc'] = None\n"
        "try:\n"
        "    import bearergate.grpc\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("grpcio is not installed: pip install 'bearergate[grpc]'\n", "")
