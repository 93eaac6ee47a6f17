"""The record as lines for other programs: NDJSON or CSV, one line a decision or a feedback item."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Literal, TextIO

import msgspec
from sqlalchemy import Connection, RowMapping, func, select

from service import exact
from service.commands.spreadsheet import harmless
from service.record.tables import (
    Accepted,
    Card,
    Comment,
    Decision,
    Feedback,
    Suggestion,
    Table,
    Verdict,
)

What = Literal["decisions", "feedback"]
Format = Literal["ndjson", "csv"]
Line = dict[str, Any]

_PAGE = 1_000
#: Of a decision the export names `cards` the cards themselves, so their number needs another name.
_EXPORTED = {"cards": "card_count"}


def count(connection: Connection, what: What) -> int:
    """How many lines an export has."""
    table = Decision if what == "decisions" else Feedback
    return connection.scalar(select(func.count()).select_from(table)) or 0


def lines(connection: Connection, what: What, *, comments: bool = False) -> Iterator[Line]:
    """The lines, oldest first. Clinicians' comments are left out unless asked for."""
    if what == "decisions":
        return _decisions(connection)
    return _feedback(connection, comments=comments)


def columns(what: What, *, comments: bool = False) -> list[str]:
    """The members of each line, in their order."""
    if what == "decisions":
        kept = (name for name in _names(Decision) if name != "day")
        return [*(_EXPORTED.get(name, name) for name in kept), "cards"]
    own = [name for name in _names(Feedback) if name != "card_id"]
    names = [*own, "known", "counts", "card", "accepted_suggestions"]
    return [*names, "comment"] if comments else names


def write(out: TextIO, names: Sequence[str], rows: Iterable[Line], form: Format) -> None:
    """Write `rows`, whose `columns` are `names`. In CSV, a cell that holds several things holds
    them as JSON."""
    if form == "ndjson":
        for row in rows:
            out.write(exact.encode(row).decode() + "\n")
        return
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])


def _names(table: type[Table]) -> list[str]:
    return [column.name for column in table.__table__.columns]


def _decisions(connection: Connection) -> Iterator[Line]:
    for page in _pages(connection, select(Decision.__table__).order_by(Decision.at, Decision.id)):
        found = connection.execute(
            select(Card.__table__)
            .where(Card.decision_id.in_([row["id"] for row in page]))
            .order_by(Card.decision_id, Card.position)
        ).mappings()
        cards = {
            decision: list(some)
            for decision, some in groupby(found, lambda row: row["decision_id"])
        }
        ids = [card["id"] for some in cards.values() for card in some]
        suggestions = _suggestions(connection, ids)
        for row in page:
            line = {_EXPORTED.get(name, name): value for name, value in row.items()}
            del line["day"]
            line["cards"] = [
                {
                    "uuid": card["id"],
                    "indicator": card["indicator"],
                    "topic": card["topic"],
                    "suggestions": suggestions.get(card["id"], []),
                }
                for card in cards.get(row["id"], [])
            ]
            yield line


def _suggestions(connection: Connection, cards: Sequence[str]) -> dict[str, list[Line]]:
    found = connection.execute(
        select(Suggestion.__table__)
        .where(Suggestion.card_id.in_(cards))
        .order_by(Suggestion.card_id, Suggestion.position)
    ).mappings()
    return {
        card: [
            {
                "uuid": row["id"],
                "label": row["label"],
                "recommended": row["recommended"],
                "actions": row["actions"],
            }
            for row in some
        ]
        for card, some in groupby(found, lambda row: row["card_id"])
    }


def _feedback(connection: Connection, *, comments: bool) -> Iterator[Line]:
    query = (
        select(
            Feedback.__table__,
            Card.id.is_not(None).label("known"),
            Verdict.feedback_id.is_not(None).label("counts"),
            Comment.text.label("comment"),
        )
        .outerjoin(Card, Card.id == Feedback.card_id)
        .outerjoin(Verdict, Verdict.feedback_id == Feedback.id)
        .outerjoin(Comment, Comment.feedback_id == Feedback.id)
        .order_by(Feedback.received_at, Feedback.position, Feedback.id)
    )
    for page in _pages(connection, query):
        accepted = connection.execute(
            select(Accepted.__table__)
            .where(Accepted.feedback_id.in_([row["id"] for row in page]))
            .order_by(Accepted.feedback_id, Accepted.position)
        ).mappings()
        by_item = {
            item: [row["suggestion_id"] for row in some]
            for item, some in groupby(accepted, lambda row: row["feedback_id"])
        }
        for row in page:
            line = dict(row)
            comment = line.pop("comment")
            line["card"] = line.pop("card_id")
            line["accepted_suggestions"] = by_item.get(row["id"], [])
            if comments:
                line["comment"] = comment
            yield line


def _pages(connection: Connection, query: Any) -> Iterator[Sequence[RowMapping]]:
    streaming = connection.execution_options(yield_per=_PAGE)
    yield from streaming.execute(query).mappings().partitions()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return exact.encode(value).decode() if value else ""
    if isinstance(value, str):
        return harmless(value)
    return msgspec.to_builtins(value)
