"""What every test shares: a moment that stands still, an application, the reference material."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from service import create_app
from service.record import Record
from service.record.writer import Writer
from service.settings import Settings
from tests import cluster, eavesdrop

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

settings.register_profile("default", deadline=None, max_examples=200)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


#: The PostgreSQL that tests may use; without it those that need one are skipped.
POSTGRES = os.environ.get(cluster.VARIABLE)


def pytest_configure() -> None:
    """Start from the defaults: what the developer has exported must not decide a test."""
    for name in [name for name in os.environ if name.startswith("MAGNESIA_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is said about the log of the whole run is asked when there is nothing more to come."""
    items.sort(key=lambda item: item.name == "test_a98_the_log_of_the_whole_run")


@pytest.fixture(scope="session", autouse=True)
def eavesdropper() -> Iterator[eavesdrop.Eavesdropper]:
    """Everything that is logged during the run, of this process and of those that tests start."""
    with eavesdrop.listening() as ear:
        yield ear


@pytest.fixture(scope="session", autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings name the record by a path relative to the working directory: no test may leave one
    in the project. The processes that tests start are told by the environment."""
    with pytest.MonkeyPatch.context() as patch:
        directory = tmp_path_factory.mktemp("record")
        default = f"sqlite:///{directory / 'magnesia.sqlite'}"
        field = Settings.model_fields["database_url"]
        patch.setattr(field, "default", default)
        Settings.model_rebuild(force=True)
        yield
    Settings.model_rebuild(force=True)


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """The application with default settings, at `NOW`."""
    app = create_app(Settings(), clock=lambda: NOW)
    yield app
    record_of(app).stop()


@pytest.fixture(autouse=True)
def _no_writer_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop what a test has started: the threads of a hundred applications would slow the rest. A
    writer that several tests share begins anew with the next call."""
    started: list[Writer] = []
    begin = Writer.start

    def start(writer: Writer) -> None:
        started.append(writer)
        begin(writer)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "start", start)
        yield
    for writer in started:
        writer.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database: a case that uses it is run on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'var' / 'magnesia.sqlite'}"
        return
    if POSTGRES is None:
        pytest.skip(f"no PostgreSQL: {cluster.VARIABLE} names none")
    with cluster.database(POSTGRES) as url:
        yield Settings(database_url=url).database_url


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    """Flask's test client; what the service keeps changes no answer, so one serves all."""
    return app.test_client()


def record_of(app: Flask) -> Record:
    """The record that the application keeps."""
    record: Any = app.extensions["record"]
    assert isinstance(record, Record)
    return record


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material beside the project; it is not part of a clone."""
    path = Path(__file__).resolve().parents[2] / "shared"
    if not path.is_dir():
        pytest.skip("the reference material is not there: no directory 'shared' beside the project")
    return path
