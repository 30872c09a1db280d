"""Roles, scopes, and claims as types of the program's."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

import msgspec
import pydantic
import pydantic.dataclasses
import pytest
import typing_extensions
from keys import SECRET, token
from service import Sync

from bearergate import (
    AuthContext,
    InvalidClaimError,
    JwtVerifier,
    create_jwt_auth_interceptor,
    get_auth_context,
)

CLAIMS = {
    "sub": "alice",
    "exp": 1893456000,
    "org": {"id": 2**63 - 1, "tags": ["a", "b"]},
    "email": "a@example.com",
}


class PydanticOrg(pydantic.BaseModel):
    id: int
    tags: tuple[str, ...]


class Pydantic(pydantic.BaseModel):
    sub: str
    exp: datetime
    org: PydanticOrg
    plan: str = "free"


class StrictPydantic(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="forbid")
    sub: str
    exp: int
    org: PydanticOrg
    email: str


@pydantic.dataclasses.dataclass
class PydanticData:
    sub: str
    exp: datetime


class StructOrg(msgspec.Struct):
    id: int
    tags: tuple[str, ...]


class Struct(msgspec.Struct, frozen=True):
    sub: str
    exp: int
    org: StructOrg
    plan: str = "free"


@dataclass(frozen=True)
class DataOrg:
    id: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    sub: str
    exp: float
    org: DataOrg
    plan: str = "free"


class DictOrg(TypedDict):
    id: int
    tags: list[str]


class Dict(TypedDict):
    sub: str
    org: DictOrg


class ExtendedDict(typing_extensions.TypedDict):
    sub: str
    plan: typing_extensions.NotRequired[str]


def context(**claims):
    return AuthContext(subject="alice", claims={**CLAIMS, **claims})


def verified(**claims):
    return JwtVerifier(secret=SECRET).verify(token(**{**CLAIMS, **claims}))


@pytest.mark.parametrize("made", [context, verified])
def test_claims_are_what_each_kind_of_type_says(made):
    caller = made()
    model = caller.claims_as(Pydantic)
    assert (model.sub, model.exp, model.plan) == ("alice", datetime(2030, 1, 1, tzinfo=UTC), "free")
    assert model.org == PydanticOrg(id=2**63 - 1, tags=("a", "b"))
    assert caller.claims_as(StrictPydantic).email == "a@example.com"
    assert caller.claims_as(PydanticData).exp == datetime(2030, 1, 1, tzinfo=UTC)
    assert caller.claims_as(Struct) == Struct("alice", 1893456000, StructOrg(2**63 - 1, ("a", "b")))
    assert caller.claims_as(Data) == Data("alice", 1893456000.0, DataOrg(2**63 - 1, ("a", "b")))
    assert caller.claims_as(Dict) == {"sub": "alice", "org": {"id": 2**63 - 1, "tags": ["a", "b"]}}
    assert caller.claims_as(ExtendedDict) == {"sub": "alice"}


@pytest.mark.parametrize("model", [Pydantic, StrictPydantic, PydanticData, Struct, Data, Dict, ExtendedDict])
def test_claims_that_do_not_fit_are_a_refusal_that_quotes_none(model):
    with pytest.raises(InvalidClaimError) as caught:
        context(sub=["secret"]).claims_as(model)
    error = caught.value
    assert (error.code, error.reason, error.http_status) == ("ERR_CLAIM_INVALID", "check_failed", 401)
    assert error.client_message == "Authentication failed"
    assert error.challenge == 'Bearer error="invalid_token"'
    assert "secret" not in str(error)
    assert isinstance(error.__cause__, (pydantic.ValidationError, msgspec.ValidationError))


@pytest.mark.parametrize("model", [Data, Dict])
def test_of_a_plain_type_a_string_is_no_number(model):
    with pytest.raises(InvalidClaimError):
        context(org={"id": "5", "tags": []}).claims_as(model)


@pytest.mark.parametrize(
    "model", [dict, str, object, "Data", None, 5, {}, list[Data], Data("", 0, None), int | None]
)
def test_anything_else_is_no_type_for_claims(model):
    with pytest.raises(TypeError, match="claims_as takes a pydantic model"):
        context().claims_as(model)


def test_through_a_handler_it_is_a_refusal_of_the_request():
    class Typed:
        def intercept_unary_sync(self, call_next, request, ctx, /):
            get_auth_context().claims_as(Struct)

    answer = Sync(create_jwt_auth_interceptor(secret=SECRET), Typed()).call(
        "Unary", {"authorization": f"Bearer {token()}"}
    )
    assert (answer.status, answer.error) == (
        401,
        {"code": "unauthenticated", "message": "Authentication failed"},
    )


@pytest.mark.parametrize("there", ["msgspec", "pydantic", ""])
def test_a_plain_type_takes_whichever_library_is_there(there):
    code = f"""
import sys
for name in {{"msgspec", "pydantic"}} - {{{there!r}}}:
    sys.modules[name] = None
from dataclasses import dataclass
from bearergate import AuthContext, InvalidClaimError
assert not {{"msgspec", "pydantic"}} & {{name for name, module in sys.modules.items() if module}}
@dataclass
class Data:
    sub: str
    n: int
try:
    print(AuthContext(subject="a", claims={{"sub": "a", "n": 1}}).claims_as(Data))
    AuthContext(subject="a", claims={{"sub": "a", "n": "1"}}).claims_as(Data)
except (ImportError, InvalidClaimError) as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    assert done.stdout.splitlines() == (
        ["Data(sub='a', n=1)", "ERR_CLAIM_INVALID: the claims do not fit Data"]
        if there
        else ["claims_as() checks a dataclass or TypedDict by msgspec or pydantic: install one of them"]
    )


def test_threads_that_meet_a_type_first_do_so_one_after_the_other():
    """Two that build a decoder at a time crash msgspec."""
    code = """
import sys, threading
import msgspec
from bearergate import AuthContext
sys.setswitchinterval(1e-6)
caller = AuthContext(subject="a", claims={"sub": "a", "org": {"id": 1, "tags": ["t"]}})
for _ in range(150):
    org = msgspec.defstruct("Org", [("id", int), ("tags", tuple[str, ...])])
    model = msgspec.defstruct("Model", [("sub", str), ("org", org)])
    together = threading.Barrier(4)
    threads = [threading.Thread(target=lambda: (together.wait(), caller.claims_as(model))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_roles_and_scopes_are_compared_exactly():
    caller = AuthContext(subject="a", roles=["admin", "a b"], scopes=["read", "write:all"])
    assert caller.has_role("admin")
    assert caller.has_role("a b")
    for role in ("Admin", "adm", "", "a", "read"):
        assert not caller.has_role(role)
    assert caller.has_scopes("read")
    assert caller.has_scopes("write:all", "read")
    assert caller.has_scopes()
    for scopes in (("read", "admin"), ("Read",), ("read write:all",), ("",), ("write",)):
        assert not caller.has_scopes(*scopes)
    nobody = AuthContext(subject="a")
    assert not nobody.has_role("admin")
    assert not nobody.has_scopes("read")
    for wrong in (None, 5, ["admin"], b"admin"):
        with pytest.raises(TypeError):
            caller.has_role(wrong)
        with pytest.raises(TypeError):
            caller.has_scopes(wrong)
    with pytest.raises(TypeError):
        caller.has_role()
