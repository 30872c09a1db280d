"""Requests judged in front of a framework, and the answers in the caller's protocol."""

import asyncio
import json
import struct

import pytest
from keys import SECRET, token

from bearergate import AuthContext, ConfigError, JwtAuthError, MissingCredentialsError
from bearergate._http import HttpGuard, answer, procedure_of
from bearergate._judge import Judge
from bearergate._native import Refusal


def guard(skip_paths=(), **options):
    return HttpGuard(Judge.of({"secret": SECRET, **options}), skip_paths)


def refused(**options):
    judged = guard(**options)
    outcome = judged.check("GET", b"/a", False, [])
    with pytest.raises(JwtAuthError) as caught:
        judged.judge.settle(outcome)
    return caught.value


def test_a_good_token_is_a_context():
    judged = guard(propagate_headers=True)
    assert judged.header == "authorization"
    for value in (f"Bearer {token()}", f"Bearer {token()}".encode()):
        outcome = judged.check("POST", b"/any", False, [value])
        context = asyncio.run(judged.judge.settle_async(outcome))
        assert isinstance(context, AuthContext)
        assert ("x-auth-subject", "alice") in judged.judge.gate.propagate(context)


@pytest.mark.parametrize(
    ("method", "path", "preflight", "passes"),
    [
        ("GET", b"/health", False, True),
        ("GET", b"/health?deep=1", False, True),
        ("GET", b"/public/a/b.css", False, True),
        ("POST", b"/a.B/Get", False, True),
        ("OPTIONS", b"/any", True, True),
        ("OPTIONS", b"/any", False, False),
        ("GET", b"/any", True, False),
        ("GET", b"/public", False, False),
        ("GET", b"/public/../any", False, False),
        ("GET", b"/public/%2e%2E/any", False, False),
        ("GET", b"//public/a", False, False),
        ("GET", b"http://host/health", False, False),
        ("GET", b"/public/\xff\xfe/..", False, False),
        ("GET", b"", False, False),
    ],
)
def test_what_goes_through_without_a_context(method, path, preflight, passes):
    judged = guard(["/health", "/public/*"], skip_methods=["a.B/*"])
    outcome = judged.check(method, path, preflight, ["Bearer forged"])
    assert outcome is None if passes else isinstance(outcome, Refusal)


@pytest.mark.parametrize(
    "values", [["Bearer \xe9"], [b"Bearer \xff"], [f"Bearer {token()}"] * 2, ["Bearer \udcff"]]
)
def test_values_that_are_no_token(values):
    outcome = guard().check("GET", b"/a", False, values)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "ERR_TOKEN_MALFORMED"


@pytest.mark.parametrize(
    ("paths", "option"),
    [
        ("/a", "skip_paths"),
        ([1], "skip_paths[0]"),
        (["/ok", "/a/../b"], "skip_paths[1]"),
        (["a"], "skip_paths[0]"),
    ],
)
def test_paths_that_cannot_be_meant(paths, option):
    with pytest.raises(ConfigError) as caught:
        guard(paths)
    assert caught.value.option == option


def test_the_method_that_a_path_calls():
    assert procedure_of(b"/a.B/Get?x=1") == "a.B/Get"
    assert procedure_of(b"/not/a/method") is None
    assert procedure_of(b"/\xff/x") is None


def test_an_answer_is_in_the_protocol_of_its_caller():
    error = refused()
    assert isinstance(error, MissingCredentialsError)
    plain = answer(error, "application/json; charset=utf-8")
    told = {"code": "unauthenticated", "message": "Missing credentials"}
    assert (plain.status, json.loads(plain.body)) == (401, told)
    assert plain.headers == [("content-type", "application/json"), ("www-authenticate", "Bearer")]

    grpc = answer(error, "application/grpc-web+proto")
    assert (grpc.status, grpc.body) == (200, b"")
    assert grpc.headers[:3] == [
        ("content-type", "application/grpc-web+proto"),
        ("grpc-status", "16"),
        ("grpc-message", "Missing%20credentials"),
    ]

    stream = answer(error, "application/connect+json")
    flags, length = struct.unpack(">BI", stream.body[:5])
    assert (stream.status, flags, length) == (200, 2, len(stream.body) - 5)
    assert json.loads(stream.body[5:]) == {"error": told}


def test_an_answer_to_anything_but_a_refusal_says_nothing_of_it():
    odd = JwtAuthError("odd", code="ERR_INTERNAL", reason="invalid", connect_code="no such code")  # type: ignore[arg-type]
    for error in (RuntimeError("the database is down"), KeyboardInterrupt(), odd):
        made = answer(error, None)
        told = {"code": "unauthenticated", "message": "Authentication failed"}
        assert (made.status, json.loads(made.body)) == (401, told)
        assert made.headers[-1] == ("www-authenticate", 'Bearer error="invalid_token"')
