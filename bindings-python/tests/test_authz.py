"""Authorization: the rules' verdicts as exceptions, by hand and in Connect applications."""

import asyncio
import copy
import pickle
import warnings
from pathlib import Path

import pytest
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import Headers, RequestContext
from keys import SECRET, token
from protobuf.wkt import StringValue
from service import KINDS, Async, Sync

from bearergate import (
    AuthContext,
    Authorizer,
    AuthzDeniedError,
    AuthzEffect,
    AuthzRequest,
    ConfigError,
    MissingCredentialsError,
    _current,
    _native,
    create_authz_interceptor,
    create_jwt_auth_interceptor,
    get_auth_context,
)
from bearergate._http import answer
from bearergate.connect import AuthzInterceptor, JwtAuthInterceptor

RULES = [
    {"name": "banned", "methods": ["*"], "requires": {"roles": ["banned"]}, "effect": "deny"},
    {"name": "admins", "methods": ["a.B/*"], "requires": {"roles": ["admin", "root"]}, "effect": "allow"},
    {
        "name": "readers",
        "methods": ["a.B/Get*"],
        "requires": {"scopes": ["read", "list"]},
        "effect": AuthzEffect.ALLOW,
    },
    {"name": "rest", "methods": ["a.B/*"], "effect": "deny"},
]


def caller(*roles, scopes=()):
    return AuthContext(subject="alice", roles=roles, scopes=scopes)


def check(authorizer, context, service="a.B", method="Get"):
    authorizer.check(context, service, method)


def check_async(authorizer, context, service="a.B", method="Get"):
    asyncio.run(authorizer.check_async(context, service, method))


both_checks = pytest.mark.parametrize("checked", [check, check_async])


def denied(checked, authorizer, context, *call):
    with pytest.raises(AuthzDeniedError) as caught:
        checked(authorizer, context, *call)
    return caught.value


@both_checks
def test_the_first_rule_that_matches_decides(checked):
    authorizer = Authorizer(rules=RULES)
    checked(authorizer, caller("admin"))
    checked(authorizer, caller("x", "root"))
    checked(authorizer, caller(scopes=["list", "read"]), "a.B", "GetAll")
    for context, method, rule in [
        (caller("admin", "banned"), "Any", "banned"),
        (caller("admins"), "Any", "rest"),
        (caller(scopes=["read"]), "GetAll", "rest"),
        (caller(scopes=["list", "read"]), "Set", "rest"),
    ]:
        assert denied(checked, authorizer, context, "a.B", method).rule_name == rule


@both_checks
def test_a_denial_tells_the_client_nothing_of_the_rule(checked):
    error = denied(checked, Authorizer(rules=RULES), caller("banned"))
    assert (str(error), error.client_message) == ("Access denied", "Access denied")
    assert (error.connect_code, error.http_status) == ("permission_denied", 403)
    assert (error.rule_name, error.required_roles, error.required_scopes) == ("banned", ("banned",), ())
    assert error.authz_details == {"rule_name": "banned", "required_roles": ("banned",)}
    assert error.server_details == {**error.authz_details, "required_scopes": ()}
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(copied) is AuthzDeniedError
        assert (str(copied), copied.server_details) == (str(error), error.server_details)
    assert answer(error, None).status == 403
    assert ("grpc-status", "7") in answer(error, "application/grpc").headers


@both_checks
def test_the_default_policy(checked):
    error = denied(checked, Authorizer(), caller("admin"))
    assert (error.client_message, error.rule_name) == ("Access denied by default policy", None)
    checked(Authorizer(default_policy="allow"), caller())
    checked(Authorizer(default_policy=AuthzEffect.ALLOW), caller())
    assert [*AuthzEffect] == _native.AUTHZ_EFFECTS


@both_checks
def test_without_a_caller_nothing_is_allowed(checked):
    everything = [{"name": "all", "methods": ["*"], "effect": "allow"}]
    authorizer = Authorizer(default_policy="allow", rules=everything, authorize=lambda context, call: True)
    with pytest.raises(MissingCredentialsError) as caught:
        checked(authorizer, None)
    assert caught.value.client_message == "Authentication required for authorization"
    assert (caught.value.http_status, caught.value.challenge) == (401, "Bearer")
    checked(Authorizer(skip_methods=["a.B/*"]), None)


