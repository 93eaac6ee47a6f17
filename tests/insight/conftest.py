"""A record to count, written as the service writes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from service.insight.counts import count
from service.insight.period import Period
from service.insight.tally import Insight
from service.record.entries import CardEntry
from service.record.store import Store
from tests.record.conftest import decision, feedback

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Ledger:
    """Writes calls and reports to a store, in as few words as a case needs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._clients: dict[str, Any] = {}

    def call(self, *, card: bool = True, ago: int = 0, **changes: Any) -> str:
        """One call `ago` days ago; the uuid of its card."""
        uuid = str(uuid4())
        cards = [CardEntry(uuid, "info", "DT3moderate")] if card else []
        at = NOW - timedelta(days=ago)
        self._clients[uuid] = changes.get("client")
        self.store.write([decision(**{"at": at, "rule": "DT3", "cards": cards, **changes})])
        return uuid

    def report(
        self, card: str, outcome: str = "overridden", *, after: float = 60, **changes: Any
    ) -> None:
        """What the card's client did with a card of today, so many seconds after it."""
        at = NOW + timedelta(seconds=after)
        said = {"outcome": outcome, "outcome_at": at, "received_at": at}
        event = feedback(card, **{"client": self._clients.get(card), **said, **changes})
        self.store.append([event])

    def count(self, days: int | None = None) -> Insight:
        """The counts of the last so many days."""
        with self.store.reading() as connection:
            return count(connection, Period.last(days, NOW.date()))


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """An empty record, on SQLite and on PostgreSQL."""
    store = Store(database_url)
    store.prepare()
    yield Ledger(store)
    store.close()
