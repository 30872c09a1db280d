import pytest
from django_project import configure
from serving import Served, serve

configure()


@pytest.fixture
def served():
    """Serves applications until the test is over."""
    servers: list[Served] = []

    def start(adapter, server=None, **options):
        server = serve(adapter.build(**options), server or adapter.interface)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
