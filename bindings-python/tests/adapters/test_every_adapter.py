"""Every adapter behind a real server: the same requests, good and bad, get the same treatment."""

import asyncio
import json
import time

import pytest
from applications import ADAPTERS
from django_project import CALLS
from keys import SECRET, token
from serving import serve

each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)

AUDIENCE = "api"
INVALID = 'Bearer error="invalid_token"'


def bearer(subject="alice", **claims):
    return b"authorization: Bearer " + token(sub=subject, **{"aud": AUDIENCE, **claims}).encode()


def good(**claims):
    return token(**{"aud": AUDIENCE, **claims}).encode()


# What is sent, and the challenge and message that come back.
BAD = {
    "no header": ([], "Bearer", "Missing credentials"),
    "another scheme": ([b"authorization: Basic YTpi"], "Bearer", "Missing credentials"),
    "a scheme alone": ([b"authorization: Bearer"], "Bearer", "Missing credentials"),
    "garbage": ([b"authorization: Bearer garbage"], INVALID, "Authentication failed"),
    "expired": ([bearer(exp=1)], INVALID, "Authentication failed"),
    "wrong audience": ([bearer(aud="another")], INVALID, "Authentication failed"),
    "no subject": ([bearer(subject=None)], INVALID, "JWT missing subject claim"),
    "two headers": ([bearer(), bearer()], INVALID, "Authentication failed"),
    "two different headers": ([bearer(), b"authorization: Basic YTpi"], INVALID, "Authentication failed"),
    "a comma": ([bearer() + b", Bearer " + good()], INVALID, "Authentication failed"),
    "non-ASCII bytes": ([b"authorization: Bearer \xe9\xff" + good()], INVALID, "Authentication failed"),
    "non-ASCII bytes behind": ([bearer() + b"\xc3\xa9"], INVALID, "Authentication failed"),
    "non-ASCII bytes alone": ([b"authorization: \xff\xfe"], "Bearer", "Missing credentials"),
}


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()


@pytest.fixture(scope="module")
def running():
    """One server for each adapter with the usual options, begun when it is first asked for."""
    servers = {}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def guarded(running, adapter):
    if adapter.name not in running:
        running[adapter.name] = serve(adapter.build(secret=SECRET, audience=AUDIENCE), adapter.interface)
    return running[adapter.name]


@each
def test_the_caller_is_seen(guarded, adapter):
    answer = guarded.ask(adapter.prefix + "/whoami", bearer())
    assert (answer.status, json.loads(answer.body)) == (200, {"context": "alice", "framework": "alice"})


@each
def test_bad_credentials_do_not_reach_the_handler(guarded, adapter):
    for about, (headers, challenge, message) in BAD.items():
        answer = guarded.ask(adapter.prefix + "/whoami", *headers)
        assert answer.status == 401, about
        assert answer.headers["www-authenticate"] == challenge, about
        body = json.loads(answer.body)
        if adapter.speaks:
            assert body == {"code": "unauthenticated", "message": message}, about
        elif adapter.name == "drf" and challenge == "Bearer":
            # A permission's answer, in the framework's words.
            assert body == {"detail": "Authentication credentials were not provided."}, about
        else:
            assert body == {"detail": message}, about
    assert CALLS == []


@each
def test_an_outage_is_unavailable(served, adapter, jwks, signer):
    jwks.status = 500
    server = served(adapter, jwks_uri=jwks.url)
    answer = server.ask(adapter.prefix + "/whoami", b"authorization: Bearer " + signer.token().encode())
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
    assert b"Authentication temporarily unavailable" in answer.body
    assert CALLS == []