@both_checks
@pytest.mark.parametrize("answers", [True, 1, {"allowed": False}, "True", object(), False, None, 0, ""])
def test_what_authorize_answers(checked, answers):
    authorizer = Authorizer(default_policy="allow", authorize=lambda context, call: answers)
    if answers is True:
        checked(authorizer, caller())
    else:
        assert denied(checked, authorizer, caller()).client_message == "Access denied"


@both_checks
def test_authorize_is_asked_where_no_rule_matches(checked):
    asked = []

    def authorize(context, call):
        asked.append((context.subject, call))
        return True

    authorizer = Authorizer(rules=RULES, authorize=authorize)
    checked(authorizer, caller("admin"))
    denied(checked, authorizer, caller("banned"))
    assert asked == []
    checked(authorizer, caller(), "c.D", "Get")
    assert asked == [("alice", AuthzRequest(service="c.D", method="Get"))]


@both_checks
def test_an_authorize_that_fails_denies_with_its_failure_as_cause(checked):
    failure = RuntimeError("the database is down")

    def raises(context, call):
        raise failure

    error = denied(checked, Authorizer(default_policy="allow", authorize=raises), caller())
    assert (error.client_message, error.__cause__) == ("Access denied", failure)


def test_an_async_authorize():
    async def authorize(context, call):
        await asyncio.sleep(0)
        return "admin" in context.roles

    authorizer = Authorizer(default_policy="allow", authorize=authorize)
    check_async(authorizer, caller("admin"))
    denied(check_async, authorizer, caller("user"))
    # A coroutine is true, and says nothing.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        error = denied(check, authorizer, caller("admin"))
    assert isinstance(error.__cause__, TypeError)


@both_checks
@pytest.mark.parametrize("roles", ["banned", [1], None, [["banned"]]])
def test_what_is_no_context_is_not_allowed(checked, roles):
    class Other:
        scopes = ()

        def __init__(self):
            self.roles = roles

    error = denied(checked, Authorizer(default_policy="allow", rules=RULES), Other())
    assert error.__cause__ is not None


RULE = {"name": "n", "methods": ["*"], "effect": "allow"}


@pytest.mark.parametrize("make", [Authorizer, create_authz_interceptor])
@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"default_policy": "ALLOW"}, "default_policy"),
        ({"rules": [RULE, {**RULE, "name": "m", "effect": "Deny"}]}, "rules[1].effect"),
        ({"rules": [{**RULE, "requires": {}}]}, "rules[0].requires"),
        ({"rules": [{**RULE, "requires": {"roles": []}}]}, "rules[0].requires.roles"),
        ({"rules": [{**RULE, "requires": {"role": ["a"]}}]}, "rules[0].requires.role"),
        ({"rules": [{**RULE, "methods": []}]}, "rules[0].methods"),
        ({"rules": [{**RULE, "methods": ["a.B"]}]}, "rules[0].methods[0]"),
        ({"rules": [RULE, RULE]}, "rules[1].name"),
        ({"skip_methods": ["a.B/Get*"]}, "skip_methods[0]"),
        ({"authorise": lambda context, call: True}, "authorise"),
        ({"authorize": "yes"}, "authorize"),
    ],
)
def test_what_cannot_be_meant(make, options, option):
    with pytest.raises(ConfigError) as caught:
        make(**options)
    assert caught.value.option == option


# In Connect applications.

both = pytest.mark.parametrize("kind", [Sync, Async])
every_method = pytest.mark.parametrize("method", KINDS)


def jwt_auth(**options):
    return create_jwt_auth_interceptor(secret=SECRET, claims_mapping={"roles": "roles"}, **options)


def bearer(*roles):
    return {"authorization": f"Bearer {token(roles=list(roles))}"}


def only_admins():
    rule = {
        "name": "secret rule",
        "methods": ["test.v1.Service/*"],
        "requires": {"roles": ["admin"]},
        "effect": "allow",
    }
    return create_authz_interceptor(rules=[rule])


