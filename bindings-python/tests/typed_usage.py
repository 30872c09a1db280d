"""How programs use the package, for `mypy --strict`: what must type-check does, what must not is marked."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, assert_type

import grpc
import grpc.aio
import msgspec
import pydantic
from connectrpc.interceptor import MetadataInterceptor, MetadataInterceptorSync
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, ConnectWSGIApplication

from bearergate import (
    AuthContext,
    Authorizer,
    AuthzDeniedError,
    AuthzEffect,
    AuthzRequest,
    Claims,
    ExpiredTokenError,
    JwtAuthError,
    JwtVerifier,
    RejectInfo,
    create_authz_interceptor,
    create_jwt_auth_interceptor,
    get_auth_context,
    otel,
    require_auth_context,
    set_auth_headers,
)
from bearergate.grpc import create_jwt_server_interceptor
from bearergate.testing import (
    RsaTestKeypair,
    create_test_jwt,
    create_test_jwt_rs256,
    generate_rsa_test_keypair,
    mock_auth_context,
    start_test_jwks_server,
    with_auth_context,
)


@dataclass(frozen=True)
class Organisation:
    org: int


class Payload(TypedDict):
    org: int


class Model(pydantic.BaseModel):
    org: int


class Struct(msgspec.Struct):
    org: int


def log(info: RejectInfo) -> None:
    assert_type(info.get("kid"), str | None)


async def not_revoked(context: AuthContext) -> bool:
    return context.claims.get("jti") != "revoked"


auth = create_jwt_auth_interceptor(
    jwks_uri="https://id.example.com/jwks",
    issuer=["https://id.example.com"],
    audience="api",
    clock_tolerance=timedelta(seconds=5),
    max_token_age="1h",
    claims_mapping={"roles": "realm_access.roles", "scopes": ["https://example.com/scopes"]},
    jwks={"timeout": 5, "cache_max_age": "10 minutes"},
    validate=not_revoked,
    on_reject=log,
)
asynchronous: MetadataInterceptor[Any] = auth
synchronous: MetadataInterceptorSync[Any] = auth


async def owns(context: AuthContext, call: AuthzRequest) -> bool:
    return context.claims.get("owner") == call.service


authz = create_authz_interceptor(
    default_policy="deny",
    rules=[
        {"name": "admins", "methods": ["*"], "requires": {"roles": ["admin"]}, "effect": AuthzEffect.ALLOW},
        {"name": "rest", "methods": ["a.B/Get*"], "effect": "deny"},
    ],
    authorize=owns,
    skip_methods=["grpc.health.v1.Health/*"],
)
also_asynchronous: MetadataInterceptor[Any] = authz
also_synchronous: MetadataInterceptorSync[Any] = authz
create_authz_interceptor(rules=[{"name": "x", "methods": ["*"], "effect": "permit"}])  # type: ignore[typeddict-item]
create_authz_interceptor(rules=[{"name": "x", "methods": ["*"]}])  # type: ignore[typeddict-item]
create_authz_interceptor(authorise=owns)  # type: ignore[call-arg]


async def authorized() -> None:
    authorizer = Authorizer(authorize=lambda context, call: context.has == call.method)  # type: ignore[attr-defined]
    try:
        authorizer.check(get_auth_context(), "a.B", "Get")
        await authorizer.check_async(get_auth_context(), "a.B", "Get")
    except AuthzDeniedError as denied:
        assert_type(denied.rule_name, str | None)
        assert_type(denied.required_roles, tuple[str, ...])
        assert_type(denied.client_message, str)


class Asynchronous(ConnectASGIApplication[None]):
    path = "/test.v1.Service"


class Synchronous(ConnectWSGIApplication):
    path = "/test.v1.Service"


def applications() -> tuple[Asynchronous, Synchronous]:
    return (
        Asynchronous(service=None, endpoints=lambda _: {}, interceptors=[auth, authz]),
        Synchronous(endpoints={}, interceptors=[auth, authz]),
    )


async def handler(request: object, ctx: RequestContext[Any, Any]) -> str:
    caller = require_auth_context()
    assert_type(caller, AuthContext)
    assert_type(caller.subject, str)
    assert_type(caller.name, str | None)
    assert_type(caller.roles, tuple[str, ...])
    assert_type(caller.expires_at, datetime | None)
    assert_type(caller.claims, Claims)
    assert_type(caller.claims.to_dict(), dict[str, Any])
    assert_type(get_auth_context(), AuthContext | None)
    assert_type(caller.has_role("admin") and caller.has_scopes("read", "write"), bool)
    assert_type(caller.claims_as(Organisation), Organisation)
    assert_type(caller.claims_as(Payload), Payload)
    assert_type(caller.claims_as(Model).org, int)
    assert_type(caller.claims_as(Struct).org, int)
    caller.has_scopes(["read"])  # type: ignore[arg-type]
    set_auth_headers({}, caller, ["sub"])
    caller.subject = "root"  # type: ignore[misc]
    return caller.subject


async def verifiers(token: str) -> None:
    assert_type(auth.verifier, JwtVerifier)
    with JwtVerifier(secret=b"0" * 32) as verifier:
        try:
            assert_type(verifier.verify(token), AuthContext)
        except ExpiredTokenError as error:
            assert_type(error.claim, str | None)
        except JwtAuthError as error:
            if error.code == "ERR_REVOKED":
                raise
            if error.code == "ERR_REVOKD":  # type: ignore[comparison-overlap]
                raise
    async with JwtVerifier(public_key={"kty": "OKP"}) as verifier:
        await verifier.ready_async("5 s")
        verifier.ready(timedelta(seconds=5))
        assert_type(await verifier.verify_async(token), AuthContext)
        assert_type(verifier.stats()["keys"], int)


def grpc_servers() -> tuple[grpc.Server, grpc.aio.Server]:
    interceptor = create_jwt_server_interceptor(verifier=auth.verifier)
    create_jwt_server_interceptor(
        jwks_uri="https://id.example.com/jwks", skip_methods=["grpc.health.v1.Health/*"]
    )
    create_jwt_server_interceptor(audiance="api")  # type: ignore[call-arg]
    return (
        grpc.server(ThreadPoolExecutor(), interceptors=[interceptor]),
        grpc.aio.server(interceptors=[interceptor]),
    )


otel.instrument(subjects=True)
JwtVerifier(audiance="api")  # type: ignore[call-arg]
JwtVerifier(secret=5)  # type: ignore[arg-type]
JwtVerifier(jwks={"timout": 5})  # type: ignore[arg-type]


def testing() -> None:
    assert_type(create_test_jwt({"sub": "a"}, audience=["b"], expires_in=False), str)
    create_test_jwt({"sub": "a"}, expires_in=timedelta(minutes=-5), secret=b"x" * 32)
    create_test_jwt({"sub": "a"}, audiance="b")  # type: ignore[call-arg]
    keypair = generate_rsa_test_keypair()
    assert_type(keypair, RsaTestKeypair)
    create_test_jwt_rs256(keypair.private_key, {"sub": "a"}, kid=keypair.kid)
    create_test_jwt_rs256(keypair.private_key, {"sub": "a"})  # type: ignore[call-arg]
    with start_test_jwks_server(keypair.public_jwk) as server:
        assert_type(server.url, str)
        server.fail("hang")
        server.fail(503, {"retry-after": "5"})
        server.fail("slow")  # type: ignore[arg-type]
    with with_auth_context(mock_auth_context(roles=["admin"])) as context:
        assert_type(context, AuthContext)
    mock_auth_context(role="admin")  # type: ignore[call-arg]
