"""What is taken out of the record: what is too old, and what clinicians wrote."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select
from sqlalchemy.sql import Select

from service.record.store import Store
from service.record.tables import Card, Comment, Decision, Feedback, Loss, Table

#: So many rows are deleted in one transaction: the service goes on writing in between.
BATCH = 2_000


@dataclass(frozen=True)
class Old:
    """How much of the record is older than a moment."""

    decisions: int
    cards: int
    feedback: int
    comments: int
    losses: int

    @property
    def rows(self) -> int:
        """What is deleted one by one; cards and comments go with what they belong to."""
        return self.decisions + self.feedback + self.losses


def count(store: Store, before: datetime) -> Old:
    """What `prune` would delete. Raises StoreDown."""
    with store.reading() as connection:
        return Old(
            _rows(connection, Decision, Decision.at < before),
            _rows(connection, Card, Card.at < before),
            _rows(connection, Feedback, _feedback(before)),
            _rows(connection, Comment, Comment.feedback_id.in_(_ids(before))),
            _rows(connection, Loss, Loss.at < before),
        )


def prune(store: Store, before: datetime, progress: Callable[[int], None]) -> None:
    """Delete every decision made before that moment, with its cards and all feedback about them,
    and all feedback received before it. Raises StoreDown; what was deleted by then stays deleted.
    """
    # Feedback first: it is found by its card.
    for table, old in (
        (Feedback, _feedback(before)),
        (Decision, Decision.at < before),
        (Loss, Loss.at < before),
    ):
        while True:
            some = select(table.id).where(old).limit(BATCH).scalar_subquery()
            with store.writing() as connection:
                deleted = connection.execute(delete(table).where(table.id.in_(some))).rowcount
            if not deleted:
                break
            progress(deleted)


def count_comments(store: Store, card: str | None, before: datetime | None) -> int:
    """How many comments `forget` would delete. Raises StoreDown."""
    with store.reading() as connection:
        return _rows(connection, Comment, Comment.feedback_id.in_(_about(card, before)))


def forget(store: Store, card: str | None, before: datetime | None) -> int:
    """Delete the comments about a card, or those received before a moment; the feedback stays.

    Returns how many there were. Their text may be in the store's files until `Store.scrub`. Raises
    StoreDown.
    """
    with store.writing() as connection:
        comments = delete(Comment).where(Comment.feedback_id.in_(_about(card, before)))
        return connection.execute(comments).rowcount


def _about(card: str | None, before: datetime | None) -> Select[UUID]:
    chosen = select(Feedback.id)
    if card is not None:
        chosen = chosen.where(Feedback.card_id == card)
    if before is not None:
        chosen = chosen.where(Feedback.received_at < before)
    return chosen


def _feedback(before: datetime) -> ColumnElement[bool]:
    cards = select(Card.id).where(Card.at < before)
    return or_(Feedback.received_at < before, Feedback.card_id.in_(cards))


def _ids(before: datetime) -> Select[UUID]:
    return select(Feedback.id).where(_feedback(before))


def _rows(connection: Connection, table: type[Table], which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(which)) or 0
