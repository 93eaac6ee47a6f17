"""What every test shares: a moment that stands still, an application, the reference material."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from service import create_app
from service.settings import Settings

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

settings.register_profile("default", deadline=None, max_examples=200)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure() -> None:
    """Start from the defaults: what the developer has exported must not decide a test."""
    for name in [name for name in os.environ if name.startswith("MAGNESIA_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def app() -> Flask:
    """The application with default settings, at `NOW`."""
    return create_app(Settings(), clock=lambda: NOW)


@pytest.fixture(scope="session")
def client(app: Flask) -> FlaskClient:
    """Flask's test client; the service keeps nothing between calls, so one serves all."""
    return app.test_client()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material beside the project; it is not part of a clone."""
    path = Path(__file__).resolve().parents[2] / "shared"
    if not path.is_dir():
        pytest.skip("the reference material is not there: no directory 'shared' beside the project")
    return path
