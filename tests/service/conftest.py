from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import assemble
from service.settings import Settings
from tests.service.tea import TeaHook

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

Post = Callable[..., TestResponse]


@pytest.fixture
def call() -> dict[str, Any]:
    """A call that the tea hook answers with a card."""
    return {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "guest-1", "userId": "Practitioner/host"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "guest-1"},
            "leaves": {"resourceType": "Bundle", "type": "searchset", "total": 0},
        },
    }


@pytest.fixture
def app() -> Flask:
    """The application with the tea hook, at `NOW`."""
    return assemble(Settings(), [TeaHook()], lambda: NOW)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
