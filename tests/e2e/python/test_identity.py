"""A good token: the handler sees its caller at each message of each kind of call, and nobody else."""

import pytest
from clients import GUARDED, WIRES, Client, bearer
from methods import OPEN, OPEN_STREAM

ALICE = {"subject": "alice-service", "roles": ["admin", "user"], "scopes": ["read", "write"], "type": "jwt"}
BOB = {"subject": "bob-service", "roles": ["user"], "scopes": ["read"], "type": "jwt"}

wire = pytest.mark.parametrize(
    ("server", "protocol", "version"), WIRES, ids=[f"{s}-{p.name}-h{v}" for s, p, v in WIRES]
)


@pytest.fixture
def client(shared_server, server, protocol, version) -> Client:
    return Client(shared_server(server).url, protocol, version)


@wire
@pytest.mark.parametrize("method", GUARDED, ids=lambda method: method.name)
def test_the_caller_is_seen_at_each_message(client, idp, method):
    messages = client.call(method, bearer(idp.token(alg="ES256")))
    assert len(messages) == {"Unary": 1, "ClientStream": 4, "ServerStream": 3, "BidiStream": 3}[method.name]
    for message in messages:
        identity = message["identity"]
        assert {name: identity[name] for name in ALICE} == ALICE, message["at"]
        assert identity["audience"] == "my-api"
        assert identity["expires_at"].endswith("+00:00")


@wire
def test_one_connection_serves_two_callers_and_a_stranger(client, idp):
    alice = bearer(idp.token())
    bob = bearer(idp.token(client="bob-service", scope="read"))
    for headers, expected in [(alice, ALICE), (bob, BOB), (alice, ALICE)]:
        for method in GUARDED:
            for message in client.call(method, headers):
                assert {name: message["identity"][name] for name in expected} == expected
        # A method that is let through has no caller, whatever it brings and whoever came before.
        assert client.call(OPEN, headers)[0]["identity"] is None
        assert [message["identity"] for message in client.call(OPEN_STREAM, {})] == [None]
