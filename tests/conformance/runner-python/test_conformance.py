"""Every case through the public classes of the Python package, with the verified-signature cache (and
the asynchronous methods) and without (and the blocking ones). With BEARERGATE_OUTCOMES set to a path, the
outcomes are written there; BEARERGATE_CASES runs the cases whose id contains it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import Headers, RequestContext
from protobuf.wkt import StringValue

sys.path.insert(0, str(Path(__file__).parent))

from canonical import canonical
from cases import MISSING, camel, load, natural, place
from server import Server

from bearergate import (
    AuthzDeniedError,
    ConfigError,
    JwtAuthError,
    JwtVerifier,
    create_authz_interceptor,
    get_auth_context,
)
from bearergate._http import HttpGuard, answer
from bearergate._judge import Judge, take_hooks
from bearergate._native import AuthContext, Gate, Refusal
from bearergate.connect import AuthzInterceptor, JwtAuthInterceptor

# Longest wait for a background fetch to end, in seconds.
PATIENCE = 20
hits: list[int] = []
"""Tokens that each run of a case found in its cache."""
FILTER = os.environ.get("BEARERGATE_CASES", "")
SUITES = [(name, [case for case in cases if FILTER in case["id"]]) for name, cases in load()]


# What a call is told that needs a caller and has none.
NOBODY = "Authentication required for authorization"

Interceptors = list[JwtAuthInterceptor | AuthzInterceptor]


class Recorder:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps = self.skipped = 0


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    path = os.environ.get("BEARERGATE_OUTCOMES")
    if path:
        Path(path).write_text("".join(f"{line}\n" for line in recorder.lines), "utf-8")
    cases = len(recorder.lines)
    counts = f"{cases} cases, {recorder.steps} steps, {recorder.skipped} skipped"
    sys.stdout.write(f"\npython: {counts}\n")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.mark.parametrize(("suite", "cases"), [pytest.param(*each, id=each[0]) for each in SUITES if each[1]])
def test_suite(suite: str, cases: list[dict[str, Any]], server: Server, recorder: Recorder) -> None:
    failures = []
    for case in cases:
        lacking = [MISSING[feature] for feature in case.get("requires", []) if feature in MISSING]
        if lacking:
            recorder.skipped += 1
            recorder.lines.append(canonical({"id": case["id"], "skipped": lacking[0]}))
            continue
        recorder.steps += len(case["steps"])
        with asyncio.Runner() as runner:
            cached = run(case, server, runner)
        uncached = run(case, server, None)
        for outcomes in (cached, uncached):
            if len(outcomes) != len(case["steps"]):
                failures.append(f"{case['id']}: {len(outcomes)} of {len(case['steps'])} steps ran")
            for at, (step, outcome) in enumerate(zip(case["steps"], outcomes, strict=False)):
                problem = difference(step, outcome)
                if problem:
                    failures.append(f"{case['id']} step {at}{problem}")
        line = canonical({"id": case["id"], "steps": cached})
        if line != canonical({"id": case["id"], "steps": uncached}):
            failures.append(f"{case['id']}: the cache changes the outcome")
        recorder.lines.append(line)
    assert not failures, "\n".join(failures)


def test_the_cache_was_used() -> None:
    assert FILTER or sum(hits) > 1000


def run(case: dict[str, Any], server: Server, runner: asyncio.Runner | None) -> list[dict[str, Any]]:
    """Runs a case: with a runner asynchronously and with the cache, without one neither."""
    folder = server.folder(f"{case['id']}.test")
    origin = server.origin(folder)
    names: dict[str, str] = {}
    options = natural(place(case["options"], origin), names)
    remote = any(name in str(case["options"]) for name in ("$jwks", "$origin", "$proxy"))
    if runner is None and options.get("cache") is None:
        options["cache"] = False
    first = case["steps"][0]["now"]
    try:
        hooks = take_hooks(options)
        gate = Gate.on_clock(options, ms(first), 0)
        judge = Judge(gate, hooks)
        http = HttpGuard(judge, case.get("skipPaths", ()))
        authz = create_authz_interceptor(**natural(case["authz"], names)) if "authz" in case else None
    except ConfigError as error:
        known = isinstance(error, ValueError) and error.code == "ERR_CONFIG"
        return [{"config": {"option": camel(error.option, names)}} if known else {"unknown": str(error)}]
    verifier = JwtVerifier._over(judge)
    interceptors = [JwtAuthInterceptor._over(judge), *([authz] if authz else [])]
    outcomes = []
    mono = 0
    for step in case["steps"]:
        if "serve" in step:
            server.serve(folder, place(step["serve"], origin))
        mono = ms(step["mono"]) if "mono" in step else max(mono, ms(step["now"] - first))
        gate.set_clock(ms(step["now"]), mono)
        seen = server.requests(folder)
        outcome = act(verifier, interceptors, http, step, runner)
        if runner and "context" in outcome:
            # Out of the cache it is the same.
            again = act(verifier, interceptors, http, step, runner)
            if again != outcome:
                outcome = {"first": outcome, "again": again}
        settle(verifier)
        if remote:
            outcome["fetches"] = server.requests(folder) - seen
        outcomes.append(outcome)
    hits.append(verifier.stats()["cache_hits"])
    verifier.close()
    return outcomes


def ms(seconds: float) -> int:
    return round(seconds * 1000)


def settle(verifier: JwtVerifier) -> None:
    started = time.monotonic()
    while verifier.stats()["fetching"]:
        assert time.monotonic() - started < PATIENCE, "a fetch never ended"
        time.sleep(0.001)


def act(
    verifier: JwtVerifier,
    interceptors: Interceptors,
    http: HttpGuard,
    step: dict[str, Any],
    runner: asyncio.Runner | None,
) -> dict[str, Any]:
    if "token" in step:
        return bare(verifier, step["token"], runner)
    if "http" in step:
        return in_front(http, step["http"], runner)
    return request(interceptors, step, runner) if "headers" in step else {"constructed": True}


def bare(verifier: JwtVerifier, token: str, runner: asyncio.Runner | None) -> dict[str, Any]:
    try:
        context = runner.run(verifier.verify_async(token)) if runner else verifier.verify(token)
    except JwtAuthError as error:
        return {"error": details(error)}
    return {"context": plain(context)}


def request(
    interceptors: Interceptors, step: dict[str, Any], runner: asyncio.Runner | None
) -> dict[str, Any]:
    headers = Headers()
    for name, value in step["headers"]:
        headers.add(name, value)
    method = MethodInfo(
        name=step["method"],
        service_name=step["service"],
        input=StringValue,
        output=StringValue,
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=StreamType.UNARY,
    )
    ctx = RequestContext(method=method, http_method="POST", request_headers=headers)

    async def asynchronously() -> AuthContext | None:
        started: list[Any] = []
        try:
            for interceptor in interceptors:
                started.append((interceptor, await interceptor.on_start(ctx)))
            return get_auth_context()
        finally:
            for interceptor, token in reversed(started):
                await interceptor.on_end(token, ctx, None)

    def synchronously() -> AuthContext | None:
        started: list[Any] = []
        try:
            for interceptor in interceptors:
                started.append((interceptor, interceptor.on_start_sync(ctx)))
            return get_auth_context()
        finally:
            for interceptor, token in reversed(started):
                interceptor.on_end_sync(token, ctx, None)

    try:
        context = runner.run(asynchronously()) if runner else synchronously()
    except ConnectError as error:
        cause = error.__cause__
        if isinstance(cause, AuthzDeniedError) or error.message == NOBODY:
            return {"denied": denial(error)}
        if not isinstance(cause, JwtAuthError):
            return {"unknown": repr(error)}
        challenge = ctx.response_headers.get("www-authenticate")
        told = {"connectCode": error.code.value, "challenge": challenge}
        return {"error": {**details(cause), **told}}
    left = {name: value for name, value in headers.items() if name.startswith("x-auth-")}
    if context is None:
        return {"skipped": True, "headers": left}
    return {"context": plain(context), "headers": left}


def denial(error: ConnectError) -> dict[str, Any]:
    """What the authorization says."""
    cause, rule = error.__cause__, None
    if isinstance(cause, AuthzDeniedError) and cause.rule_name is not None:
        roles, scopes = list(cause.required_roles), list(cause.required_scopes)
        rule = {"name": cause.rule_name, "roles": roles, "scopes": scopes}
    return {"connectCode": error.code.value, "message": error.message, "rule": rule}


def in_front(http: HttpGuard, asked: dict[str, Any], runner: asyncio.Runner | None) -> dict[str, Any]:
    """A request in front of a framework, as an adapter treats it."""
    headers = [(name.lower(), value) for name, value in asked["headers"]]
    first = dict(reversed(headers))
    preflight = "access-control-request-method" in first
    credentials = [value.encode("latin-1") for name, value in headers if name == http.header]
    judge = http.judge
    try:
        outcome = http.check(asked["method"], asked["target"].encode(), preflight, credentials)
        if outcome is None:
            return {"skipped": True, "headers": {}}
        context = runner.run(judge.settle_async(outcome)) if runner else judge.settle(outcome)
        propagated = judge.gate.propagate(context)
        if isinstance(propagated, Refusal):
            raise judge.refused(propagated, None)
    except JwtAuthError as error:
        told = answer(error, first.get("content-type"))
        body = told.body.decode("latin-1")
        return {"answer": {"status": told.status, "headers": dict(told.headers), "body": body}}
    return {"context": plain(context), "headers": dict(propagated)}


def details(error: JwtAuthError) -> dict[str, Any]:
    return {
        "code": error.code,
        "claim": error.claim,
        "reason": error.reason,
        "connectCode": error.connect_code,
    }


def plain(context: AuthContext) -> dict[str, Any]:
    at = context.expires_at
    return {
        "subject": context.subject,
        "name": context.name,
        "roles": list(context.roles),
        "scopes": list(context.scopes),
        "claims": context.claims.to_dict(),
        "type": context.type,
        "expiresAt": at and f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
    }


def difference(step: dict[str, Any], outcome: dict[str, Any]) -> str | None:
    """How an outcome differs from what the step expects."""
    expected = dict(step.get("expectByLanguage", {}).get("python", step["expect"]))
    got = dict(outcome)
    # What a step does not say is for the comparer alone.
    if "fetches" in step:
        expected["fetches"] = step["fetches"]
    else:
        got.pop("fetches", None)
    if "error" in got and "challenge" not in expected.get("error", {}):
        got["error"] = {name: value for name, value in got["error"].items() if name != "challenge"}
    # Python's own comparison is exact where canonical numbers are doubles.
    if expected == got and canonical(expected) == canonical(got):
        return None
    return f"\n  expected {canonical(expected)[:600]}\n  got      {canonical(got)[:600]}"
