import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import values
from werkzeug.test import TestResponse

from service.app import assemble
from service.observability import shared_counts
from service.settings import Settings
from tests.service.tea import TeaHook

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

Post = Callable[..., TestResponse]


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a start of the service does to its process is undone: the log, the counts."""
    loggers = [logging.getLogger(name) for name in ("magnesia", "")]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    # Set first, so that what the start sets is taken away again.
    monkeypatch.setenv(shared_counts.VARIABLE, "")
    yield
    logging.captureWarnings(capture=False)
    for each, (handlers, level, propagate) in zip(loggers, before, strict=True):
        each.handlers[:] = handlers
        each.setLevel(level)
        each.propagate = propagate


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
