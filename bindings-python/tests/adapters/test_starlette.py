"""Starlette's own ways: `request.user`, `requires`, decorators, and its authentication middleware."""

import asyncio

import httpx
import pytest
from keys import SECRET, token
from routes import whom
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from bearergate import JwtVerifier
from bearergate.starlette import JwtAuthBackend, JwtAuthMiddleware, on_error, requires_roles, requires_scopes

VERIFIER = JwtVerifier(secret=SECRET, claims_mapping={"roles": "roles"})


def bearer(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


async def who(request):
    return JSONResponse(
        {
            "user": request.user.display_name,
            "identity": request.user.identity if request.user.is_authenticated else None,
            "scopes": request.auth.scopes,
            "context": whom(),
        }
    )


@requires("read")
async def reading(request):
    return PlainTextResponse(whom())


@requires("authenticated")
def known(request):
    return PlainTextResponse(whom())


@requires_roles("admin", "root")
async def administering(request):
    return PlainTextResponse(whom())


@requires_scopes("read", "write")
def writing(request):
    return PlainTextResponse(whom())


@requires_roles("admin")
async def socket(websocket):
    await websocket.accept()
    await websocket.send_text(whom())
    await websocket.close()


ROUTES = [
    Route("/who", who),
    Route("/reading", reading),
    Route("/known", known),
    Route("/administering", administering),
    Route("/writing", writing),
    WebSocketRoute("/socket", socket),
]


def with_middleware(**options):
    return Starlette(routes=ROUTES, middleware=[Middleware(JwtAuthMiddleware, verifier=VERIFIER, **options)])


def with_backend(**options):
    backend = JwtAuthBackend(verifier=VERIFIER, **options)
    guard = Middleware(AuthenticationMiddleware, backend=backend, on_error=on_error)
    return Starlette(routes=ROUTES, middleware=[guard])


both = pytest.mark.parametrize("application", [with_middleware, with_backend])


@both
def test_user_and_auth(application):
    with TestClient(application()) as client:
        answer = client.get("/who", headers=bearer(name="Alice", scope="read write"))
        assert answer.json() == {
            "user": "Alice",
            "identity": "alice",
            "scopes": ["authenticated", "read", "write"],
            "context": "alice",
        }
    with TestClient(application(optional=True)) as client:
        assert client.get("/who").json() == {"user": "", "identity": None, "scopes": [], "context": "nobody"}
        assert client.get("/known").status_code == 403


@both
def test_starlettes_requires_reads_the_scopes_and_no_role(application):
    with TestClient(application()) as client:
        assert client.get("/reading", headers=bearer(scope="read")).text == "alice"
        assert client.get("/reading", headers=bearer(scope="write", roles=["read"])).status_code == 403
        assert client.get("/known", headers=bearer()).text == "alice"


@both
def test_roles_and_scopes(application):
    with TestClient(application()) as client:
        assert client.get("/administering", headers=bearer(roles=["root"])).text == "alice"
        answer = client.get("/administering", headers=bearer(roles=["user"], scope="admin"))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (
            403,
            'Bearer error="insufficient_scope"',
        )
        assert client.get("/writing", headers=bearer(scope="write read")).text == "alice"
        answer = client.get("/writing", headers=bearer(scope="read", roles=["write"]))
        assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="read write"'
    with TestClient(application(optional=True)) as client:
        answer = client.get("/writing")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@both
def test_websockets(application):
    with TestClient(application()) as client:
        with client.websocket_connect("/socket", headers=bearer(roles=["admin"])) as websocket:
            assert websocket.receive_text() == "alice"
        for headers in (bearer(roles=["user"]), bearer(exp=1), {}):
            with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket", headers=headers):
                pass


def test_a_scope_that_is_none_is_an_error():
    for name in ("", 'a"b', "a b", "\u00e9"):
        with pytest.raises(ValueError, match="scopes"):
            requires_scopes(name)
    with pytest.raises(ValueError, match="roles"):
        requires_roles("")


def test_without_our_on_error_starlette_still_tells_the_client_nothing():
    backend = JwtAuthBackend(verifier=VERIFIER)
    app = Starlette(routes=ROUTES, middleware=[Middleware(AuthenticationMiddleware, backend=backend)])
    with TestClient(app) as client:
        answer = client.get("/who", headers=bearer(exp=1))
        assert (answer.status_code, answer.text) == (400, "Authentication failed")


def test_the_backends_caller_ends_with_the_request_although_nobody_tells_it():
    def fail(request):
        raise LookupError(whom())

    backend = JwtAuthBackend(verifier=VERIFIER, optional=True)
    guard = Middleware(AuthenticationMiddleware, backend=backend, on_error=on_error)
    app = Starlette(routes=[*ROUTES, Route("/fail", fail)], middleware=[guard])

    async def main():
        # All in one task.
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            for subject in ("alice", "bob"):
                assert (await client.get("/who", headers=bearer(sub=subject))).json()["context"] == subject
                assert whom() == "nobody"
                assert (await client.get("/fail", headers=bearer(sub=subject))).status_code == 500
                assert (await client.get("/who")).json()["context"] == "nobody"
                assert (await client.get("/who", headers=bearer(exp=1))).status_code == 401
                assert whom() == "nobody"

    asyncio.run(main())


def test_a_backend_behind_the_middleware_verifies_no_second_time():
    judged = []
    verifier = JwtVerifier(secret=SECRET, validate=lambda context: judged.append(context.subject))
    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(JwtAuthMiddleware, verifier=verifier),
            Middleware(
                AuthenticationMiddleware, backend=JwtAuthBackend(verifier=verifier), on_error=on_error
            ),
        ],
    )
    with TestClient(app) as client:
        assert client.get("/who", headers=bearer()).json()["identity"] == "alice"
    assert judged == ["alice"]
