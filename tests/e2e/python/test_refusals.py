"""Each kind of bad request: what the client is told, in its protocol, and that no handler ran."""

import base64
import json

import pytest
from clients import CONNECT, GRPC, GUARDED, WIRES, Client, bearer, enveloped, post
from methods import OPEN, SERVER_STREAM, UNARY

INVALID = 'Bearer error="invalid_token"'

# name -> (headers of the request, message, WWW-Authenticate)
BAD = {
    "no credentials": (lambda idp: {}, "Missing credentials", "Bearer"),
    "another scheme": (lambda idp: {"authorization": "Basic YTpi"}, "Missing credentials", "Bearer"),
    "garbage": (lambda idp: bearer("garbage"), "Authentication failed", INVALID),
    "forged": (lambda idp: bearer(idp.forged_token()), "Authentication failed", INVALID),
    "expired": (lambda idp: bearer(expired(idp)), "Authentication failed", INVALID),
    "wrong audience": (lambda idp: bearer(idp.token(audience="other")), "Authentication failed", INVALID),
    "unsigned": (lambda idp: bearer(unsigned(idp.token())), "Authentication failed", INVALID),
}


def expired(idp) -> str:
    import time

    token = idp.token(ttl=1)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    time.sleep(max(0.0, claims["exp"] - time.time()) + 0.05)
    return token


def unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


@pytest.fixture(scope="session")
def bad_requests(idp):
    """Made once: some of these tokens take a while."""
    return {name: make(idp) for name, (make, _, _) in BAD.items()}


@pytest.mark.parametrize(
    ("server", "protocol", "version"), WIRES, ids=[f"{s}-{p.name}-h{v}" for s, p, v in WIRES]
)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_before_its_handler(
    shared_server, bad_requests, server, protocol, version, name
):
    _, message, challenge = BAD[name]
    served = shared_server(server)
    client = Client(served.url, protocol, version)
    before = served.calls()
    for method in GUARDED:
        failure = client.refused(method, bad_requests[name])
        assert failure.code == "unauthenticated", method.name
        assert failure.message == message, method.name
        assert failure.metadata.get("www-authenticate") == challenge, method.name
    assert served.calls() == before


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "pyvoy-asgi", "pyvoy-wsgi"])
class TestOverPlainHttp:
    def test_unary_answers_401(self, shared_server, bad_requests, server):
        for name, (_, message, challenge) in BAD.items():
            response = post(shared_server(server).port, UNARY, list(bad_requests[name].items()))
            assert response.status == 401, name
            assert response.headers["www-authenticate"] == challenge, name
            assert json.loads(response.body) == {"code": "unauthenticated", "message": message}, name

    def test_a_stream_answers_200_with_the_error_at_its_end(self, shared_server, server):
        response = post(
            shared_server(server).port, SERVER_STREAM, [], enveloped(b'"3"'), "application/connect+json"
        )
        assert response.status == 200
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.body[0] & 2
        assert json.loads(response.body[5:])["error"] == {
            "code": "unauthenticated",
            "message": "Missing credentials",
        }

    def test_a_body_that_cannot_be_parsed_does_not_come_first(self, shared_server, server):
        assert post(shared_server(server).port, UNARY, [], b"{not json").status == 401

    def test_two_credentials_are_refused(self, shared_server, idp, server):
        good = f"Bearer {idp.token()}"
        port = shared_server(server).port
        assert post(port, UNARY, [("authorization", good)]).status == 200
        assert post(port, UNARY, [("authorization", good), ("authorization", good)]).status == 401
        assert post(port, UNARY, [("authorization", f"{good}, {good}")]).status == 401

    def test_bytes_that_are_no_text_are_refused(self, shared_server, server):
        for value in (b"Bearer \xff\xfe.a.b", "Bearer tökén.a.b".encode()):
            response = post(shared_server(server).port, UNARY, [("authorization", value)])
            assert response.status in (400, 401) or (response.status == 500 and b"\xff" in value), value

    def test_a_handler_that_requires_a_caller_answers_401_where_nobody_was_asked(self, shared_server, server):
        response = post(shared_server(server).port, OPEN, [], b'"require"')
        assert response.status == 401
        assert json.loads(response.body) == {"code": "unauthenticated", "message": "Missing credentials"}
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "pyvoy-asgi", "pyvoy-wsgi"])
def test_an_identity_that_the_client_claims_is_removed(serve, guard, idp, server):
    spoofed = {
        "x-auth-subject": "root",
        "x-auth-roles": '["root"]',
        "x-auth-name": "Root",
        "x-auth-claims": "{}",
    }
    served = serve(server, {**guard, "propagate_headers": True, "propagated_claims": ["aud"]})
    client = Client(served.url, CONNECT, 1)
    (message,) = client.call(UNARY, bearer(idp.token()) | spoofed)
    assert message["headers"] == {
        "x-auth-subject": "alice-service",
        "x-auth-type": "jwt",
        "x-auth-roles": '["admin","user"]',
        "x-auth-scopes": "read write",
        "x-auth-claims": '{"aud":"my-api"}',
    }
    (message,) = client.call(OPEN, spoofed)
    assert message["headers"] == {}


@pytest.mark.parametrize(
    ("server", "protocol", "version"),
    [("uvicorn", CONNECT, 1), ("gunicorn", CONNECT, 1), ("pyvoy-asgi", GRPC, 2), ("pyvoy-wsgi", GRPC, 2)],
)
def test_without_keys_the_answer_is_unavailable_and_not_401(serve, guard, idp, server, protocol, version):
    from servers import free_port

    served = serve(server, {**guard, "jwks_uri": f"http://127.0.0.1:{free_port()}/jwks"})
    client = Client(served.url, protocol, version)
    token = bearer(idp.token())
    for method in GUARDED:
        failure = client.refused(method, token)
        assert (failure.code, failure.message) == ("unavailable", "Authentication temporarily unavailable")
        assert int(failure.metadata["retry-after"]) >= 1
        assert "www-authenticate" not in failure.metadata
    if protocol is CONNECT:
        response = post(served.port, UNARY, list(token.items()))
        assert response.status == 503
        assert int(response.headers["retry-after"]) >= 1
    assert served.calls() == []
