"""FastAPI's own ways: OpenAPI, security scopes, `auto_error`, and dependencies of dependencies."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Header, Security, WebSocket
from fastapi.testclient import TestClient
from keys import SECRET, token
from routes import subject_of, whom
from starlette.websockets import WebSocketDisconnect

from bearergate import AuthContext, ConfigError, JwtVerifier
from bearergate.asgi import JwtAuthMiddleware
from bearergate.fastapi import JwtBearer, requires_roles, requires_scopes

JUDGED: list[str] = []
VERIFIER = JwtVerifier(
    secret=SECRET,
    claims_mapping={"roles": "roles"},
    validate=lambda context: JUDGED.append(context.subject),
)
BACKGROUND: list[str] = []

bearer = JwtBearer(verifier=VERIFIER, description="A token of the identity provider")
maybe = JwtBearer(verifier=VERIFIER, auto_error=False)
Caller = Annotated[AuthContext, Depends(bearer)]
app = FastAPI()


@app.get("/me")
async def me(
    caller: Caller, background: BackgroundTasks, x_auth_subject: Annotated[str | None, Header()] = None
):
    background.add_task(lambda: BACKGROUND.append(whom()))
    return {"subject": caller.subject, "context": whom(), "header": x_auth_subject}


@app.get("/items")
def items(caller: Annotated[AuthContext, Security(bearer, scopes=["items:read", "items:list"])]):
    return {"context": whom(), "same": caller.subject}


def inner(caller: Annotated[AuthContext, Security(bearer, scopes=["inner"])]) -> AuthContext:
    return caller


@app.get("/chained")
def chained(caller: Annotated[AuthContext, Security(inner, scopes=["outer"])]):
    return {"context": whom()}


@app.get("/maybe")
async def perhaps(caller: Annotated[AuthContext | None, Depends(maybe)]):
    return {"subject": subject_of(caller), "context": whom()}


@app.get("/admin", dependencies=[Depends(bearer), Depends(requires_roles("admin", "root"))])
def admin():
    return whom()


@app.get("/write")
def write(_: Caller, caller: Annotated[AuthContext, Depends(requires_scopes("write"))]):
    return caller.subject


@app.get("/forgotten", dependencies=[Depends(requires_roles("admin"))])
def forgotten():
    return whom()


@app.websocket("/socket")
async def socket(websocket: WebSocket, caller: Caller):
    await websocket.accept()
    await websocket.send_text(f"{caller.subject} {whom()}")
    await websocket.close()


def headers(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


@pytest.fixture
def client():
    JUDGED.clear()
    BACKGROUND.clear()
    with TestClient(app) as client:
        yield client


def test_the_caller_is_injected_and_seen_to_the_end_of_its_background_tasks(client):
    answer = client.get("/me", headers=headers() | {"x-auth-subject": "root"})
    assert answer.json() == {"subject": "alice", "context": "alice", "header": None}
    assert BACKGROUND == ["alice"]


def test_openapi_shows_a_bearer_jwt_and_the_scopes(client):
    schema = client.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"] == {
        "JwtBearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the identity provider",
        }
    }
    assert schema["paths"]["/me"]["get"]["security"] == [{"JwtBearer": []}]
    assert schema["paths"]["/items"]["get"]["security"] == [{"JwtBearer": ["items:read", "items:list"]}]


@pytest.mark.parametrize(
    ("credentials", "shown"),
    [
        ({"cookie": "session"}, {"type": "apiKey", "in": "cookie", "name": "session"}),
        ({"header": "X-Token", "scheme": None}, {"type": "apiKey", "in": "header", "name": "X-Token"}),
        ({"header": "Authorization"}, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
    ],
)
def test_openapi_shows_where_the_token_is(credentials, shown):
    app = FastAPI(dependencies=[Depends(JwtBearer(secret=SECRET, credentials=credentials))])
    app.get("/")(lambda: None)
    assert app.openapi()["components"]["securitySchemes"] == {"JwtBearer": shown}


def test_a_dependency_cannot_end_a_stream():
    with pytest.raises(ConfigError, match="middleware"):
        JwtBearer(secret=SECRET, end_streams_at_expiry=True)


def test_security_scopes(client):
    assert client.get("/items", headers=headers(scope="items:list items:read x")).json() == {
        "context": "alice",
        "same": "alice",
    }
    answer = client.get("/items", headers=headers(scope="items:read", roles=["items:list"]))
    assert (answer.status_code, answer.json()) == (403, {"detail": "Insufficient permissions"})
    assert (
        answer.headers["www-authenticate"]
        == 'Bearer error="insufficient_scope", scope="items:read items:list"'
    )
    assert client.get("/items").headers["www-authenticate"] == "Bearer"


def test_scopes_of_the_whole_chain(client):
    assert client.get("/chained", headers=headers(scope="inner outer")).status_code == 200
    for scope in ("inner", "outer"):
        assert client.get("/chained", headers=headers(scope=scope)).status_code == 403


def test_auto_error(client):
    assert client.get("/maybe").json() == {"subject": "nobody", "context": "nobody"}
    assert client.get("/maybe", headers={"authorization": "Basic x"}).json()["subject"] == "nobody"
    assert client.get("/maybe", headers=headers()).json() == {"subject": "alice", "context": "alice"}
    for bad in ({"authorization": "Bearer x"}, headers(exp=1)):
        assert client.get("/maybe", headers=bad).status_code == 401


def test_an_outage_is_503_with_or_without_auto_error(jwks, signer):
    jwks.status = 500
    for auto_error in (True, False):
        out = JwtBearer(jwks_uri=jwks.url, auto_error=auto_error)
        app = FastAPI(dependencies=[Depends(out)])
        app.get("/")(lambda: None)
        answer = TestClient(app).get("/", headers={"authorization": f"Bearer {signer.token()}"})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json() == {"detail": "Authentication temporarily unavailable"}


def test_roles_and_scopes(client):
    assert client.get("/admin", headers=headers(roles=["root"])).json() == "alice"
    assert client.get("/admin", headers=headers(scope="admin")).status_code == 403
    assert client.get("/admin").status_code == 401
    assert client.get("/write", headers=headers(scope="write")).json() == "alice"
    assert client.get("/write", headers=headers(roles=["write"])).status_code == 403


def test_a_role_that_is_asked_of_nobody_is_refused(client):
    assert client.get("/forgotten", headers=headers(roles=["admin"])).status_code == 401


def test_websockets(client):
    with client.websocket_connect("/socket", headers=headers()) as websocket:
        assert websocket.receive_text() == "alice alice"
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect("/socket", headers=headers(exp=1)),
    ):
        pass
    assert (closed.value.code, closed.value.reason) == (1008, "Authentication failed")


def test_one_task_serves_many_requests_without_mixing():
    failing = FastAPI()

    @failing.get("/")
    async def fail(caller: Caller):
        raise LookupError(whom())

    async def main():
        for subject in ("alice", "bob"):
            for served, path, status in ((app, "/me", 200), (failing, "/", 500)):
                transport = httpx.ASGITransport(served, raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                    assert (await client.get(path, headers=headers(sub=subject))).status_code == status
                    assert whom() == "nobody"
                    assert (await client.get(path)).status_code == 401
                    assert whom() == "nobody"

    asyncio.run(main())


def test_behind_a_middleware_nothing_is_verified_twice(client):
    guarded = TestClient(JwtAuthMiddleware(app, verifier=VERIFIER))
    assert guarded.get("/items", headers=headers(scope="items:read items:list")).status_code == 200
    assert JUDGED == ["alice"]
    # A request is judged once for all dependencies of one verifier, too.
    JUDGED.clear()
    assert client.get("/chained", headers=headers(scope="inner outer")).status_code == 200
    assert JUDGED == ["alice"]
    # Another verifier has another opinion.
    other = JwtVerifier(secret=SECRET, audience="x")
    app2 = FastAPI(dependencies=[Depends(JwtBearer(verifier=other))])
    app2.get("/")(lambda: None)
    assert (
        TestClient(JwtAuthMiddleware(app2, verifier=VERIFIER)).get("/", headers=headers()).status_code == 401
    )
