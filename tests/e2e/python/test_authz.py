"""Authorization on real servers: who may call what, in every protocol, and what the others are told."""

from collections.abc import Callable, Iterator

import pytest
from clients import GUARDED, WIRES, Client, bearer
from methods import OPEN, READ
from servers import Server

RULES = {
    "rules": [
        {"name": "secret rule", "methods": ["*"], "requires": {"scopes": ["forbidden"]}, "effect": "deny"},
        {"name": "admins", "methods": ["*"], "requires": {"roles": ["admin"]}, "effect": "allow"},
    ],
    "skip_methods": ["bearergate.e2e.v1.IdentityService/Open"],
}


@pytest.fixture(scope="module")
def authorizing(guard) -> Iterator[Callable[[str], Server]]:
    running: dict[str, Server] = {}

    def of(name: str) -> Server:
        if name not in running:
            running[name] = Server(name, guard, RULES)
        return running[name]

    yield of
    for server in running.values():
        server.close()


@pytest.mark.parametrize(
    ("server", "protocol", "version"), WIRES, ids=[f"{s}-{p.name}-h{v}" for s, p, v in WIRES]
)
def test_a_caller_calls_what_rules_allow(authorizing, idp, server, protocol, version):
    served = authorizing(server)
    client = Client(served.url, protocol, version)
    admin = bearer(idp.token())
    user = bearer(idp.token(client="bob-service", scope="read"))
    for method in GUARDED:
        for message in client.call(method, admin):
            assert message["identity"]["subject"] == "alice-service"
        before = served.calls()
        failure = client.refused(method, user)
        assert (failure.code, failure.message) == ("permission_denied", "Access denied by default policy")
        failure = client.refused(method, {})
        assert (failure.code, failure.message) == ("unauthenticated", "Missing credentials")
        assert served.calls() == before
    # Open to all for both interceptors; without a caller and not skipped for the second.
    assert client.call(OPEN, {})[0]["identity"] is None
    assert "secret" not in str(client.refused(READ, user))
