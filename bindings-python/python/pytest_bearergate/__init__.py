"""Fixtures for tests of what `bearergate` guards: pytest's plugin, loaded with pytest where both are
installed.

It is a package of its own, so that a run that asks for none of its fixtures imports nothing of
`bearergate`. `-p no:bearergate` leaves it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bearergate import AuthContext
    from bearergate.testing import RsaTestKeypair, TestJwksServer


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker that says who `auth_context` is."""
    config.addinivalue_line(
        "markers",
        "auth_context(**fields): who the fixture auth_context is: subject, roles, scopes, claims, ...",
    )


@pytest.fixture(scope="session")
def test_jwt() -> Callable[..., str]:
    """Mints HS256 tokens: `bearergate.testing.create_test_jwt`."""
    from bearergate.testing import create_test_jwt

    return create_test_jwt


@pytest.fixture(scope="session")
def rsa_test_keypair() -> RsaTestKeypair:
    """One RSA key for the whole session."""
    from bearergate.testing import generate_rsa_test_keypair

    return generate_rsa_test_keypair()


@pytest.fixture
def jwks_server(rsa_test_keypair: RsaTestKeypair) -> Iterator[TestJwksServer]:
    """A key endpoint that publishes the session's RSA key, closed after the test."""
    from bearergate.testing import start_test_jwks_server

    with start_test_jwks_server(rsa_test_keypair.public_jwk) as server:
        yield server


@pytest.fixture
def auth_context(request: pytest.FixtureRequest) -> Iterator[AuthContext]:
    """The caller as whom the test runs; `@pytest.mark.auth_context(roles=["admin"])` says who that is.

    A coroutine that a plugin runs may be given variables of its own: there, enter
    `bearergate.testing.with_auth_context` inside the test.
    """
    from bearergate.testing import mock_auth_context, with_auth_context

    marker = request.node.get_closest_marker("auth_context")
    with with_auth_context(mock_auth_context(**(marker.kwargs if marker else {}))) as context:
        yield context