class Messages:
    """An interceptor of messages of every kind, which does nothing."""

    async def intercept_unary(self, call_next, request, ctx, /):
        return await call_next(request, ctx)

    async def intercept_client_stream(self, call_next, request, ctx, /):
        return await call_next(request, ctx)

    def intercept_server_stream(self, call_next, request, ctx, /):
        return call_next(request, ctx)

    def intercept_bidi_stream(self, call_next, request, ctx, /):
        return call_next(request, ctx)

    def intercept_unary_sync(self, call_next, request, ctx, /):
        return call_next(request, ctx)

    intercept_client_stream_sync = intercept_unary_sync
    intercept_server_stream_sync = intercept_unary_sync
    intercept_bidi_stream_sync = intercept_unary_sync


@both
@every_method
def test_a_caller_calls_what_rules_allow(kind, method):
    service = kind(jwt_auth(), only_admins())
    assert service.call(method, bearer("admin")).error is None
    seen = list(service.seen)
    assert set(seen) == {"alice"}
    refused = service.call(method, bearer("user"))
    assert refused.status == (403 if method == "Unary" else 200)
    assert refused.error == {"code": "permission_denied", "message": "Access denied by default policy"}
    assert service.call(method, {}).error["message"] == "Missing credentials"
    assert service.seen == seen


@both
@every_method
def test_a_call_without_a_caller_is_unauthenticated(kind, method):
    service = kind(jwt_auth(skip_methods=["*"]), only_admins())
    refused = service.call(method, bearer("admin"))
    assert refused.error == {
        "code": "unauthenticated",
        "message": "Authentication required for authorization",
    }
    assert refused.headers["www-authenticate"] == "Bearer"
    assert service.seen == []


@both
@every_method
@pytest.mark.parametrize(
    "order",
    [
        lambda auth, authz: [authz, auth],
        lambda auth, authz: [auth, Messages(), authz],
        lambda auth, authz: [Messages(), authz, auth],
        lambda auth, authz: [authz, Messages(), auth],
    ],
)
def test_wherever_it_is_listed_it_runs_behind_the_jwt_interceptor(kind, method, order):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        service = kind(*order(jwt_auth(), only_admins()))
    assert "list it right after the JWT interceptor" in str(told[-1].message)
    assert told[-1].filename == __file__.replace("test_authz", "service")
    assert service.call(method, bearer("admin")).error is None
    assert service.call(method, bearer("user")).error["code"] == "permission_denied"


