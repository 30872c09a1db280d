"""The provider changes its keys, and goes away, under a running server."""

import pytest
from clients import CONNECT, GUARDED, Client, bearer
from idp import IdentityProvider
from methods import UNARY


@pytest.fixture
def own_idp():
    provider = IdentityProvider()
    yield provider
    provider.close()


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "pyvoy-asgi", "pyvoy-trio", "pyvoy-wsgi"])
def test_new_keys_are_picked_up_and_old_ones_dropped(serve, own_idp, server):
    served = serve(server, {"jwks_uri": own_idp.jwks_uri, "issuer": own_idp.issuer, "audience": "my-api"})
    client = Client(served.url, CONNECT, 1)
    old = bearer(own_idp.token())
    assert client.call(UNARY, old)[0]["identity"]["subject"] == "alice-service"
    fetched = own_idp.jwks_requests()

    own_idp.rotate("b")
    new = bearer(own_idp.token(client="bob-service"))
    for method in GUARDED:
        assert client.call(method, new)[0]["identity"]["subject"] == "bob-service"
    assert own_idp.jwks_requests() == fetched + 1

    # The new set does not have the old key, and a token cannot make the server ask again so soon.
    failure = client.refused(UNARY, old)
    assert (failure.code, failure.message) == ("unauthenticated", "Authentication failed")
    assert own_idp.jwks_requests() == fetched + 1


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_with_the_provider_gone_its_tokens_are_still_good(serve, own_idp, server):
    served = serve(server, {"jwks_uri": own_idp.jwks_uri, "issuer": own_idp.issuer})
    client = Client(served.url, CONNECT, 1)
    alice, bob = bearer(own_idp.token()), bearer(own_idp.token(client="bob-service"))
    assert client.call(UNARY, alice)[0]["identity"]["subject"] == "alice-service"
    own_idp.go_down()
    assert client.call(UNARY, bob)[0]["identity"]["subject"] == "bob-service"
    own_idp.come_back()
