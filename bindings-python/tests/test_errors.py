"""The exceptions follow the core's table of codes."""

import pickle
from typing import get_args

import pytest
from keys import SECRET, token

import bearergate
from bearergate import ConfigError, ErrorCode, JwtAuthError, JwtVerifier, Reason, _native
from bearergate._errors import of_refusal

TABLE = _native.error_table()


def test_the_type_lists_the_codes_of_the_core():
    assert list(get_args(ErrorCode)) == [row["code"] for row in TABLE]
    assert {row["reason"] for row in TABLE} <= set(get_args(Reason))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["code"])
def test_each_code_has_its_exception(row):
    gate = _native.Gate({"secret": SECRET})
    error = of_refusal(gate.refuse(row["code"]))
    assert type(error) is getattr(bearergate, row["python_class"])
    assert isinstance(error, JwtAuthError)
    assert (error.code, error.claim, error.reason) == (row["code"], None, row["reason"])
    assert error.connect_code == row["connect_code"]
    assert error.client_message == row["message"]
    assert error.http_status == {"unauthenticated": 401, "unavailable": 503}[error.connect_code]
    assert row["code"] in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_the_tree():
    assert bearergate.MissingCredentialsError.__bases__ == (JwtAuthError,)
    assert bearergate.KeysUnavailableError.__bases__ == (JwtAuthError,)
    assert bearergate.InvalidTokenError.__bases__ == (JwtAuthError,)
    for name in ("ExpiredTokenError", "InvalidSignatureError", "InvalidClaimError"):
        assert getattr(bearergate, name).__bases__ == (bearergate.InvalidTokenError,)
    assert not issubclass(JwtAuthError, ValueError)


def test_the_claim_at_fault_is_named():
    with pytest.raises(bearergate.InvalidClaimError) as caught:
        JwtVerifier(secret=SECRET, issuer="https://a.example").verify(token(iss="https://b.example"))
    assert (caught.value.code, caught.value.claim, caught.value.reason) == (
        "ERR_CLAIM_INVALID",
        "iss",
        "check_failed",
    )
    assert caught.value.challenge == 'Bearer error="invalid_token"'
    assert caught.value.retry_after is None
    assert "(iss)" in str(caught.value)
    # Nothing of the token is in it.
    assert "b.example" not in repr(vars(caught.value)) + str(caught.value)


def test_config_error_is_a_value_error_that_pickles():
    with pytest.raises(ValueError, match="audience") as caught:
        JwtVerifier(secret=SECRET, audiance="x")
    error = caught.value
    assert isinstance(error, ConfigError)
    assert (error.code, error.option) == ("ERR_CONFIG", "audiance")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.option, again.code) == (str(error), error.option, error.code)


def test_a_code_that_is_none_is_refused():
    with pytest.raises(ValueError, match="ERR_NONE"):
        _native.Gate({"secret": SECRET}).refuse("ERR_NONE")