@each
def test_a_client_that_goes_while_keys_are_fetched_leaves_nothing_behind(served, adapter, jwks, signer):
    jwks.hold()
    server = served(adapter, jwks_uri=jwks.url)
    request = b"GET %b/whoami HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(request % (adapter.prefix.encode(), signer.token().encode()))
        assert jwks.asked.wait(5)
    jwks.release()
    for _ in range(200):
        if server.tasks() == 0:
            break
        time.sleep(0.02)
    assert server.tasks() == 0
    answer = server.ask(
        adapter.prefix + "/whoami", b"authorization: Bearer " + signer.token(sub="bob").encode()
    )
    assert (answer.status, json.loads(answer.body)["context"]) == (200, "bob")
    assert jwks.requests == 1


@each
def test_a_handler_that_raises_leaves_nobody_behind(guarded, adapter):
    for subject in ("alice", "bob"):
        answer = guarded.ask(adapter.prefix + "/fail", bearer(subject))
        assert answer.status == 500
        if adapter.skips or adapter.name in {"drf", "fastapi"}:
            answer = guarded.ask(adapter.prefix + "/public/x")
            assert json.loads(answer.body) == {"context": "nobody", "framework": "nobody"}
        assert guarded.ask(adapter.prefix + "/whoami").status == 401
    assert [call for call in CALLS if call != "nobody"] == ["alice", "bob"]


# Django says so of any synchronous stream that it serves asynchronously.
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
@each
def test_each_chunk_of_a_stream_sees_the_caller(guarded, adapter):
    for subject in ("alice", "bob"):
        answer = guarded.ask(adapter.prefix + "/stream", bearer(subject))
        assert answer.body.decode().split() == [subject] * 3
        answer = guarded.ask(adapter.prefix + "/public/x")
        assert json.loads(answer.body)["context"] == "nobody"


@each
def test_spoofed_headers_never_arrive(guarded, adapter):
    spoofed = [
        f"{name}: root".encode() for name in ("x-auth-subject", "X-Auth-Roles", "x-auth-Name", "x-auth-type")
    ]
    merged = [b"x_auth_subject: root", b"X-Auth_Claims: root"]
    answer = guarded.ask(adapter.prefix + "/headers", bearer(), *spoofed, *merged)
    assert (answer.status, json.loads(answer.body)) == (200, {})


@each
def test_the_caller_is_propagated(served, adapter):
    server = served(adapter, secret=SECRET, propagate_headers=True, propagated_claims=["sub"])
    answer = server.ask(adapter.prefix + "/headers", bearer(roles=["a"]), b"x-auth-subject: root")
    assert json.loads(answer.body) == {
        "x-auth-subject": "alice",
        "x-auth-type": "jwt",
        "x-auth-claims": '{"sub":"alice"}',
    }
    answer = server.ask(adapter.prefix + "/headers", bearer("x" * 600))
    assert answer.status == 401


SKIPPING = [adapter for adapter in ADAPTERS if adapter.skips]


@pytest.mark.parametrize("adapter", SKIPPING, ids=lambda adapter: adapter.name)
def test_only_a_plain_path_is_skipped(served, adapter):
    server = "werkzeug" if adapter.interface == "wsgi" else None
    guarded = served(adapter, server, secret=SECRET)
    prefix = adapter.prefix
    for path in ("/public/x", "/public/x?a=b"):
        answer = guarded.ask(prefix + path, b"authorization: Bearer garbage")
        assert json.loads(answer.body) == {"context": "nobody", "framework": "nobody"}, path
    CALLS.clear()
    for path in (
        "/public/../whoami",
        "/public/%2e%2e/whoami",
        "/public//x",
        # Python's WSGI servers make one slash of two before anybody sees them.
        *(["//public/x"] if adapter.interface == "asgi" else []),
        "/public/x%2fy",
        "/public/x%5Cy",
        "/Public/x",
        "/public",
    ):
        assert guarded.ask(prefix + path).status == 401, path
    assert CALLS == []


@pytest.mark.parametrize("adapter", SKIPPING, ids=lambda adapter: adapter.name)
def test_a_preflight_passes_without_a_caller(guarded, adapter):
    path = adapter.prefix + "/whoami"
    asks = b"access-control-request-method: POST"
    assert guarded.ask(path, method="OPTIONS").status == 401
    assert guarded.ask(path, asks).status == 401
    assert guarded.ask(path, asks, b"authorization: Bearer garbage", method="OPTIONS").status != 401
    assert set(CALLS) <= {"nobody"}


