"""What is skipped is what is routed, whatever a server, a proxy or a rewrite says the path was."""

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import override_settings
from django.urls import re_path
from keys import SECRET
from serving import Served
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from bearergate import JwtVerifier
from bearergate.asgi import JwtAuthMiddleware as AsgiMiddleware
from bearergate.wsgi import JwtAuthMiddleware

SKIPPED = ["/public/*", "/health", "/"]
VERIFIER = JwtVerifier(secret=SECRET, skip_methods=["a.Open/*"])
GUARD = {"verifier": VERIFIER, "skip_paths": SKIPPED}

# The path as it was sent (None: the server does not tell), the mount, the decoded rest, and whether it is
# skipped.
ROUTED = [
    ("/public/x", "", "/public/x", True),
    ("/public/x?a=/../b", "", "/public/x", True),
    ("/public/a%20b%3Fc", "", "/public/a b?c", True),
    ("/public/%C3%A9", "", "/public/é", True),
    # Mounted: patterns are relative to the mount, as routes are.
    ("/mount/public/x", "/mount", "/public/x", True),
    ("/mount/health", "/mount", "/health", True),
    ("/mount/", "/mount", "/", True),
    ("/mount/a.Open/Get", "/mount", "/a.Open/Get", True),
    ("/public/admin", "/public", "/admin", False),
    ("/public/public", "/public", "/public", False),
    ("/health", "/health", "", False),
    ("/health/", "/health", "/", True),
    ("/a.Open/Get", "/a.Open", "/Get", False),
    # No boundary of segments, or another encoding of the mount.
    ("/publicadmin", "/public", "admin", False),
    ("/public/admin", "/public/", "admin", False),
    ("/publi%63/health", "/public", "/health", False),
    ("/%70ublic/admin", "/public", "/admin", False),
    # Rewritten.
    ("/public/x", "", "/admin", False),
    ("/health", "", "/admin", False),
    ("/admin", "", "/health", False),
    ("/public/x", "", "/public/y", False),
    ("/public/%61", "", "/public/%61", False),
    # No raw path.
    (None, "", "/health", True),
    (None, "/mount", "/health", True),
    (None, "", "/public/é", True),
    (None, "/public", "/admin", False),
    (None, "/health", "", False),
    (None, "", "/health?/../admin", False),
    (None, "", "/health?", False),
    (None, "", "/health#/admin", False),
    (None, "", "/public/?/admin", False),
    (None, "", "/public/x%2f..%2fadmin", False),
    (None, "", "/public/100%", False),
    (None, "", "/public/../admin", False),
]
# A proxy has taken the mount off: what was sent is what is routed.
STRIPPED = [("/health", "/mount", "/health", True), ("/public/x", "/mount", "/admin", False)]


def wire(text):
    """Text as a WSGI environ has it."""
    return text.encode().decode("latin-1")


def environ_of(sent, mount, rest):
    told = {} if sent is None else {"RAW_URI": sent}
    return {"REQUEST_METHOD": "GET", "SCRIPT_NAME": wire(mount), "PATH_INFO": wire(rest), **told}


def scope_of(sent, mount, path):
    raw_path = None if sent is None else sent.partition("?")[0].encode()
    scope = {"type": "http", "method": "GET", "headers": [(b"host", b"x")], "query_string": b""}
    return {**scope, "root_path": mount, "path": path, "raw_path": raw_path}


def status_of_wsgi(app, environ):
    started = []
    environ |= {"wsgi.input": sys.stdin.buffer, "SERVER_NAME": "x", "SERVER_PORT": "80"}
    b"".join(app(environ, lambda *given: started.append(given)))
    return int(started[0][0].split()[0])


def status_of_asgi(app, scope):
    sent = []

    async def main():
        given = [{"type": "http.request"}]

        async def receive():
            return given.pop() if given else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)

    asyncio.run(main())
    return sent[0]["status"]


def plain_wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b""]


async def plain_asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


urlpatterns = [re_path(".*", lambda request: HttpResponse("x"))]


@pytest.fixture
def django():
    middleware = ["bearergate.django.JwtAuthMiddleware"]
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=middleware, BEARERGATE=GUARD):
        yield


@pytest.mark.parametrize(("sent", "mount", "rest", "skipped"), [*ROUTED, *STRIPPED])
def test_wsgi(sent, mount, rest, skipped):
    app = JwtAuthMiddleware(plain_wsgi, **GUARD)
    assert status_of_wsgi(app, environ_of(sent, mount, rest)) == (200 if skipped else 401)


