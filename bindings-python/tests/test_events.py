"""What hooks are told of keys, the snapshot, the warning about verifiers built per request, and the
README's readiness probe, which uses them."""

import asyncio
import os
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from bearergate import (
    ConfigError,
    FetchErrorEvent,
    FetchEvent,
    JwtVerifier,
    KeysChangedEvent,
    KeysUnavailableError,
    SkippedKey,
)

README = Path(__file__).parents[2] / "README.md"


def until(what, done):
    for _ in range(500):
        if done():
            return
        time.sleep(0.01)
    pytest.fail(f"in vain: {what}")


def test_hooks_are_told_of_fetches_failures_and_changes(jwks):
    told: list[Any] = []
    jwks.status = 500
    verifier = JwtVerifier(
        jwks_uri=f"{jwks.url}?secret=1",
        issuer="https://issuer.example",
        on_fetch=told.append,
        on_fetch_error=told.append,
        on_keys_changed=told.append,
    )
    with pytest.raises(KeysUnavailableError):
        verifier.ready(0.1)
    until("an error", lambda: len(told) == 1)
    error = told[0]
    assert isinstance(error, FetchErrorEvent)
    assert (error.url, error.issuer) == (jwks.url, "https://issuer.example")
    assert (error.source, error.error, error.reason) == ("remote", "status 500", "unavailable")
    assert (error.status, error.state) == (500, "cold")
    assert error.duration_ms is not None
    assert 0.5 < error.next_attempt_seconds < 1.3
    jwks.status = 200
    jwks.keys.append({"kty": "oct", "kid": "s"})
    verifier.ready(5)
    until("a fetch", lambda: len(told) == 3)
    fetched, changed = told[1:]
    assert isinstance(fetched, FetchEvent)
    assert (fetched.not_modified, fetched.keys, fetched.skipped) == (False, 1, 1)
    assert isinstance(changed, KeysChangedEvent)
    assert (changed.source, changed.keys, changed.added, changed.removed) == ("remote", 1, ("key-1",), ())
    assert isinstance(changed.skipped[0], SkippedKey)
    assert changed.skipped[0].kid == "s"
    verifier.close()


def test_whatever_a_hook_does_changes_nothing(jwks, signer):
    called = []

    def fails(event):
        called.append(event)
        raise RuntimeError("the hook's own")

    async def fails_later(event):
        called.append(event)
        raise RuntimeError("the hook's own")

    with JwtVerifier(jwks_uri=jwks.url, on_fetch=fails, on_keys_changed=fails_later) as verifier:
        verifier.ready(5)
        until("both calls", lambda: len(called) == 2)
        assert verifier.verify(signer.token()).subject == "alice"


def test_a_hook_that_hangs_holds_up_no_key(jwks, signer):
    def hangs(event):
        time.sleep(0.5)

    with JwtVerifier(jwks_uri=jwks.url, on_fetch=hangs, on_keys_changed=hangs) as verifier:
        started = time.monotonic()
        assert verifier.verify(signer.token()).subject == "alice"
        assert time.monotonic() - started < 0.4


@pytest.mark.parametrize("name", ["on_fetch", "on_fetch_error", "on_keys_changed"])
def test_a_hook_is_a_function(name):
    with pytest.raises(ConfigError) as caught:
        JwtVerifier(secret="x" * 32, **{name: "log"})
    assert caught.value.option == name


def test_a_snapshot_serves_a_start_while_the_endpoint_is_down(jwks, signer, tmp_path):
    file = tmp_path / "keys"
    with JwtVerifier(jwks_uri=jwks.url, jwks={"snapshot_file": file}) as first:
        first.ready(5)
        until("the file", file.exists)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    jwks.status = 503
    with JwtVerifier(jwks_uri=jwks.url, jwks={"snapshot_file": str(file)}) as warm:
        assert warm.verify(signer.token()).subject == "alice"

    told: list[FetchErrorEvent] = []
    file.chmod(0o606)
    with JwtVerifier(
        jwks_uri=jwks.url, jwks={"snapshot_file": file, "timeout": 0.5}, on_fetch_error=told.append
    ) as open_to_others:
        with pytest.raises(KeysUnavailableError):
            open_to_others.verify(signer.token())
        until("the event", lambda: told)
        assert told[0].source == "snapshot"
        assert "written by other users" in told[0].error


def test_the_directory_of_a_snapshot_must_be_there(tmp_path):
    with pytest.raises(ConfigError) as caught:
        JwtVerifier(jwks_uri="https://a.example/jwks", jwks={"snapshot_file": tmp_path / "none" / "keys"})
    assert caught.value.option == "jwks.snapshot_file"


def test_a_verifier_built_for_each_request_is_warned_of_once(jwks, signer):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(100):
            with JwtVerifier(jwks_uri=jwks.url) as verifier:
                assert verifier.verify(signer.token()).subject == "alice"
    assert len(caught) == 1
    assert caught[0].category is RuntimeWarning
    assert "more than 64 verifiers" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert jwks.requests <= 65


def test_events_at_the_end_of_the_interpreter_end_no_process_badly(jwks):
    script = """
import sys, threading
from bearergate import JwtVerifier
verifiers = [
    JwtVerifier(jwks_uri=f"{sys.argv[1]}?{i}", on_fetch=lambda event: sum(range(10_000)),
                on_keys_changed=lambda event: sum(range(10_000)))
    for i in range(20)
]
for verifier in verifiers:
    verifier._judge.gate.ready()
"""
    for _ in range(10):
        ended = subprocess.run(
            [sys.executable, "-c", script, jwks.url], capture_output=True, text=True, timeout=10, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, "")


def test_the_readme_readiness_probe_answers_by_the_keys(jwks, monkeypatch):
    code = README.read_text().split("<!-- readiness-python -->\n```python\n")[1].split("```")[0]
    monkeypatch.setitem(os.environ, "JWKS_URI", jwks.url)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)

    async def probe():
        sent = []

        async def send(message):
            sent.append(message)

        await names["readyz"]({"type": "http"}, None, send)
        return sent[0]["status"], sent[1]["body"]

    jwks.status = 500
    assert asyncio.run(probe()) == (503, b'{"state": "cold", "keys": 0, "last_error": "status 500"}')
    jwks.status = 200
    until("ready", lambda: asyncio.run(probe())[0] == 200)
    names["verifier"].close()
