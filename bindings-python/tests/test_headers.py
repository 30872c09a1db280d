"""Writing and reading the `x-auth-*` headers, and method patterns."""

import pytest
from keys import SECRET, token

from bearergate import (
    AUTH_HEADERS,
    AuthContext,
    ConfigError,
    JwtVerifier,
    matches_method_pattern,
    parse_auth_headers,
    set_auth_headers,
)


def test_the_names():
    assert AUTH_HEADERS == {
        "SUBJECT": "x-auth-subject",
        "ROLES": "x-auth-roles",
        "SCOPES": "x-auth-scopes",
        "CLAIMS": "x-auth-claims",
        "NAME": "x-auth-name",
        "TYPE": "x-auth-type",
    }
    with pytest.raises(TypeError):
        AUTH_HEADERS["SUBJECT"] = "x"


def test_what_is_written_is_read_back():
    claims = {"sub": "a", "big": 2**63, "ä": ["ö", {"x": None}]}
    context = AuthContext(
        subject="Zoë", name="ünï", roles=["a,b", '"'], scopes=["r", "w"], claims=claims, type="jwt"
    )
    headers: dict[str, str] = {}
    set_auth_headers(headers, context)
    assert all(value.isascii() for value in headers.values())
    assert parse_auth_headers(headers) == context
    assert parse_auth_headers({name.upper(): value for name, value in headers.items()}) == context


def test_a_verified_context_is_written_from_its_token():
    context = JwtVerifier(secret=SECRET).verify(token(big=2**70, exp=4102444800))
    headers: dict[str, str] = {}
    set_auth_headers(headers, context, propagated_claims=["big", "absent"])
    assert headers == {"x-auth-subject": "alice", "x-auth-type": "jwt", "x-auth-claims": f'{{"big":{2**70}}}'}


def test_what_was_there_is_replaced():
    headers = {"X-Auth-Subject": "root", "X-AUTH-ROLES": '["root"]', "x-auth-name": "Root", "other": "stays"}
    set_auth_headers(headers, AuthContext(subject="alice"))
    assert headers == {"x-auth-subject": "alice", "x-auth-type": "jwt", "other": "stays"}


def test_a_subject_that_does_not_fit_leaves_no_identity():
    headers = {"x-auth-subject": "root"}
    with pytest.raises(ValueError, match="subject"):
        set_auth_headers(headers, AuthContext(subject="a" * 513))
    assert headers == {}
    assert parse_auth_headers({"x-auth-subject": "a" * 513}) is None


@pytest.mark.parametrize("subject", ["\ud800", "a\udfffb", "\udc80" * 600])
def test_a_subject_that_no_header_can_say_leaves_no_identity(subject):
    headers = {"x-auth-subject": "root", "x-auth-roles": '["root"]'}
    with pytest.raises(ValueError, match="subject"):
        set_auth_headers(headers, AuthContext(subject=subject))
    assert headers == {}


@pytest.mark.parametrize(
    "headers", [{}, {"x-auth-roles": "[]"}, {"x-auth-subject": ""}, {"authorization": "Bearer x"}]
)
def test_without_a_subject_there_is_no_context(headers):
    assert parse_auth_headers(headers) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("pkg.Service/*", True),
        ("pkg.Service/Get", True),
        ("pkg.Service/Ge*", True),
        ("pkg.Service/get", False),
        ("pkg.Servic/*", False),
        ("pkg.Service/Getter", False),
    ],
)
def test_patterns(pattern, expected):
    assert matches_method_pattern("pkg.Service", "Get", pattern) is expected


@pytest.mark.parametrize("pattern", ["", "pkg.Service", "/pkg.Service/Get"])
def test_what_is_no_pattern(pattern):
    with pytest.raises(ConfigError):
        matches_method_pattern("pkg.Service", "Get", pattern)
