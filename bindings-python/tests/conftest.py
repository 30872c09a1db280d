import signal
from collections.abc import Iterator

import pytest
from jwks_server import JwksServer
from keys import Signer

# A suite started in the background ignores Ctrl-C, and so would the programs that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def signer() -> Signer:
    return Signer("key-1")


@pytest.fixture
def jwks(signer: Signer) -> Iterator[JwksServer]:
    server = JwksServer(signer.jwk)
    yield server
    server.close()
