"""How programs use the adapters, for `mypy --strict`: what must type-check does, what must not is marked."""

from typing import Annotated, assert_type
from wsgiref.types import WSGIApplication

from django.http import HttpRequest, HttpResponse
from fastapi import Depends, FastAPI, Security
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from bearergate import AuthContext, JwtVerifier
from bearergate import asgi as any_asgi
from bearergate import django as in_django
from bearergate import drf as in_drf
from bearergate import fastapi as in_fastapi
from bearergate import flask as in_flask
from bearergate import starlette as in_starlette
from bearergate import wsgi as any_wsgi

verifier = JwtVerifier(secret="0" * 32)


def asgi(app: ASGIApp) -> ASGIApp:
    guarded = any_asgi.JwtAuthMiddleware(app, verifier=verifier, websocket_verifier=verifier, optional=True)
    assert_type(guarded.verifier, JwtVerifier)
    any_asgi.JwtAuthMiddleware(app, audiance="x")  # type: ignore[call-arg]
    return guarded


def wsgi(app: WSGIApplication) -> WSGIApplication:
    any_wsgi.JwtAuthMiddleware(app, skip_paths=5)  # type: ignore[arg-type]
    return any_wsgi.JwtAuthMiddleware(app, jwks_uri="https://id.example.com", skip_paths=["/healthz"])


@in_starlette.requires_scopes("read")
async def endpoint(request: Request) -> Response:
    return Response(request.user.display_name)


starlette = Starlette(
    middleware=[
        Middleware(in_starlette.JwtAuthMiddleware, verifier=verifier, skip_paths=["/healthz"]),
        Middleware(
            AuthenticationMiddleware,
            backend=in_starlette.JwtAuthBackend(verifier=verifier),
            on_error=in_starlette.on_error,
        ),
    ]
)

bearer = in_fastapi.JwtBearer(jwks_uri="https://id.example.com", auto_error=False)
fastapi = FastAPI(dependencies=[Depends(bearer), Depends(in_fastapi.requires_roles("admin"))])
fastapi.add_middleware(any_asgi.JwtAuthMiddleware, verifier=verifier)


@fastapi.get("/")
async def operation(caller: Annotated[AuthContext, Security(bearer, scopes=["read"])]) -> str:
    return caller.subject


@in_django.requires_roles("admin")
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


assert_type(in_django.get_verifier(), JwtVerifier)
assert_type(view(HttpRequest()), HttpResponse)


class Authentication(in_drf.JwtAuthentication):
    verifier = verifier

    def get_user(self, context: AuthContext) -> str | None:
        return context.name


jwt_auth = in_flask.JwtAuth(verifier=verifier)
flask = Flask(__name__)
jwt_auth.init_app(flask)


@flask.get("/")
@jwt_auth.required(roles=["admin"])
def index() -> str:
    return "ok"


@flask.get("/other")
@jwt_auth.required
def other() -> str:
    return "ok"
