"""The WSGI middleware by itself: who is seen wherever a server asks for the rest of a response."""

import io
import threading
import time
from contextvars import Context

import pytest
from keys import SECRET, token
from routes import whom
from service import Sync

from bearergate import AuthContext, ExpiredTokenError, JwtVerifier, _current
from bearergate.wsgi import JwtAuthMiddleware

VERIFIER = JwtVerifier(secret=SECRET)


def environ_of(path="/", token_=None, **more):
    credentials = {} if token_ is None else {"HTTP_AUTHORIZATION": f"Bearer {token_}"}
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(),
        **credentials,
        **more,
    }


def begin(app, environ):
    started = []
    return app(environ, lambda *given: started.append(given)), started


class Body:
    """A body that notes who is seen when it is asked for a chunk, and when it is closed."""

    def __init__(self):
        self.seen, self.closed = [], []

    def __call__(self, environ, start_response):
        self.seen.append(whom())
        start_response("200 OK", [])
        return self

    def __iter__(self):
        for _ in range(3):
            self.seen.append(whom())
            yield b"x"

    def close(self):
        self.closed.append(whom())


def in_another_context(function, *arguments):
    return Context().run(function, *arguments)


def on_another_thread(function, *arguments):
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(function(*arguments)))
    thread.start()
    thread.join()
    return outcome[0]


@pytest.mark.parametrize("ask", [lambda function, *a: function(*a), in_another_context, on_another_thread])
def test_each_chunk_sees_the_caller_wherever_it_is_asked_for(ask):
    body = Body()
    chunks, _ = begin(JwtAuthMiddleware(body, verifier=VERIFIER), environ_of(token_=token()))
    assert whom() == "nobody"
    chunks = iter(chunks)
    while ask(next, chunks, None) is not None:
        assert whom() == "nobody"
    ask(chunks.close)
    assert body.seen == ["alice"] * 4
    assert body.closed == ["alice"]
    assert whom() == "nobody"


def test_a_body_that_is_never_read_is_closed_all_the_same():
    body = Body()
    chunks, _ = begin(JwtAuthMiddleware(body, verifier=VERIFIER), environ_of(token_=token()))
    chunks.close()
    assert body.closed == ["alice"]
    assert whom() == "nobody"


def test_two_responses_taken_in_turns():
    alice, bob = Body(), Body()
    bodies = []
    for body, name in ((alice, "alice"), (bob, "bob")):
        app = JwtAuthMiddleware(body, verifier=VERIFIER)
        bodies.append(iter(begin(app, environ_of(token_=token(sub=name)))[0]))
    for _ in range(4):
        for body in bodies:
            next(body, None)
            assert whom() == "nobody"
    assert (set(alice.seen), set(bob.seen)) == ({"alice"}, {"bob"})


def test_a_handler_or_body_that_raises_leaves_nobody_behind():
    def fail(environ, start_response):
        raise LookupError(whom())

    def fail_later(environ, start_response):
        yield b"x"
        raise LookupError(whom())

    with pytest.raises(LookupError, match="alice"):
        begin(JwtAuthMiddleware(fail, verifier=VERIFIER), environ_of(token_=token()))
    assert whom() == "nobody"
    chunks, _ = begin(JwtAuthMiddleware(fail_later, verifier=VERIFIER), environ_of(token_=token()))
    assert next(chunks) == b"x"
    with pytest.raises(LookupError, match="alice"):
        next(chunks)
    assert whom() == "nobody"


def test_a_finished_body_is_handed_on_as_it_is():
    body = [b"x"]
    app = JwtAuthMiddleware(lambda environ, start_response: body, verifier=VERIFIER)
    assert begin(app, environ_of(token_=token()))[0] is body


def test_whoever_started_the_server_is_not_seen():
    operator = _current.Identity(object(), AuthContext(subject="operator"))
    operator.enter()
    try:
        body = Body()
        app = JwtAuthMiddleware(body, verifier=VERIFIER, skip_paths=["/"])
        assert list(begin(app, environ_of())[0]) == [b"x"] * 3
        assert set(body.seen) == {"nobody"}
        assert whom() == "operator"
    finally:
        operator.leave()


