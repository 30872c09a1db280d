"""Every example runs as a program, and is what the documentation shows."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

PACKAGE = Path(__file__).parents[2]
EXAMPLES = sorted((PACKAGE / "examples").glob("*_app.py"))
PAGES = PACKAGE.parent / "docs" / "python"
ISSUER = "https://id.example.com"


class Program:
    """An example with a key set that is served here."""

    def __init__(self, command, jwks, signer):
        self._signer = signer
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {"JWKS_URI": jwks.url, "ISSUER": ISSUER, "AUDIENCE": "my-api", "PORT": str(self.port)}
        self._child = subprocess.Popen(
            [part.format(port=self.port) for part in command],
            cwd=PACKAGE / "examples",
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self._child.kill()
        raise AssertionError(self._child.communicate()[0])

    def token(self, **claims):
        return self._signer.token(**{"iss": ISSUER, "aud": "my-api", **claims})

    def ask(self, path, data=None, **claims):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        if claims:
            request.add_header("authorization", f"Bearer {self.token(**claims)}")
        if data is not None:
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers.get("www-authenticate")

    def close(self):
        self._child.terminate()
        self._child.communicate(timeout=10)


@pytest.fixture
def program(jwks, signer):
    programs = []

    def start(path, *command):
        programs.append(Program(command or [sys.executable, str(path)], jwks, signer))
        return programs[-1]

    yield start
    for running in programs:
        running.close()


WEB = [path for path in EXAMPLES if path.stem != "connect_app"]


@pytest.mark.parametrize("path", WEB, ids=lambda path: path.stem)
def test_an_example_runs(program, path):
    example = program(path)
    assert example.ask("/me") == (401, "Bearer")
    assert example.ask("/me", sub="alice")[1]["subject"] == "alice"
    assert example.ask("/me", sub="alice", aud="another")[0] == 401
    text = path.read_text()
    if "healthz" in text:
        request = urllib.request.Request(f"http://127.0.0.1:{example.port}/healthz")
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 200
    for route, good, poor in (
        ("/admin", {"roles": ["admin"]}, {"scope": "admin"}),
        ("/reports", {"scope": "reports:read"}, {"roles": ["reports:read"]}),
    ):
        if route in text:
            assert example.ask(route, **good)[0] == 200, route
            assert example.ask(route, **poor)[0] == 403, route
            assert example.ask(route)[0] == 401, route


@pytest.mark.parametrize("name", ["wsgi_app", "flask_app"])
def test_a_wsgi_example_behind_gunicorn(program, name):
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--threads", "2"]
    example = program(None, *gunicorn, f"{name}:app")
    assert example.ask("/me", sub="alice")[1]["subject"] == "alice"
    good = f"authorization: Bearer {example.token()}".encode()

    def status(path, *headers):
        lines = [f"GET {path} HTTP/1.1".encode(), b"host: x", b"connection: close", *headers]
        with socket.create_connection(("127.0.0.1", example.port), 10) as connection:
            connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
            return int(connection.makefile("rb").readline().split()[1])

    assert status("/me", good) == 200
    for bad in ([good, good], [good + b"\xe9"], [b"authorization: Bearer \xff"], []):
        assert status("/me", *bad) == 401
    assert status("/healthz") == 200
    for path in ("/health%7a", "/x/../healthz", "/./healthz", "//healthz"):
        assert status(path) == 401, path


def test_the_web_socket_of_the_asgi_example(program):
    example = program(PACKAGE / "examples" / "asgi_app.py")

    async def main():
        offer = ["chat", f"bearer.{example.token(sub='alice')}"]
        url = f"ws://127.0.0.1:{example.port}/"
        async with connect(url, subprotocols=offer, proxy=None) as socket:
            assert (socket.subprotocol, await socket.recv()) == ("chat", "Hello alice")

    asyncio.run(main())


def test_the_connect_example(program):
    example = program(PACKAGE / "examples" / "connect_app.py")
    greet = "/greet.v1.GreetService/Greet"
    assert example.ask(greet, b'""', sub="alice") == (200, "Hello alice")
    assert example.ask(greet, b'"') == (401, "Bearer")
    assert example.ask("/greet.v1.GreetService/Ping", b'""') == (200, "pong")


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def test_each_example_has_its_page_and_each_page_its_example():
    named = {path.stem.removesuffix("_app") for path in EXAMPLES}
    assert {page.stem for page in PAGES.glob("*.md") if blocks(page)} >= named


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_shows_the_example_and_its_other_code_runs(path, jwks):
    shown, *others = blocks(PAGES / f"{path.stem.removesuffix('_app')}.md")
    assert shown == path.read_text()
    environment = {"JWKS_URI": jwks.url, "ISSUER": ISSUER, "AUDIENCE": "my-api"}
    for code in others:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, **environment},
            cwd=PACKAGE / "examples",
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert (done.returncode, done.stderr) == (0, ""), code
