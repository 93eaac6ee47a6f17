"""Entries to write, and a store on each database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.record.entries import CardEntry, DecisionEntry, FeedbackEvent, SuggestionEntry
from service.record.store import Store

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def decision(**changes: Any) -> DecisionEntry:
    """A severe decision with one card and two suggestions."""
    card = CardEntry(
        str(uuid4()),
        "warning",
        "DT1severe",
        [
            SuggestionEntry(
                str(uuid4()),
                "Order 2 g magnesium sulfate",
                True,
                [{"type": "create", "resourceType": "MedicationRequest"}],
            ),
            SuggestionEntry(str(uuid4()), "Order only the level"),
        ],
    )
    whole: dict[str, Any] = {
        "id": uuid4(),
        "at": NOW,
        "service": "magnesium-replacement",
        "status": 200,
        "latency_ms": 3.5,
        "age_band": "40-64",
        "hook_instance": str(uuid4()),
        "hook": "order-select",
        "protocol_id": "org.magnesia.adult-magnesium",
        "protocol_version": "1",
        "protocol_status": "draft",
        "band": "severe",
        "rule": "DT1",
        "row": "DT1",
        "dose_grams": Decimal("2"),
        "dose_minutes": Decimal("20"),
        "findings": [{"id": "wasting-drug", "rule": "M5"}],
        "unusable": [{"analyte": "potassium", "reasons": ["hemolyzed"]}],
        "cards": [card],
    }
    return DecisionEntry(**{**whole, **changes})


def feedback(card: str, **changes: Any) -> FeedbackEvent:
    """An override of `card` without a reason."""
    whole: dict[str, Any] = {
        "id": uuid4(),
        "received_at": NOW + timedelta(minutes=5),
        "position": 0,
        "service": "magnesium-replacement",
        "card_id": card,
        "outcome": "overridden",
        "outcome_at": NOW + timedelta(minutes=4),
    }
    return FeedbackEvent(**{**whole, **changes})


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, on SQLite and on PostgreSQL."""
    store = Store(database_url)
    store.prepare()
    yield store
    store.close()


def uuid(number: int) -> UUID:
    return UUID(int=number)
