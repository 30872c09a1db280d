"""One application for each adapter, all with the same routes.

`/whoami` says who the handler sees, in the package's way and in the framework's; `/fail` raises;
`/stream` says it three times; `/headers` shows the `x-auth-*` headers; `/public/x` is open.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from django.test import override_settings
from django_project import CALLS, rest_authentication
from routes import headers_of, subject_of, whom

from bearergate import AuthContext, JwtVerifier

SKIPPED = ["/public/*", "/async/public/*"]


class Adapter(NamedTuple):
    name: str
    interface: str
    build: Callable[..., Any]
    prefix: str = ""
    # Whether paths can be skipped: where an adapter guards single handlers, others are open anyway.
    skips: bool = True
    # Whether an answer is in the caller's protocol, whatever that is.
    speaks: bool = True


def verifier_of(options):
    return JwtVerifier(**options)


async def reply(send, status, body, content_type=b"application/json"):
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type)]}
    )
    await send({"type": "http.response.body", "body": body})


async def plain_asgi(scope, receive, send):
    path = scope["path"]
    if path == "/fail":
        CALLS.append(whom())
        raise RuntimeError(whom())
    if path == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": whom().encode() + b"\n", "more_body": True})
        await send({"type": "http.response.body"})
    elif path == "/headers":
        items = ((name.decode(), value.decode()) for name, value in scope["headers"])
        await reply(send, 200, json.dumps(headers_of(items)).encode())
    else:
        CALLS.append(whom())
        framework = subject_of(scope["bearergate.auth"])
        await reply(send, 200, json.dumps({"context": whom(), "framework": framework}).encode())


def asgi(**options):
    from bearergate.asgi import JwtAuthMiddleware

    return JwtAuthMiddleware(plain_asgi, verifier=verifier_of(options), skip_paths=SKIPPED)


def plain_wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fail":
        CALLS.append(whom())
        raise RuntimeError(whom())
    start_response("200 OK", [("content-type", "application/json")])
    if path == "/stream":
        return (whom().encode() + b"\n" for _ in range(3))
    if path == "/headers":
        items = ((key[5:].replace("_", "-"), value) for key, value in environ.items() if key[:5] == "HTTP_")
        return [json.dumps(headers_of(items)).encode()]
    CALLS.append(whom())
    framework = subject_of(environ["bearergate.auth"])
    return [json.dumps({"context": whom(), "framework": framework}).encode()]


def wsgi(**options):
    from bearergate.wsgi import JwtAuthMiddleware

    return JwtAuthMiddleware(plain_wsgi, verifier=verifier_of(options), skip_paths=SKIPPED)


def starlette_routes():
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    async def whoami(request):
        CALLS.append(whom())
        framework = request.user.identity if request.user.is_authenticated else "nobody"
        return JSONResponse({"context": whom(), "framework": framework})

    def fail(request):
        CALLS.append(whom())
        raise RuntimeError(whom())

    async def stream(request):
        async def lines():
            for _ in range(3):
                yield whom() + "\n"

        return StreamingResponse(lines())

    def headers(request):
        return JSONResponse(headers_of(request.headers.items()))

    return [
        Route("/whoami", whoami, methods=["GET", "POST"]),
        Route("/fail", fail),
        Route("/stream", stream),
        Route("/headers", headers),
        Route("/public/x", whoami),
    ]


def starlette(**options):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware

    from bearergate.starlette import JwtAuthMiddleware

    guard = Middleware(JwtAuthMiddleware, verifier=verifier_of(options), skip_paths=SKIPPED)
    return Starlette(routes=starlette_routes(), middleware=[guard])


def starlette_backend(**options):
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.authentication import AuthenticationMiddleware

    from bearergate.starlette import JwtAuthBackend, on_error

    backend = JwtAuthBackend(verifier=verifier_of(options), skip_paths=SKIPPED)
    guard = Middleware(AuthenticationMiddleware, backend=backend, on_error=on_error)
    return Starlette(routes=starlette_routes(), middleware=[guard])


def fastapi(**options):
    from fastapi import Depends, FastAPI, Request
    from fastapi.responses import StreamingResponse

    from bearergate.fastapi import JwtBearer

    caller = Annotated[AuthContext, Depends(JwtBearer(verifier=verifier_of(options)))]
    app = FastAPI()

    @app.get("/whoami")
    @app.post("/whoami")
    async def whoami(caller: caller):
        CALLS.append(whom())
        return {"context": whom(), "framework": subject_of(caller)}

    @app.get("/fail")
    def fail(caller: caller):
        CALLS.append(whom())
        raise RuntimeError(whom())

    @app.get("/stream")
    async def stream(caller: caller):
        async def lines():
            for _ in range(3):
                yield whom() + "\n"

        return StreamingResponse(lines())

    @app.get("/headers")
    def headers(caller: caller, request: Request):
        return headers_of(request.headers.items())

    @app.get("/public/x")
    async def public():
        return {"context": whom(), "framework": "nobody"}

    return app


def flask(**options):
    from flask import Flask, Response, g, request, stream_with_context

    from bearergate.flask import JwtAuth

    app = Flask(__name__)
    JwtAuth(app, verifier=verifier_of(options), skip_paths=SKIPPED)

    @app.route("/whoami", methods=["GET", "POST"])
    @app.route("/public/x")
    def whoami():
        CALLS.append(whom())
        return {"context": whom(), "framework": subject_of(g.auth)}

    @app.route("/fail")
    def fail():
        CALLS.append(whom())
        raise RuntimeError(whom())

    @app.route("/stream")
    def stream():
        return Response(stream_with_context(whom() + "\n" for _ in range(3)))

    @app.route("/headers")
    def headers():
        return headers_of(request.headers.items())

    app.logger.disabled = True
    return app


MIDDLEWARE = "bearergate.django.JwtAuthMiddleware"


def _with_settings(handler, options):
    settings = {"verifier": verifier_of(options), "skip_paths": SKIPPED}
    with override_settings(MIDDLEWARE=[MIDDLEWARE], BEARERGATE=settings):
        return handler()


def django(**options):
    from django.core.handlers.wsgi import WSGIHandler

    return _with_settings(WSGIHandler, options)


def django_async(**options):
    from django.core.handlers.asgi import ASGIHandler

    return _with_settings(ASGIHandler, options)


def drf(**options):
    from django.core.handlers.wsgi import WSGIHandler

    verifier, handler = verifier_of(options), WSGIHandler()

    def app(environ, start_response):
        rest_authentication().verifier = verifier
        return handler(environ, start_response)

    return app


ADAPTERS = [
    Adapter("asgi", "asgi", asgi),
    Adapter("wsgi", "wsgi", wsgi),
    Adapter("starlette", "asgi", starlette),
    Adapter("starlette-backend", "asgi", starlette_backend),
    Adapter("fastapi", "asgi", fastapi, skips=False, speaks=False),
    Adapter("flask", "wsgi", flask),
    Adapter("django", "wsgi", django),
    Adapter("django-async", "asgi", django_async, prefix="/async"),
    Adapter("django-sync-views-on-asgi", "asgi", django_async),
    Adapter("drf", "wsgi", drf, prefix="/drf", skips=False, speaks=False),
]
