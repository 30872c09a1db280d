"""The pages and examples on gRPC, observability and processes: what they show runs."""

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import grpc
import pytest

from bearergate import (
    AuthContext,
    InvalidClaimError,
    JwtAuthError,
    JwtVerifier,
    MissingCredentialsError,
    otel,
)
from bearergate.testing import with_auth_context

pytestmark = pytest.mark.thread_unsafe(reason="programs and ports of their own")
PACKAGE = Path(__file__).parents[1]
PAGES = PACKAGE.parent / "docs" / "python"
ISSUER = "https://id.example.com"


def shown(page, name):
    """The code on a page that follows its comment."""
    text = (PAGES / page).read_text()
    return text.split(f"<!-- {name} -->\n```python\n")[1].split("```")[0]


def run(page, name, **names):
    exec(compile(shown(page, name), f"docs/python/{page} {name}", "exec"), names)
    return names


@pytest.fixture(params=["grpc_sync.py", "grpc_aio.py"])
def example(request, jwks, signer):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"JWKS_URI": jwks.url, "ISSUER": ISSUER, "AUDIENCE": "my-api", "PORT": str(port)}
    child = subprocess.Popen(
        [sys.executable, PACKAGE / "examples" / request.param],
        env={**os.environ, **options},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(20)
            yield request.param, channel
        finally:
            child.terminate()
            said, _ = child.communicate(timeout=10)
    assert "Traceback" not in said


def test_the_grpc_examples_serve_callers_and_are_what_the_page_shows(example, signer):
    name, channel = example
    assert f"```python\n{(PACKAGE / 'examples' / name).read_text()}```" in (PAGES / "grpc.md").read_text()

    def call(method, **claims):
        token = signer.token(**{"iss": ISSUER, "aud": "my-api", **claims})
        metadata = (("authorization", f"Bearer {token}"),) if claims else ()
        path = f"/example.v1.Greeter/{method}"
        try:
            if method == "Count":
                return list(channel.unary_stream(path)(b"", metadata=metadata, timeout=10))
            return channel.unary_unary(path)(b"", metadata=metadata, timeout=10)
        except grpc.RpcError as error:
            return error.code()

    assert call("Health") == b"serving"
    assert call("Greet") is grpc.StatusCode.UNAUTHENTICATED
    assert call("Greet", aud="another") is grpc.StatusCode.UNAUTHENTICATED
    assert call("Greet", sub="alice") == b"Hello alice"
    assert call("Count", sub="alice") is grpc.StatusCode.PERMISSION_DENIED
    assert call("Count", scope="count") == [f"{number} for alice".encode() for number in range(3)]
    if name == "grpc_aio.py":
        assert call("Greet", sub="mallory") is grpc.StatusCode.UNAUTHENTICATED


def test_the_caller_by_roles_scopes_and_typed_claims():
    delete_account = run("context.md", "roles")["delete_account"]
    with pytest.raises(MissingCredentialsError):
        delete_account("1")
    with with_auth_context(AuthContext(subject="alice", roles=["admin"])), pytest.raises(PermissionError):
        delete_account("1")
    with with_auth_context(AuthContext(subject="alice", roles=["admin"], scopes=["accounts:write"])):
        assert delete_account("1") == "alice deleted 1"
    page = run("context.md", "claims")
    claims = {"email": "a@example.com", "organisation": {"id": 7}, "device_id": "d"}
    caller = AuthContext(subject="alice", claims=claims)
    assert (page["plan_of"](caller), page["device_of"](caller)) == ("free", "d")
    with pytest.raises(InvalidClaimError):
        page["plan_of"](AuthContext(subject="alice"))


def test_refusals_may_be_thinned_out(caplog):
    logger = logging.getLogger("bearergate")
    before = list(logger.filters)
    run("observability.md", "thinning")
    try:
        verifier = JwtVerifier(secret="x" * 32)
        with caplog.at_level(logging.INFO, "bearergate"):
            for _ in range(200):
                with pytest.raises(JwtAuthError):
                    verifier.verify("a.b")
        assert 10 <= len(caplog.records) <= 40
    finally:
        logger.filters[:] = before


def test_prometheus_scrapes_what_is_counted(monkeypatch):
    import prometheus_client

    servers = []
    start = prometheus_client.start_http_server
    # A port of ours, for the page's.
    monkeypatch.setattr(
        prometheus_client, "start_http_server", lambda port, addr: servers.append(start(port=0, addr=addr))
    )
    run("observability.md", "instrument")
    provider = run("observability.md", "prometheus")["provider"]
    server, thread = servers[0]
    try:
        with pytest.raises(JwtAuthError):
            JwtVerifier(secret="x" * 32).verify("a.b")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    finally:
        otel.uninstrument()
        server.shutdown()
        server.server_close()
        thread.join(5)
        provider.shutdown()
    (line,) = [line for line in text.splitlines() if line.startswith("bearergate_verifications_total{")]
    assert 'outcome="ERR_TOKEN_MALFORMED"' in line
    assert line.endswith(" 1.0")


def test_a_program_is_warm_before_its_workers_are_forked(jwks, signer, monkeypatch):
    monkeypatch.setenv("JWKS_URI", jwks.url)
    monkeypatch.setenv("ISSUER", ISSUER)
    verifier = run("processes.md", "preload")["verifier"]
    assert jwks.requests == 1
    assert verifier.verify(signer.token(iss=ISSUER)).subject == "alice"
    verifier.close()
    jwks.status = 500
    started = time.monotonic()
    monkeypatch.setenv("JWKS_URI", f"{jwks.url}?another")
    run("processes.md", "preload")["verifier"].close()
    assert time.monotonic() - started < 7
