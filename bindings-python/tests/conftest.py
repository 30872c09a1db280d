from collections.abc import Iterator

import pytest
from jwks_server import JwksServer
from keys import Signer


@pytest.fixture
def signer() -> Signer:
    return Signer("key-1")


@pytest.fixture
def jwks(signer: Signer) -> Iterator[JwksServer]:
    server = JwksServer(signer.jwk)
    yield server
    server.close()
