"""An adapter hands out whom its own verifier admitted: behind another one, and for other credentials."""

import asyncio
from typing import Annotated

import jwt
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path
from fastapi import Depends, FastAPI
from flask import Flask, g
from keys import SECRET, default_claims, token
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from routes import subject_of, whom
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from werkzeug.test import Client

from bearergate import AuthContext, JwtVerifier
from bearergate import asgi as any_asgi
from bearergate import wsgi as any_wsgi
from bearergate.drf import JwtAuthentication
from bearergate.fastapi import JwtBearer
from bearergate.flask import JwtAuth
from bearergate.starlette import JwtAuthBackend, JwtAuthMiddleware, on_error

STAFF_SECRET = "s" * 48
USERS = JwtVerifier(secret=SECRET)
JUDGED = []
STAFF = JwtVerifier(
    secret=STAFF_SECRET,
    credentials={"header": "x-staff", "scheme": None},
    validate=lambda context: JUDGED.append(context.subject),
)


def user(subject="mallory"):
    return {"authorization": f"Bearer {token(sub=subject)}"}


def staff(subject="alice"):
    return {"x-staff": jwt.encode(default_claims() | {"sub": subject}, STAFF_SECRET, "HS256")}


class StaffAuthentication(JwtAuthentication):
    verifier = STAFF


class Open(APIView):
    authentication_classes = (StaffAuthentication,)
    permission_classes = (AllowAny,)

    def get(self, request):
        return Response(subject_of(request.auth))


class Closed(Open):
    permission_classes = (IsAuthenticated,)


def index(request):
    return HttpResponse(subject_of(request.auth))


urlpatterns = [path("open", Open.as_view()), path("closed", Closed.as_view()), path("index", index)]


@pytest.fixture(autouse=True)
def _settings():
    JUDGED.clear()
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["bearergate.django.JwtAuthMiddleware"],
        BEARERGATE={"verifier": STAFF, "optional": True},
    ):
        yield


def flask_app():
    app = Flask(__name__)
    jwt_auth = JwtAuth(app, verifier=STAFF, optional=True)
    app.get("/open")(lambda: subject_of(g.auth))

    @app.get("/closed")
    @jwt_auth.required
    def closed():
        return subject_of(g.auth)

    return app


def fastapi_app():
    app = FastAPI()
    maybe, must = JwtBearer(verifier=STAFF, auto_error=False), JwtBearer(verifier=STAFF)

    @app.get("/open")
    async def open_(caller: Annotated[AuthContext | None, Depends(maybe)]):
        return subject_of(caller)

    @app.get("/closed")
    @app.options("/closed")
    async def closed(caller: Annotated[AuthContext, Depends(must)]):
        return caller.subject

    return app


def starlette_app(*middleware):
    def open_(request):
        return PlainTextResponse(request.user.identity if request.user.is_authenticated else "nobody")

    return Starlette(routes=[Route("/open", open_)], middleware=middleware)


def backend_app():
    backend = JwtAuthBackend(verifier=STAFF, optional=True)
    return starlette_app(Middleware(AuthenticationMiddleware, backend=backend, on_error=on_error))


def middlewares_app():
    # The outer one fills `request.user`, too.
    inner = Middleware(JwtAuthMiddleware, verifier=STAFF, optional=True)
    return starlette_app(Middleware(JwtAuthMiddleware, verifier=USERS), inner)


# The application, its interface, and its paths that are open and closed.
INNER = {
    "flask": (flask_app, "wsgi", "/open", "/closed"),
    "django": (WSGIHandler, "wsgi", "/index", None),
    "django on asgi": (ASGIHandler, "asgi", "/index", None),
    "rest framework": (WSGIHandler, "wsgi", "/open", "/closed"),
    "fastapi": (fastapi_app, "asgi", "/open", "/closed"),
    "starlette backend": (backend_app, "asgi", "/open", None),
    "starlette middleware": (middlewares_app, "asgi", "/open", None),
}
each = pytest.mark.parametrize(("build", "interface", "open_", "closed"), INNER.values(), ids=INNER)


def asker(app, interface, verifier):
    """A client of the application behind a middleware with another verifier."""
    if interface == "wsgi":
        client = Client(any_wsgi.JwtAuthMiddleware(app, verifier=verifier))
    else:
        client = TestClient(any_asgi.JwtAuthMiddleware(app, verifier=verifier))

    def ask(path, headers, method="GET"):
        answer = client.open(path, headers=headers, method=method) if interface == "wsgi" else None
        answer = client.request(method, path, headers=headers) if answer is None else answer
        return answer.status_code, answer.text.strip('"')

    return ask


@each
def test_another_verifiers_caller_is_nobody(build, interface, open_, closed):
    ask = asker(build(), interface, USERS)
    assert ask(open_, user()) == (200, "nobody")
    assert ask(open_, user() | staff()) == (200, "alice")
    assert ask(open_, user() | {"x-staff": token(sub="mallory")})[0] == 401
    if closed is not None:
        assert ask(closed, user())[0] == 401
        assert ask(closed, user() | staff()) == (200, "alice")
    if build is fastapi_app:
        preflight = {"access-control-request-method": "GET"}
        assert ask(closed, user() | preflight, "OPTIONS")[0] == 401


# The application with two middlewares brings an outer one with another verifier itself.
SHARING = {name: inner for name, inner in INNER.items() if name != "starlette middleware"}