@pytest.mark.parametrize("variable", ["RAW_URI", "REQUEST_URI"])
def test_the_path_that_was_sent_decides_where_the_server_tells_it(variable):
    app = JwtAuthMiddleware(Body(), verifier=VERIFIER, skip_paths=["/public/*"])

    def status(path, raw):
        return begin(app, environ_of(path, **{variable: raw}))[1][0][0]

    assert status("/public/x", "/public/x?a=b").startswith("200")
    assert status("/public/x", "/public/%78").startswith("200")
    assert status("/public/a/b", "/public/a%2fb").startswith("401")
    assert status("/public/x", "/secret").startswith("401")
    assert status("/public/x", "//public/x").startswith("401")
    assert status("/public/x", "http://host/public/x").startswith("401")


def test_text_that_never_was_on_the_wire_is_refused():
    app = JwtAuthMiddleware(Body(), verifier=VERIFIER)
    for credentials in ("Bearer \u20ac", "Bearer \ud800"):
        _, started = begin(app, environ_of(HTTP_AUTHORIZATION=credentials))
        assert started[0][0] == "401 Unauthorized"


def test_an_asynchronous_validate_refuses():
    async def validate(context):
        return True

    app = JwtAuthMiddleware(Body(), secret=SECRET, validate=validate)
    assert begin(app, environ_of(token_=token()))[1][0][0] == "401 Unauthorized"


def test_a_refused_head_has_no_body():
    app = JwtAuthMiddleware(Body(), verifier=VERIFIER)
    body, started = begin(app, environ_of(REQUEST_METHOD="HEAD"))
    assert (list(body), started[0][0]) == ([], "401 Unauthorized")
    full, started_full = begin(app, environ_of())
    assert started[0][1] == started_full[0][1]
    assert ("content-length", str(len(full[0]))) in started[0][1]


def test_optional_lets_nobody_in_and_no_bad_token():
    body = Body()
    app = JwtAuthMiddleware(body, verifier=VERIFIER, optional=True)
    assert begin(app, environ_of())[1][0][0] == "200 OK"
    assert begin(app, environ_of(token_=token(exp=1)))[1][0][0] == "401 Unauthorized"
    assert body.seen == ["nobody"]


def test_a_stream_breaks_off_with_its_token():
    def ticking(environ, start_response):
        while True:
            time.sleep(0.05)
            yield b"tick"

    told = []
    app = JwtAuthMiddleware(ticking, secret=SECRET, end_streams_at_expiry=True, on_reject=told.append)
    chunks, _ = begin(app, environ_of(token_=token(exp=int(time.time()) + 2)))
    taken = []

    def take():
        for chunk in chunks:
            taken.append(chunk)

    with pytest.raises(ExpiredTokenError):
        take()
    assert 5 < len(taken) < 100
    assert list(chunks) == []
    assert [info["code"] for info in told] == ["ERR_TOKEN_EXPIRED"]


def test_a_connect_stream_says_that_its_token_expired():
    service = Sync()
    service.steps, service.pace = 1000, 0.05
    service.app = JwtAuthMiddleware(service.app, secret=SECRET, end_streams_at_expiry=True)
    answer = service.call("Server", {"authorization": f"Bearer {token(exp=int(time.time()) + 2)}"})
    assert answer.error == {"code": "unauthenticated", "message": "Authentication failed"}
    assert 5 < len(answer.messages) < 100


def test_a_connect_application_is_guarded():
    service = Sync()
    service.app = JwtAuthMiddleware(service.app, verifier=VERIFIER)
    for method in ("Unary", "Client", "Server", "Bidi"):
        assert service.call(method, {"authorization": f"Bearer {token()}"}).error is None
        assert set(service.seen) == {"alice"}
        assert service.call(method, {}).error["code"] == "unauthenticated"


def test_where_the_server_hides_the_path_the_application_s_own_decides():
    app = JwtAuthMiddleware(Body(), verifier=VERIFIER, skip_paths=["/public/*"])

    def status(path):
        return begin(app, environ_of(path))[1][0][0]

    assert status("/public/x").startswith("200")
    for path in ("/public/../x", "/public//x", "/public/./x", "/public/%2e%2e/x", "/public/\\x"):
        assert status(path).startswith("401")