@both
def test_where_it_is_listed_right_there_is_no_warning(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind(jwt_auth(), only_admins(), only_admins(), Messages())


def test_a_call_is_refused_before_its_body_is_read():
    service = Async(jwt_auth(), only_admins())
    refused = asyncio.run(service.acall("Unary", bearer("user"), b"this is no JSON"))
    assert refused.error["code"] == "permission_denied"


@both
@every_method
def test_a_denial_of_a_handler_says_what_a_client_may_know(kind, method):
    authorizer = Authorizer(rules=[{"name": "secret rule", "methods": ["*"], "effect": "deny"}])

    class Late:
        """Checks where a handler would."""

        async def on_start(self, ctx):
            await authorizer.check_async(caller(), "a.B", "Get")

        async def on_end(self, state, ctx, error, /):
            pass

        def on_start_sync(self, ctx, /):
            authorizer.check(caller(), "a.B", "Get")

        def on_end_sync(self, state, ctx, error, /):
            pass

    for interceptors in ([jwt_auth(), Late()], [jwt_auth(), only_admins(), Late()]):
        refused = kind(*interceptors).call(method, bearer("admin"))
        assert refused.error == {"code": "permission_denied", "message": "Access denied"}


@both
def test_an_async_authorize_serves_asgi_and_refuses_wsgi(kind):
    async def authorize(context, call):
        await asyncio.sleep(0)
        return call == AuthzRequest("test.v1.Service", "Unary")

    answered = kind(jwt_auth(), create_authz_interceptor(authorize=authorize)).call("Unary", bearer())
    assert answered.status == (200 if kind is Async else 403)


@both
def test_the_operator_sees_the_cause(kind):
    seen = []

    class Observer:
        async def on_start(self, ctx):
            pass

        async def on_end(self, state, ctx, error, /):
            seen.append(error)

        def on_start_sync(self, ctx, /):
            pass

        def on_end_sync(self, state, ctx, error, /):
            seen.append(error)

    rule = {"name": "nobody", "methods": ["*"], "effect": "deny"}
    kind(jwt_auth(), Observer(), create_authz_interceptor(rules=[rule])).call("Unary", bearer())
    (error,) = seen
    assert isinstance(error, ConnectError)
    assert isinstance(error.__cause__, AuthzDeniedError)
    assert error.__cause__.rule_name == "nobody"


@both
@pytest.mark.parametrize("item", [create_authz_interceptor, AuthzInterceptor, Authorizer()])
def test_what_is_no_interceptor_is_not_listed(kind, item):
    with pytest.raises(TypeError, match="create_authz_interceptor"):
        kind(jwt_auth(), item)


def test_the_interceptor_cannot_be_changed():
    interceptor = only_admins()
    for change in (
        lambda: setattr(interceptor, "_authorizer", Authorizer(default_policy="allow")),
        lambda: setattr(interceptor, "on_start", None),
        lambda: delattr(interceptor, "_authorizer"),
    ):
        with pytest.raises(AttributeError):
            change()
    with pytest.raises(TypeError, match="cannot be extended"):
        type("Mine", (AuthzInterceptor,), {})
    assert not isinstance(interceptor, JwtAuthInterceptor)


# The documentation's examples.

PAGE = (Path(__file__).parents[2] / "docs" / "authorization.md").read_text()


def example(name):
    code = PAGE.split(f"<!-- {name} -->\n```python\n")[1].split("```")[0]
    names = {}
    exec(compile(code, f"docs/authorization.md {name}", "exec"), names)
    return names


def test_the_example_of_the_interceptors_allows_what_it_says(jwks, signer, monkeypatch):
    monkeypatch.setenv("JWKS_URI", jwks.url)
    interceptors = example("authorization-python")["interceptors"]

    async def judged(service, method, **claims):
        headers = Headers()
        if claims:
            headers.add("authorization", f"Bearer {signer.token(**claims)}")
        info = MethodInfo(
            name=method,
            service_name=service,
            input=StringValue,
            output=StringValue,
            idempotency_level=IdempotencyLevel.UNKNOWN,
            stream_type=StreamType.UNARY,
        )
        ctx = RequestContext(method=info, http_method="POST", request_headers=headers)
        started = []
        try:
            for interceptor in interceptors:
                started.append((interceptor, await interceptor.on_start(ctx)))
        except ConnectError as error:
            return error.code.value
        finally:
            for interceptor, state in reversed(started):
                await interceptor.on_end(state, ctx, None)
        return "allowed"

    def roles(*names):
        return {"realm_access": {"roles": list(names)}}

    for service, method, claims, outcome in [
        ("shop.v1.Stock", "Delete", roles("owner"), "allowed"),
        ("shop.v1.Orders", "GetAll", {"scope": "orders:read"}, "allowed"),
        ("shop.v1.Orders", "Cancel", {"tier": "gold"}, "allowed"),
        ("grpc.health.v1.Health", "Check", {}, "allowed"),
        ("shop.v1.Orders", "GetAll", roles("owner", "suspended"), "permission_denied"),
        ("shop.v1.Orders", "Delete", {"scope": "orders:read"}, "permission_denied"),
        ("shop.v1.Orders", "Cancel", {"tier": "silver"}, "permission_denied"),
        ("shop.v1.Stock", "Cancel", {"tier": "gold"}, "permission_denied"),
        ("shop.v1.Orders", "GetAll", {}, "unauthenticated"),
    ]:
        assert asyncio.run(judged(service, method, **claims)) == outcome, (service, method, claims)
    assert get_auth_context() is None


def test_the_example_of_the_authorizer_refunds_for_accountants():
    refund = example("authorizer-python")["refund"]

    def refund_for(context):
        identity = _current.Identity(object(), context)
        identity.enter()
        try:
            return refund()
        finally:
            identity.leave()

    assert refund_for(caller("accountant", scopes=["billing:write"])) == "refunded"
    with pytest.raises(AuthzDeniedError):
        refund_for(caller("accountant"))
    with pytest.raises(MissingCredentialsError):
        refund()
