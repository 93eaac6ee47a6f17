"""Decisions as rows for the database's driver.

Every call brings several rows, and most of what SQLAlchemy does for a row is to find out again how
a column's values go to the driver. So here each INSERT is made once and the values are put in
order by hand; `tables` says what they come back as.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import postgresql, sqlite

from service.record.entries import CardEntry, DecisionEntry, LossEntry
from service.record.tables import Card, Decision, Loss, Suggestion, Table

Row = tuple[Any, ...]

_DECISION = (
    *("id", "at", "day", "client", "hook_instance", "hook", "service", "protocol_id"),
    *("protocol_version", "protocol_status", "silent", "status", "latency_ms", "band", "rule"),
    *("row", "dose_grams", "dose_minutes", "findings", "unusable", "silence", "cards"),
    *("age_band", "patient_hash"),
)
_CARD = (
    *("id", "decision_id", "position", "at", "day", "client", "service", "rule", "band"),
    *("silent", "indicator", "topic"),
)
_SUGGESTION = ("id", "card_id", "position", "label", "recommended", "actions")
_LOSS = ("id", "at", "decisions", "reason")

#: How many rows go into one statement: a driver of SQLite lets go of the interpreter and waits for
#: it again with each, while calls are being answered.
_SIZES = (20, 1)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class _Driver:
    """How a driver takes the values that drivers take in different ways."""

    uuid: Callable[[UUID], Any]
    moment: Callable[[datetime], Any]
    day: Callable[[date], Any]


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


# What SQLAlchemy's types make of them. SQLite has no types of its own for any.
_SQLITE = _Driver(lambda value: value.hex, _text, date.isoformat)
_POSTGRESQL = _Driver(*(lambda value: value,) * 3)


@dataclass(frozen=True)
class _Insert:
    """An INSERT for each number of rows in _SIZES."""

    statements: Mapping[int, str]

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert `rows` with as few statements as that takes."""
        first = 0
        for size, statement in self.statements.items():
            while len(rows) - first >= size:
                values = tuple(chain.from_iterable(rows[first : first + size]))
                connection.exec_driver_sql(statement, values)
                first += size


def _text_of(insert: Any, dialect: Dialect) -> str:
    return str(insert.on_conflict_do_nothing().compile(dialect=dialect))


class Rows:
    """Writes decisions and losses; a row that is there already stays as it is."""

    def __init__(self, dialect: Dialect) -> None:
        is_sqlite = dialect.name == "sqlite"
        self._driver = _SQLITE if is_sqlite else _POSTGRESQL
        make = sqlite.dialect if is_sqlite else postgresql.psycopg.dialect
        positional = make(paramstyle="qmark" if is_sqlite else "format")

        def statement(table: type[Table], names: Sequence[str]) -> _Insert:
            # The two constructs are alike, but their common base lacks what is used here.
            insert: Any = (sqlite if is_sqlite else postgresql).insert(table)
            return _Insert(
                {
                    size: _text_of(insert.values([dict.fromkeys(names)] * size), positional)
                    for size in _SIZES
                }
            )

        self._decisions = statement(Decision, _DECISION)
        self._cards = statement(Card, _CARD)
        self._suggestions = statement(Suggestion, _SUGGESTION)
        self._losses = statement(Loss, _LOSS)

    def write(
        self,
        connection: Connection,
        decisions: Sequence[DecisionEntry],
        losses: Sequence[LossEntry],
    ) -> None:
        """Write all of them in the transaction of `connection`."""
        rows: list[Row] = []
        cards: list[Row] = []
        suggestions: list[Row] = []
        for entry in decisions:
            common = (self._driver.uuid(entry.id), *self._time(entry.at))
            rows.append(_decision(entry, *common))
            for position, card in enumerate(entry.cards):
                cards.append(_card(entry, card, position, *common))
                suggestions.extend(_suggestions(card))
        lost = [
            (self._driver.uuid(loss.id), self._time(loss.at)[0], loss.decisions, loss.reason)
            for loss in losses
        ]
        self._decisions.execute(connection, rows)
        self._cards.execute(connection, cards)
        self._suggestions.execute(connection, suggestions)
        self._losses.execute(connection, lost)

    def _time(self, at: datetime) -> tuple[Any, Any]:
        moment = at.astimezone(UTC)
        # The day as the reader counts it, which is that of the entry's own zone: UTC.
        return self._driver.moment(moment), self._driver.day(at.date())


def _decision(entry: DecisionEntry, key: Any, at: Any, day: Any) -> Row:
    return (
        key,
        at,
        day,
        entry.client,
        entry.hook_instance,
        entry.hook,
        entry.service,
        entry.protocol_id,
        entry.protocol_version,
        entry.protocol_status,
        entry.silent,
        entry.status,
        entry.latency_ms,
        entry.band,
        entry.rule,
        entry.row,
        _exact(entry.dose_grams),
        _exact(entry.dose_minutes),
        _json(entry.findings),
        _json(entry.unusable),
        entry.silence,
        len(entry.cards),
        entry.age_band,
        entry.patient_hash,
    )


def _card(entry: DecisionEntry, card: CardEntry, position: int, key: Any, at: Any, day: Any) -> Row:
    return (
        card.id,
        key,
        position,
        at,
        day,
        entry.client,
        entry.service,
        entry.rule,
        entry.band,
        entry.silent,
        card.indicator,
        card.topic,
    )


def _suggestions(card: CardEntry) -> Iterator[Row]:
    for position, suggestion in enumerate(card.suggestions):
        yield (
            suggestion.id,
            card.id,
            position,
            suggestion.label,
            suggestion.recommended,
            _json(suggestion.actions),
        )


def _exact(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _json(items: Iterable[Any]) -> str:
    return _encode(items).decode() if items else "[]"
