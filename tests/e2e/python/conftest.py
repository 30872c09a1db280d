"""One identity provider for the session, and a server for each set of options a test asks for."""

import signal
from collections.abc import Callable, Iterator

import pytest
from idp import IdentityProvider
from servers import Server

# A suite started in the background ignores Ctrl-C, and so would the programs that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

AUDIENCE = "my-api"


@pytest.fixture(scope="session")
def idp() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()
    yield provider
    provider.close()


@pytest.fixture(scope="session")
def guard(idp) -> dict:
    """The options most tests serve with."""
    return {
        "jwks_uri": idp.jwks_uri,
        "issuer": idp.issuer,
        "audience": AUDIENCE,
        "claims_mapping": {"roles": "realm_access.roles"},
        "skip_methods": [
            "bearergate.e2e.v1.IdentityService/Open",
            "bearergate.e2e.v1.IdentityService/OpenStream",
        ],
    }


@pytest.fixture(scope="session")
def shared_server(guard) -> Iterator[Callable[[str], Server]]:
    """A server with the usual options, kept for the session."""
    running: dict[str, Server] = {}

    def of(name: str) -> Server:
        if name not in running:
            running[name] = Server(name, guard)
        return running[name]

    yield of
    for server in running.values():
        server.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """A server with options of its own, closed after the test."""
    running: list[Server] = []

    def of(name: str, options: dict) -> Server:
        running.append(Server(name, options))
        return running[-1]

    yield of
    for server in running:
        server.close()
