"""The interceptor in a Connect application: who is seen where, and that nothing lets anybody in."""

import asyncio
import subprocess
import sys
import threading
import time
import warnings
from contextvars import copy_context

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.interceptor import MetadataInterceptor, MetadataInterceptorSync
from keys import SECRET, token
from service import KINDS, Async, Sync, empty_context, whom

from bearergate import (
    AuthContext,
    JwtVerifier,
    MissingCredentialsError,
    _current,
    create_jwt_auth_interceptor,
    get_auth_context,
    require_auth_context,
)
from bearergate.connect import JwtAuthInterceptor

both = pytest.mark.parametrize("kind", [Sync, Async])
every_method = pytest.mark.parametrize("method", KINDS)
SIGHTINGS = {"Unary": 1, "Client": 4, "Server": 3, "Bidi": 3}


def guard(**options):
    return create_jwt_auth_interceptor(**{"secret": SECRET, **options})


def bearer(subject="alice", **claims):
    return {"authorization": f"Bearer {token(sub=subject, **claims)}"}


@pytest.fixture(autouse=True)
def nobody_stays_behind():
    yield
    assert get_auth_context() is None


@both
@every_method
def test_the_caller_is_seen_at_each_message(kind, method):
    service = kind(guard())
    answer = service.call(method, bearer())
    assert (answer.status, answer.error) == (200, None)
    assert service.seen == ["alice"] * SIGHTINGS[method]