@pytest.mark.parametrize(("build", "interface", "open_", "closed"), SHARING.values(), ids=SHARING)
def test_the_same_verifiers_caller_is_not_verified_again(build, interface, open_, closed):
    ask = asker(build(), interface, STAFF)
    for asked in filter(None, (open_, closed)):
        JUDGED.clear()
        assert ask(asked, staff() | user()) == (200, "alice")
        assert JUDGED == ["alice"]


def test_a_verdict_outlasts_that_of_another_verifier_between():
    app = any_wsgi.JwtAuthMiddleware(flask_app(), verifier=USERS)
    ask = asker(app, "wsgi", STAFF)
    assert ask("/closed", user() | staff()) == (200, "alice")
    assert JUDGED == ["alice"]


def test_a_view_of_another_extension_is_not_satisfied():
    app = Flask(__name__)
    app.testing = True
    JwtAuth(app, verifier=USERS)
    app.get("/")(JwtAuth(verifier=STAFF).required(lambda: "x"))
    with pytest.raises(RuntimeError, match="another JwtAuth"):
        app.test_client().get("/", headers=user())
    app = Flask(__name__)
    JwtAuth(app, verifier=USERS)
    app.get("/")(JwtAuth(verifier=USERS).required(lambda: "x"))
    assert app.test_client().get("/", headers=user()).text == "x"


def test_the_rest_frameworks_caller_is_its_own_behind_the_setting_s():
    with override_settings(BEARERGATE={"verifier": USERS}):
        client = Client(WSGIHandler())
        assert client.get("/open", headers=user()).text == '"nobody"'
        assert client.get("/closed", headers=user()).status_code == 401
        assert client.get("/closed", headers=user() | staff()).text == '"alice"'


def test_a_middleware_leaves_the_outer_caller_where_it_finds_nobody():
    def app(environ, start_response):
        start_response("200 OK", [])
        return [f"{whom()} {subject_of(environ['bearergate.auth'])}".encode()]

    inner = any_wsgi.JwtAuthMiddleware(app, verifier=STAFF, optional=True)
    assert asker(inner, "wsgi", USERS)("/", user()) == (200, "mallory mallory")


# What is sent again in a copy of the request, and what comes back.
AGAIN = [("bob", (200, "bob")), ("alice", (200, "alice")), (None, (401, "")), ("garbage", (401, ""))]


def credentials_of(subject):
    return "Bearer garbage" if subject == "garbage" else user(subject)["authorization"]


@pytest.mark.parametrize(("subject", "expected"), AGAIN)
@pytest.mark.parametrize("optional", [False, True])
def test_a_copied_environ_with_other_credentials_is_judged_again(subject, expected, optional):
    def handler(environ, start_response):
        start_response("200 OK", [])
        return [subject_of(environ["bearergate.auth"]).encode()]

    inner = any_wsgi.JwtAuthMiddleware(handler, verifier=USERS)

    def batch(environ, start_response):
        copy = dict(environ)
        copy.pop("HTTP_AUTHORIZATION")
        if subject is not None:
            copy["HTTP_AUTHORIZATION"] = credentials_of(subject)
        return inner(copy, start_response)

    app = any_wsgi.JwtAuthMiddleware(batch, verifier=USERS, optional=optional)
    answer = Client(app).get("/", headers=user("alice"))
    assert (answer.status_code, answer.text if answer.status_code == 200 else "") == expected


@pytest.mark.parametrize(("subject", "expected"), AGAIN)
def test_a_copied_scope_with_other_credentials_is_judged_again(subject, expected):
    async def handler(scope, receive, send):
        await PlainTextResponse(subject_of(scope["bearergate.auth"]))(scope, receive, send)

    inner = any_asgi.JwtAuthMiddleware(handler, verifier=USERS)

    async def batch(scope, receive, send):
        headers = [header for header in scope["headers"] if header[0] != b"authorization"]
        if subject is not None:
            headers.append((b"authorization", credentials_of(subject).encode()))
        await inner({**scope, "headers": headers}, receive, send)

    answer = TestClient(any_asgi.JwtAuthMiddleware(batch, verifier=USERS)).get("/", headers=user("alice"))
    assert (answer.status_code, answer.text if answer.status_code == 200 else "") == expected


def test_a_store_that_is_shown_shows_no_token():
    seen = []

    async def app(scope, receive, send):
        seen.append(repr({key: value for key, value in scope.items() if key.startswith("bearergate")}))
        await PlainTextResponse("x")(scope, receive, send)

    headers = user("alice")
    TestClient(any_asgi.JwtAuthMiddleware(app, verifier=USERS)).get("/", headers=headers)
    assert headers["authorization"].split()[1] not in seen[0]


def test_a_token_that_was_taken_out_of_the_offer_is_remembered():
    verifier = JwtVerifier(secret=SECRET, credentials={"header": "sec-websocket-protocol"})
    seen = []

    async def app(scope, receive, send):
        seen.append((whom(), scope["subprotocols"]))

    for _ in range(2):
        app = any_asgi.JwtAuthMiddleware(app, verifier=verifier)
    headers = [(b"sec-websocket-protocol", f"chat, bearer.{token()}".encode())]
    scope = {"type": "websocket", "path": "/", "raw_path": b"/", "headers": headers, "subprotocols": []}
    asyncio.run(app(scope, None, None))
    assert seen == [("alice", ["chat"])]
