"""Feedback as it is written: every event, and the one that counts for its card."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from service.record.entries import FeedbackEvent
from service.record.tables import Accepted, Card, Comment, Feedback, Table, Verdict

_Row = dict[str, Any]

#: How far an EHR's clock may be ahead of ours: an outcome that is said to be later than so long
#: after its report counts as of then, so that what follows can take its place.
_AHEAD = timedelta(minutes=5)


def append(connection: Connection, events: Sequence[FeedbackEvent]) -> None:
    """Write feedback, and what counts now for each of its cards. An event that is there already
    stays as it is."""
    ids = [item.id for item in events]
    there = set(connection.scalars(select(Feedback.id).where(Feedback.id.in_(ids))))
    events = [item for item in events if item.id not in there]
    if not events:
        return
    _add(connection, Feedback, [_feedback(item) for item in events])
    _add(
        connection,
        Accepted,
        [
            {"feedback_id": item.id, "position": position, "suggestion_id": suggestion}
            for item in events
            for position, suggestion in enumerate(item.accepted)
        ],
    )
    _add(
        connection,
        Comment,
        [
            {"feedback_id": item.id, "text": item.comment}
            for item in events
            if item.comment is not None
        ],
    )
    _judge(connection, events)


def _judge(connection: Connection, events: Sequence[FeedbackEvent]) -> None:
    """Let the latest outcome count for each card, among those of the card's own client. As long
    as a card is unknown, whoever reports it is believed; see `judge_early`."""
    cards = {item.card_id for item in events}
    known = connection.execute(select(Card.id, Card.client).where(Card.id.in_(cards)))
    owners: dict[str, str | None] = dict(known.all())
    _count(
        connection,
        [item for item in events if owners.get(item.card_id, item.client) == item.client],
    )


def judge_early(connection: Connection, cards: Sequence[str]) -> None:
    """Judge again what came before its card, where another client than the card's own was
    believed."""
    if not cards:
        return
    doubtful = connection.scalars(
        select(Verdict.card_id)
        .join(Feedback, Feedback.id == Verdict.feedback_id)
        .join(Card, Card.id == Verdict.card_id)
        .where(Verdict.card_id.in_(cards), Feedback.client.is_distinct_from(Card.client))
        .order_by(Verdict.card_id)
        # What is being reported meanwhile waits, and is then judged by the card.
        .with_for_update(of=Verdict)
    ).all()
    if not doubtful:
        return
    connection.execute(delete(Verdict).where(Verdict.card_id.in_(doubtful)))
    own = connection.execute(
        select(Feedback.__table__)
        .join(Card, Card.id == Feedback.card_id)
        .where(Card.id.in_(doubtful), Feedback.client.is_not_distinct_from(Card.client))
        .order_by(Feedback.received_at)
    )
    events = [FeedbackEvent(**row) for row in own.mappings()]
    _count(connection, events)


def _count(connection: Connection, events: Sequence[FeedbackEvent]) -> None:
    """Let an event count for its card unless a later one does already."""
    if not events:
        return
    new = _insert(connection, Verdict)
    soonest = max(item.received_at for item in events) + _AHEAD
    upsert = new.on_conflict_do_update(
        index_elements=[Verdict.card_id],
        set_={
            name: new.excluded[name]
            for name in Verdict.__table__.columns.keys()  # noqa: SIM118 - not a mapping
            if name != "card_id"
        },
        # What an earlier version believed to lie in the future counts no longer.
        where=(new.excluded.outcome_at >= Verdict.outcome_at) | (Verdict.outcome_at > soonest),
    )
    # In one order everywhere, so that two batches about the same cards do not wait for each
    # other.
    ordered = sorted(events, key=lambda item: (item.card_id, item.received_at, item.position))
    connection.execute(upsert, [_verdict(item) for item in ordered])


def _add(connection: Connection, table: type[Table], rows: list[_Row]) -> None:
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: type[Table]) -> Any:
    # The two constructs are alike, but their common base lacks what is used here.
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _feedback(item: FeedbackEvent) -> _Row:
    return {
        "id": item.id,
        "received_at": item.received_at,
        "position": item.position,
        "client": item.client,
        "service": item.service,
        "card_id": item.card_id,
        "outcome": item.outcome,
        "outcome_at": item.outcome_at,
        "reason_system": item.reason_system,
        "reason_code": item.reason_code,
        "reason_display": item.reason_display,
    }


def _verdict(item: FeedbackEvent) -> _Row:
    return {
        "card_id": item.card_id,
        "feedback_id": item.id,
        "outcome": item.outcome,
        "outcome_at": min(item.outcome_at, item.received_at + _AHEAD),
        "reason_system": item.reason_system,
        "reason_code": item.reason_code,
        "reason_display": item.reason_display,
    }