@pytest.mark.parametrize(
    "adapter", [adapter for adapter in ADAPTERS if adapter.speaks], ids=lambda adapter: adapter.name
)
def test_a_refusal_speaks_the_callers_protocol(guarded, adapter):
    def post(content_type):
        header = f"content-type: {content_type}".encode()
        return guarded.ask(adapter.prefix + "/whoami", header, method="POST", body=b"x" * 10)

    grpc = post("application/grpc+proto")
    assert (grpc.status, grpc.headers["grpc-status"], grpc.body) == (200, "16", b"")
    web = post("application/grpc-web")
    assert (web.status, web.headers["grpc-status"]) == (200, "16")
    stream = post("application/connect+json")
    assert (stream.status, stream.body[0]) == (200, 2)
    assert json.loads(stream.body[5:]) == {
        "error": {"code": "unauthenticated", "message": "Missing credentials"}
    }
    assert post("application/json").status == 401
    assert CALLS == []


@pytest.mark.parametrize(
    # Django itself reads a body that comes by ASGI before it calls any middleware.
    "adapter",
    [adapter for adapter in ADAPTERS if "django" not in adapter.name or adapter.interface == "wsgi"],
    ids=lambda adapter: adapter.name,
)
def test_a_body_is_not_read_before_a_refusal(guarded, adapter):
    # Announced, and never sent.
    answer = guarded.raw(
        f"POST {adapter.prefix}/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        "content-length: 100000\r\nauthorization: Bearer garbage\r\n\r\n".encode()
    )
    assert answer.status == 401


@each
@pytest.mark.parametrize("where", ["cookie", "header"])
def test_the_token_may_be_elsewhere(served, adapter, where):
    path = adapter.prefix + "/whoami"
    if where == "cookie":
        server = served(adapter, secret=SECRET, credentials={"cookie": "session"})
        # Bytes of other cookies may be no ASCII.
        answer = server.ask(path, b"cookie: a=caf\xe9; session=" + good())
    else:
        server = served(adapter, secret=SECRET, credentials={"header": "X-Access-Token", "scheme": None})
        answer = server.ask(path, b"x-access-token: " + good())
    assert (answer.status, json.loads(answer.body)["context"]) == (200, "alice")
    assert server.ask(path, bearer()).status == 401


@each
def test_the_hooks_are_called(served, adapter):
    told = []
    server = served(
        adapter, secret=SECRET, validate=lambda context: context.subject != "bob", on_reject=told.append
    )
    path = adapter.prefix + "/whoami"
    assert server.ask(path, bearer()).status == 200
    assert server.ask(path, bearer("bob")).status == 401
    assert [info["code"] for info in told] == ["ERR_REVOKED"]
    assert CALLS == ["alice"]


ASYNCHRONOUS = [adapter for adapter in ADAPTERS if adapter.interface == "asgi"]


@pytest.mark.parametrize("adapter", ASYNCHRONOUS, ids=lambda adapter: adapter.name)
def test_validate_may_be_asynchronous(served, adapter):
    async def validate(context):
        await asyncio.sleep(0)
        return context.subject != "bob"

    server = served(adapter, secret=SECRET, validate=validate)
    assert server.ask(adapter.prefix + "/whoami", bearer()).status == 200
    assert server.ask(adapter.prefix + "/whoami", bearer("bob")).status == 401


@each
def test_an_error_of_ours_is_a_refusal_without_its_text(served, adapter):
    def validate(context):
        raise RuntimeError("the database at 10.0.0.7 is down")

    server = served(adapter, secret=SECRET, validate=validate)
    answer = server.ask(adapter.prefix + "/whoami", bearer())
    assert answer.status == 401
    assert b"database" not in answer.body
    assert CALLS == []
