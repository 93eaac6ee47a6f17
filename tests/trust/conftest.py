"""A service that trusts a few clients, at `NOW`."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import create_app
from service.settings import Settings
from tests import cluster
from tests.cluster import Cluster
from tests.conftest import NOW, record_of
from tests.trust.forgeries import BASE_URL, World
from tests.trust.issuer import Issuer, write_clients


@pytest.fixture(scope="session")
def world() -> World:
    """The clients, with keys that are made once."""
    return World(
        Issuer("Example EHR", "https://ehr.example"),
        Issuer("Example laboratory", "https://lab.example", "RS384"),
        Issuer(
            "Bound EHR",
            "https://bound.example",
            tenants=["ward-1", "ward-2"],
            jku="https://bound.example/jwks",
        ),
    )


@pytest.fixture(scope="session")
def guarded(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, which asks for tokens of these clients."""
    directory = tmp_path_factory.mktemp("guarded")
    app = create_app(
        Settings(
            auth="required",
            base_url=BASE_URL,
            clients=write_clients(directory, world.ehr, world.lab, world.bound),
            database_url=f"sqlite:///{directory / 'magnesia.sqlite'}",
        ),
        clock=lambda: NOW,
    )
    yield app
    record_of(app).stop()


@pytest.fixture
def gate(guarded: Flask) -> FlaskClient:
    return guarded.test_client()


@pytest.fixture
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL that a test may stop; it must run again in the end."""
    try:
        with cluster.running() as running:
            yield running
    except cluster.NoPostgres:
        pytest.skip("there is no PostgreSQL on this machine")