@both
@every_method
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer x"}, {"authorization": f"Bearer {token(exp=1)}"}, bearer("")]
)
def test_a_bad_request_does_not_reach_its_handler(kind, method, headers):
    service = kind(guard())
    answer = service.call(method, headers)
    assert answer.status == (401 if method == "Unary" else 200)
    assert answer.error["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.messages == []
    assert service.seen == []


def errors_of(*interceptors, kind, headers, method="Unary"):
    """The error as an earlier interceptor sees it."""
    seen = []

    class Observer:
        async def on_start(self, ctx):
            pass

        async def on_end(self, state, ctx, error, /):
            seen.append(error)

        def on_start_sync(self, ctx, /):
            pass

        def on_end_sync(self, state, ctx, error, /):
            seen.append(error)

    with pytest.warns(UserWarning, match="list it first"):
        service = kind(Observer(), *interceptors)
    service.call(method, headers)
    return seen


@both
def test_a_refusal_is_a_connect_error_with_its_cause(kind):
    (error,) = errors_of(guard(audience="me"), kind=kind, headers=bearer(aud="you"))
    assert isinstance(error, ConnectError)
    assert (error.code, error.message) == (Code.UNAUTHENTICATED, "Authentication failed")
    assert (error.__cause__.code, error.__cause__.claim, error.__cause__.reason) == (
        "ERR_CLAIM_INVALID",
        "aud",
        "check_failed",
    )


@both
def test_on_reject_names_the_procedure(kind):
    told = []
    kind(guard(on_reject=told.append)).call("Server", {})
    assert told == [
        {
            "code": "ERR_CREDENTIALS_MISSING",
            "connect_code": "unauthenticated",
            "reason": "missing",
            "procedure": "test.v1.Service/Server",
        }
    ]


@both
@every_method
def test_validate_decides_last(kind, method):
    service = kind(guard(validate=lambda context: context.subject != "bob"))
    assert service.call(method, bearer()).error is None
    seen = list(service.seen)
    assert service.call(method, bearer("bob")).error == {
        "code": "unauthenticated",
        "message": "Authentication failed",
    }
    assert service.seen == seen


def test_an_async_validate_serves_asgi_and_refuses_wsgi():
    async def validate(context):
        await asyncio.sleep(0)
        return True

    assert Async(guard(validate=validate)).call("Unary", bearer()).status == 200
    assert Sync(guard(validate=validate)).call("Unary", bearer()).status == 401


class TestSkipping:
    @both
    @every_method
    def test_nobody_is_seen(self, kind, method):
        service = kind(guard(skip_methods=["test.v1.Service/*"]))
        assert service.call(method, bearer()).error is None
        assert set(service.seen) == {"nobody"}

    @both
    @every_method
    def test_the_context_of_an_earlier_interceptor_stays(self, kind, method):
        service = kind(guard(), guard(skip_methods=["*"]))
        assert service.call(method, bearer()).error is None
        assert set(service.seen) == {"alice"}

    @both
    @every_method
    def test_a_context_of_whoever_started_the_server_does_not(self, kind, method):
        identity = _current.Identity(object(), AuthContext(subject="operator"))
        identity.enter()
        try:
            service = kind(guard(skip_methods=["*"]))
            assert service.call(method, {}).error is None
            assert set(service.seen) == {"nobody"}
            assert whom() == "operator"
            service = kind(guard())
            service.call(method, bearer())
            assert set(service.seen) == {"alice"}
            assert whom() == "operator"
        finally:
            identity.leave()

    @both
    def test_spoofed_headers_are_removed_all_the_same(self, kind):
        seen = []

        class Recorder:
            async def on_start(self, ctx):
                seen.append([name for name in ctx.request_headers if name.startswith("x-auth")])

            async def on_end(self, state, ctx, error, /):
                pass

            def on_start_sync(self, ctx, /):
                seen.append([name for name in ctx.request_headers if name.startswith("x-auth")])

            def on_end_sync(self, state, ctx, error, /):
                pass

        spoofed = {f"x-auth-{name}": "x" for name in ("subject", "roles", "scopes", "claims", "name", "type")}
        kind(guard(skip_methods=["*"]), Recorder()).call("Unary", spoofed)
        kind(guard(), Recorder()).call("Unary", bearer() | spoofed)
        assert seen == [[], []]


class TestForeignContexts:
    """A WSGI server may ask for each chunk somewhere else than where the request began."""

    @pytest.mark.parametrize("method", ["Server", "Bidi"])
    def test_each_chunk_in_a_context_of_its_own(self, method):
        service = Sync(guard())
        body, _ = empty_context(service.begin, method, bearer())
        chunks = iter(body)
        while True:
            try:
                empty_context(next, chunks)
            except StopIteration:
                break
            assert whom() == "nobody"
        assert service.seen == ["alice"] * 3

    def test_each_chunk_on_a_thread_of_its_own(self):
        service = Sync(guard())
        body, _ = service.begin("Server", bearer())
        assert whom() == "nobody"
        chunks, done = iter(body), []

        def step():
            done.append(next(chunks, None))

        while not done or done[-1] is not None:
            thread = threading.Thread(target=step)
            thread.start()
            thread.join()
        assert service.seen == ["alice"] * 3

    def test_two_streams_taken_in_turns(self):
        service = Sync(guard())
        alice, bob = (iter(service.begin("Server", bearer(name))[0]) for name in ("alice", "bob"))
        for _ in range(4):
            next(alice, None)
            assert whom() == "nobody"
            next(bob, None)
        assert sorted(service.seen) == ["alice"] * 3 + ["bob"] * 3
        # The first message of each is made when the request begins.
        assert service.seen[2:] == ["alice", "bob"] * 2

    @pytest.mark.parametrize("elsewhere", [False, True])
    def test_a_stream_that_is_closed_early(self, elsewhere):
        service = Sync(guard())
        body, _ = service.begin("Server", bearer())
        next(body)
        (empty_context if elsewhere else copy_context().run)(body.close)
        del body
        assert service.closed == ["alice"]
        assert whom() == "nobody"

    def test_a_stream_that_is_never_read_leaves_nobody_behind(self):
        service = Sync(guard())
        body, _ = service.begin("Server", bearer())
        assert whom() == "nobody"
        assert service.call("Unary", bearer("bob")).messages == ["bob"]
        body.close()

    @both
    @every_method
    def test_later_interceptors_see_the_caller_at_the_end_too(self, kind, method):
        seen = []

        class Audit:
            async def on_start(self, ctx):
                seen.append(whom())

            async def on_end(self, state, ctx, error, /):
                seen.append(whom())

            def on_start_sync(self, ctx, /):
                seen.append(whom())

            def on_end_sync(self, state, ctx, error, /):
                seen.append(whom())

        kind(guard(), Audit()).call(method, bearer())
        assert seen == ["alice", "alice"]


@both
@every_method
def test_a_handler_that_fails_leaves_nobody_behind(kind, method):
    class Failing:
        async def intercept_unary(self, call_next, request, ctx, /):
            raise ValueError(whom())

        intercept_client_stream = intercept_unary

        def intercept_server_stream(self, call_next, request, ctx, /):
            raise ValueError(whom())

        intercept_bidi_stream = intercept_server_stream
        intercept_unary_sync = intercept_client_stream_sync = intercept_server_stream
        intercept_server_stream_sync = intercept_bidi_stream_sync = intercept_server_stream

    service = kind(guard(), Failing())
    try:
        answer = service.call(method, bearer())
    except ValueError as error:
        # ASGI leaves errors that are not Connect's to the server as well.
        assert str(error) == "alice"  # noqa: PT017
    else:
        assert answer.error["message"] == "alice"
    assert whom() == "nobody"


def test_one_task_serves_many_requests_without_mixing():
    service = Async(guard(skip_methods=["test.v1.Service/Client"]))

    async def main():
        for subject in ("alice", "bob"):
            assert (await service.acall("Unary", bearer(subject))).messages == [subject]
            assert whom() == "nobody"
            await service.acall("Client", bearer(subject))
        await asyncio.gather(*(service.acall("Server", bearer(f"s{i}")) for i in range(20)))

    asyncio.run(main())
    assert service.seen[:10] == ["alice", *["nobody"] * 4, "bob", *["nobody"] * 4]
    assert sorted(service.seen[10:]) == sorted([f"s{i}" for i in range(20)] * 3)


class TestShape:
    """An application ignores what is not shaped like an interceptor, so ours cannot be bent out of shape."""

    def test_it_is_both_kinds_of_metadata_interceptor(self):
        interceptor = guard()
        assert isinstance(interceptor, MetadataInterceptor)
        assert isinstance(interceptor, MetadataInterceptorSync)
        assert isinstance(interceptor.verifier, JwtVerifier)
        assert interceptor.verifier.verify(token()).subject == "alice"

    def test_it_cannot_be_extended(self):
        with pytest.raises(TypeError, match="cannot be extended"):

            class Mine(JwtAuthInterceptor):
                on_start = None

    def test_it_cannot_be_changed(self):
        interceptor = guard()
        for change in (
            lambda: setattr(interceptor, "on_start", lambda ctx: None),
            lambda: setattr(interceptor, "verifier", None),
            lambda: setattr(interceptor, "other", None),
            lambda: delattr(interceptor, "verifier"),
        ):
            with pytest.raises(AttributeError):
                change()

    @both
    @pytest.mark.parametrize(
        "mistake",
        [create_jwt_auth_interceptor, JwtAuthInterceptor, JwtVerifier(secret=SECRET)],
        ids=["the function", "the class", "a verifier"],
    )
    def test_what_would_be_ignored_is_an_error(self, kind, mistake):
        guard()
        with pytest.raises(TypeError, match="create_jwt_auth_interceptor"):
            kind(mistake)

    @both
    @every_method
    def test_listed_late_it_warns_and_comes_first_all_the_same(self, kind, method):
        order = []

        class Messages:
            async def intercept_unary(self, call_next, request, ctx, /):
                order.append(whom())
                return await call_next(request, ctx)

            intercept_client_stream = intercept_unary

            def intercept_server_stream(self, call_next, request, ctx, /):
                order.append(whom())
                return call_next(request, ctx)

            intercept_bidi_stream = intercept_server_stream
            intercept_unary_sync = intercept_client_stream_sync = intercept_server_stream
            intercept_server_stream_sync = intercept_bidi_stream_sync = intercept_server_stream

        with pytest.warns(UserWarning, match="list it first") as heard:
            service = kind(Messages(), guard())
        assert heard[0].filename.endswith("service.py")
        assert service.call(method, {}).error["code"] == "unauthenticated"
        assert order == []
        assert service.call(method, bearer()).error is None
        assert order == ["alice"]
        assert set(service.seen) == {"alice"}

    @both
    @pytest.mark.parametrize("equal", [True, False])
    @pytest.mark.parametrize("first", [True, False])
    def test_what_another_interceptor_calls_equal_does_not_matter(self, kind, equal, first):
        class Other:
            calls = 0
            __hash__ = None

            def __eq__(self, other):
                return equal

            def intercept_unary_sync(self, call_next, request, ctx, /):
                Other.calls += 1
                return call_next(request, ctx)

            async def intercept_unary(self, call_next, request, ctx, /):
                Other.calls += 1
                return await call_next(request, ctx)

        order = [guard(), Other()] if first else [Other(), guard()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            service = kind(*order)
        assert service.call("Unary", {}).status == 401
        assert Other.calls == 0
        assert service.call("Unary", bearer()).status == 200
        assert Other.calls == 1

    def test_a_body_that_cannot_be_parsed_does_not_come_first(self):
        class Messages:
            async def intercept_unary(self, call_next, request, ctx, /):
                return await call_next(request, ctx)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            service = Async(Messages(), guard())
        assert asyncio.run(service.acall("Unary", {}, b"{")).status == 401
        assert asyncio.run(service.acall("Unary", bearer(), b"{")).status == 400

    @both
    def test_after_another_metadata_interceptor_it_warns_and_stays_there(self, kind):
        class Other:
            async def on_start(self, ctx):
                seen.append((whom(), "x-auth-subject" in ctx.request_headers))

            async def on_end(self, state, ctx, error, /):
                pass

            def on_start_sync(self, ctx, /):
                seen.append((whom(), "x-auth-subject" in ctx.request_headers))

            def on_end_sync(self, state, ctx, error, /):
                pass

        seen = []
        with pytest.warns(UserWarning, match=r"listed after Other.*list it first") as heard:
            service = kind(Other(), guard())
        assert heard[0].filename.endswith("service.py")
        assert service.call("Unary", {"x-auth-subject": "root"}).status == 401
        assert service.call("Unary", bearer()).status == 200
        assert seen == [("nobody", True), ("nobody", False)]

    @both
    def test_first_or_after_one_of_its_own_kind_it_does_not_warn(self, kind):
        class Other:
            async def on_start(self, ctx):
                pass

            async def on_end(self, state, ctx, error, /):
                pass

            on_start_sync = on_end_sync = lambda self, *given: None

        assert kind(guard(), guard(), Other()).call("Unary", bearer()).status == 200

    @both
    def test_applications_without_it_are_as_ever(self, kind):
        guard()
        service = kind()
        assert service.call("Unary", {}).messages == ["nobody"]


@both
def test_a_defect_of_ours_is_a_refusal_and_tells_nothing(kind):
    class Headers(dict):
        """What no server hands over."""

        def getall(self, name):
            return [object()]

    class Breaker:
        async def on_start(self, ctx):
            ctx._request_headers = Headers()

        async def on_end(self, state, ctx, error, /):
            errors.append(error)

        def on_start_sync(self, ctx, /):
            ctx._request_headers = Headers()

        def on_end_sync(self, state, ctx, error, /):
            errors.append(error)

    errors = []
    with pytest.warns(UserWarning, match="list it first"):
        service = kind(Breaker(), guard())
    answer = service.call("Unary", bearer())
    assert (answer.status, answer.error) == (
        401,
        {"code": "unauthenticated", "message": "Authentication failed"},
    )
    assert errors[0].__cause__.code == "ERR_INTERNAL"
    assert isinstance(errors[0].__cause__.__cause__, TypeError)


@both
def test_an_auth_error_of_a_handler_answers_with_its_code(kind):
    class Requiring:
        async def intercept_unary(self, call_next, request, ctx, /):
            require_auth_context()

        def intercept_unary_sync(self, call_next, request, ctx, /):
            require_auth_context()

    answer = kind(guard(skip_methods=["*"]), Requiring()).call("Unary", {})
    assert (answer.status, answer.error) == (
        401,
        {"code": "unauthenticated", "message": "Missing credentials"},
    )
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_refusal_of_nobody_is_that_of_the_core():
    with pytest.raises(MissingCredentialsError) as caught:
        require_auth_context()
    refusal = guard().verifier._judge.gate.refuse("ERR_CREDENTIALS_MISSING")
    error = caught.value
    for field in ("code", "claim", "reason", "connect_code", "http_status", "challenge", "retry_after"):
        assert getattr(error, field) == getattr(refusal, field), field
    assert error.client_message == refusal.message
    assert "no verified caller" in str(error)


def test_an_async_on_reject_is_told_under_wsgi():
    told = threading.Event()

    async def on_reject(info):
        await asyncio.sleep(0)
        assert info["procedure"] == "test.v1.Service/Unary"
        told.set()

    assert Sync(guard(on_reject=on_reject)).call("Unary", {}).status == 401
    assert told.wait(5)


class TestExpiry:
    @both
    @pytest.mark.parametrize("method", ["Client", "Server", "Bidi"])
    def test_a_stream_of_a_token_about_to_expire_ends(self, kind, method):
        service = kind(guard(end_streams_at_expiry=True))
        service.steps, service.pace = 1000, 0.02

        class Slow:
            async def intercept_client_stream(self, call_next, request, ctx, /):
                await asyncio.sleep(30)

            async def intercept_bidi_stream(self, call_next, request, ctx, /):
                yield await anext(call_next(request, ctx))
                await asyncio.sleep(30)

            def intercept_client_stream_sync(self, call_next, request, ctx, /):
                time.sleep(max(0, expiry - time.time()))
                return call_next(request, ctx)

            def intercept_bidi_stream_sync(self, call_next, request, ctx, /):
                for message in call_next(request, ctx):
                    yield message
                    time.sleep(max(0, expiry - time.time()))

        expiry = int(time.time()) + 1
        slow = kind(guard(end_streams_at_expiry=True), Slow()) if method != "Server" else service
        answer = slow.call(method, bearer(exp=expiry))
        assert answer.error == {"code": "unauthenticated", "message": "Authentication failed"}
        assert expiry <= time.time() < expiry + 2

    @both
    @every_method
    @pytest.mark.parametrize("exp", [None, 32503680000, 253402300800])
    def test_however_far_away_the_end_is(self, kind, method, exp):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = kind(guard(end_streams_at_expiry=True)).call(method, bearer(exp=exp))
        assert answer.error is None

    def test_a_handler_that_ignores_its_cancellation_gains_nothing(self):
        class Stubborn:
            async def intercept_server_stream(self, call_next, request, ctx, /):
                while True:
                    try:
                        await asyncio.sleep(30)
                    except asyncio.CancelledError:
                        yield await anext(call_next(request, ctx))

        service = Async(guard(end_streams_at_expiry=True), Stubborn())
        answer = service.call("Server", bearer(exp=int(time.time()) + 1))
        assert answer.error["code"] == "unauthenticated"
        assert answer.messages == []

    def test_a_timeout_of_the_handler_is_its_own(self):
        class Impatient:
            async def intercept_server_stream(self, call_next, request, ctx, /):
                raise TimeoutError("mine")
                yield

        service = Async(guard(end_streams_at_expiry=True), Impatient())
        with pytest.raises(TimeoutError, match="mine"):
            service.call("Server", bearer())


def test_a_cold_key_set_does_not_hold_the_loop_up(jwks, signer):
    service = Async(create_jwt_auth_interceptor(jwks_uri=jwks.url))
    jwks.hold()

    async def main():
        headers = {"authorization": f"Bearer {signer.token()}"}
        call = asyncio.ensure_future(service.acall("Server", headers))
        while not jwks.asked.is_set():
            await asyncio.sleep(0.005)
        assert not call.done()
        jwks.release()
        assert (await call).messages == ["alice"] * 3

    asyncio.run(main())


@both
def test_a_request_in_an_outage_is_unavailable(kind, jwks, signer):
    jwks.status = 500
    service = kind(create_jwt_auth_interceptor(jwks_uri=jwks.url))
    answer = service.call("Unary", {"authorization": f"Bearer {signer.token()}"})
    assert (answer.status, answer.error["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
    assert service.seen == []


@both
def test_the_token_may_be_in_a_cookie(kind):
    service = kind(guard(credentials={"cookie": "session"}))
    assert service.call("Unary", {"cookie": f"a=b; session={token()}"}).messages == ["alice"]
    assert service.call("Unary", bearer()).status == 401


def test_connectrpc_is_imported_only_when_it_is_used():
    code = (
        "import sys, bearergate\n"
        "bearergate.JwtVerifier(secret='0' * 32)\n"
        "assert not any(name.partition('.')[0] == 'connectrpc' for name in sys.modules)\n"
        "sys.modules['connectrpc'] = sys.modules['connectrpc.code'] = None\n"
        "try:\n"
        "    bearergate.create_jwt_auth_interceptor(secret='0' * 32)\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (
        "connectrpc is not installed: pip install 'bearergate[connect]'\n",
        "",
    )