@pytest.mark.parametrize(("sent", "mount", "rest", "skipped"), [*ROUTED, *STRIPPED])
def test_django_on_wsgi(django, sent, mount, rest, skipped):
    # Django routes an empty path as `/`.
    skipped |= rest == "" and sent is None
    status = status_of_wsgi(WSGIHandler(), environ_of(sent, mount, rest))
    assert status == (200 if skipped else 401)


@pytest.mark.parametrize(("sent", "mount", "rest", "skipped"), ROUTED)
def test_asgi(sent, mount, rest, skipped):
    app = AsgiMiddleware(plain_asgi, **GUARD)
    assert status_of_asgi(app, scope_of(sent, mount, mount + rest)) == (200 if skipped else 401)


@pytest.mark.parametrize(("sent", "mount", "rest", "skipped"), ROUTED)
def test_django_on_asgi(django, sent, mount, rest, skipped):
    assert status_of_asgi(ASGIHandler(), scope_of(sent, mount, mount + rest)) == (200 if skipped else 401)


@pytest.mark.parametrize(("sent", "mount", "rest", "skipped"), STRIPPED)
@pytest.mark.parametrize("app", [AsgiMiddleware(plain_asgi, **GUARD), ASGIHandler], ids=["asgi", "django"])
def test_a_path_that_is_not_below_its_root_is_routed_whole(django, app, sent, mount, rest, skipped):
    app = app() if app is ASGIHandler else app
    assert status_of_asgi(app, scope_of(sent, mount, rest)) == (200 if skipped else 401)


def test_a_path_of_no_text_is_not_an_error():
    app = AsgiMiddleware(plain_asgi, **GUARD)
    assert status_of_asgi(app, scope_of(None, "", "/health\ud800/x")) == 401


def test_a_path_that_a_middleware_of_django_rewrites(django):
    def rewriting(get_response):
        def middleware(request):
            request.path_info = "/admin"
            return get_response(request)

        return middleware

    globals()["rewriting"] = rewriting
    names = [f"{__name__}.rewriting", "bearergate.django.JwtAuthMiddleware"]
    with override_settings(MIDDLEWARE=names):
        for sent in ("/health", None):
            assert status_of_wsgi(WSGIHandler(), environ_of(sent, "", "/health")) == 401


def test_a_guard_of_a_mounted_starlette_application():
    def text(request):
        return PlainTextResponse("x")

    inner = Starlette(routes=[Route("/health", text), Route("/admin", text)])
    app = Starlette(routes=[Mount("/public", AsgiMiddleware(inner, **GUARD))])
    client = TestClient(app)
    assert client.get("/public/health").status_code == 200
    assert client.get("/public/admin").status_code == 401
    client = TestClient(app, root_path="/outer")
    assert client.get("/outer/public/health").status_code == 200
    assert client.get("/outer/public/admin").status_code == 401


APPLICATION = f"""
from bearergate.wsgi import JwtAuthMiddleware

def routes(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [environ["PATH_INFO"].encode()]

app = JwtAuthMiddleware(routes, secret={SECRET!r}, skip_paths={SKIPPED!r})
"""


class Gunicorn(Served):
    """gunicorn, which lets a trusted peer say with a header where the application is mounted."""

    def __init__(self, directory: Path) -> None:
        (directory / "guarded.py").write_text(textwrap.dedent(APPLICATION))
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        command += ["--no-control-socket", "--log-level", "error", "guarded:app"]
        env = {name: value for name, value in os.environ.items() if not name.startswith("GUNICORN")}
        self._process = subprocess.Popen(command, cwd=directory, env=env, pass_fds=[listener.fileno()])
        listener.close()

    def close(self) -> None:
        self._process.terminate()
        assert self._process.wait(30) == 0


def test_a_mount_that_a_header_names_opens_nothing(tmp_path):
    server = Gunicorn(tmp_path)
    try:
        assert server.ask("/public/x").status == 200
        assert server.ask("/admin").status == 401
        for path, mount in (
            ("/public/admin", b"/public"),
            ("/publicadmin", b"/public"),
            ("/health", b"/health"),
        ):
            assert server.ask(path, b"script_name: " + mount).status == 401, (path, mount)
        answer = server.ask("/mount/public/x", b"script_name: /mount")
        assert (answer.status, answer.body) == (200, b"/public/x")
    finally:
        server.close()
