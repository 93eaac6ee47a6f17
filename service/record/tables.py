"""The tables of the record, as SQLAlchemy models.

A decision has at most a few cards, a card its suggestions. Feedback is kept as events, every one of
them, repeats and contradictions included; `verdict` holds the one that counts for each card. What a
person wrote in feedback lies in `comment`, so that it can be deleted without touching a count.

No table has a column for who the patient is: no identifier, no name, no birth date.
"""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator

#: The longest name of a client, a rule, a code: what is longer was not meant as one.
SHORT = 200
#: The longest `card` of a feedback item. Ours are UUIDs; a client may name another service's.
CARD = 64


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, with its zone on the way in and out, also where the store knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal number with all its digits; text, as SQLite's numbers would round it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


class Table(DeclarativeBase):
    """What the tables share: constraint names that do not depend on the database."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy reads it
        datetime: Moment,
        Decimal: Exact,
        str: String(SHORT),
        uuid.UUID: Uuid,
        list[dict[str, Any]]: JSON,
    }


_HAS_CARDS = text("cards > 0")


class Decision(Table):
    """One call that reached a service, whatever became of it.

    `id` is made by the process that answered, so that writing it twice is writing it once. What a
    call did not come to is null: a refused call has no band. `day` is the UTC day of `at`.
    `cards` counts the cards decided on; in silent mode (`silent`) none of them was shown.
    """

    __tablename__ = "decision"
    __table_args__ = (
        # Retention and export go by time.
        Index(None, "at"),
        # Everything that the counts ask of a decision, so that they need not open the table.
        Index(
            "ix_decision_counts", "day", "client", "service", "rule", "silent", "status", "cards"
        ),
        # For whom there was a card: a fifth of the calls or less, so that the index is a small one.
        Index(
            "ix_decision_alerts",
            "day",
            "silent",
            "age_band",
            "patient_hash",
            "cards",
            sqlite_where=_HAS_CARDS,
            postgresql_where=_HAS_CARDS,
        ),
        # An auditor comes with the hookInstance of an EHR's own log.
        Index(None, "hook_instance"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    day: Mapped[date]
    client: Mapped[str | None]
    hook_instance: Mapped[str | None] = mapped_column(String(36))
    hook: Mapped[str | None]
    service: Mapped[str]
    protocol_id: Mapped[str | None]
    protocol_version: Mapped[str | None]
    protocol_status: Mapped[str | None]
    silent: Mapped[bool]
    status: Mapped[int]
    latency_ms: Mapped[float]
    band: Mapped[str | None]
    rule: Mapped[str | None]
    row: Mapped[str | None]
    dose_grams: Mapped[Decimal | None]
    dose_minutes: Mapped[Decimal | None]
    #: [{"id": ..., "rule": ...}]
    findings: Mapped[list[dict[str, Any]]]
    #: [{"analyte": ..., "reasons": [...]}]
    unusable: Mapped[list[dict[str, Any]]]
    #: Why no card was shown, in the protocol's words.
    silence: Mapped[str | None] = mapped_column(Text)
    cards: Mapped[int]
    age_band: Mapped[str]
    patient_hash: Mapped[str | None] = mapped_column(String(64))


class Card(Table):
    """One card that was decided on. It repeats of its decision what feedback is counted by."""

    __tablename__ = "card"
    __table_args__ = (
        Index(None, "decision_id"),
        # Stored in the order of `id`, as verdicts are, so that the counts of feedback join the two
        # by reading both once.
        {"sqlite_with_rowid": False},
    )

    #: The uuid that the EHR names in its feedback.
    id: Mapped[str] = mapped_column(String(CARD), primary_key=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("decision.id", ondelete="CASCADE"))
    position: Mapped[int]
    at: Mapped[datetime]
    day: Mapped[date]
    client: Mapped[str | None]
    service: Mapped[str]
    rule: Mapped[str | None]
    band: Mapped[str | None]
    silent: Mapped[bool]
    indicator: Mapped[str | None]
    topic: Mapped[str | None]


class Suggestion(Table):
    """One suggestion of a card and what it offered."""

    __tablename__ = "suggestion"
    __table_args__ = (Index(None, "card_id"),)

    id: Mapped[str] = mapped_column(String(CARD), primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("card.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    recommended: Mapped[bool]
    #: [{"type": "create", "resourceType": "ServiceRequest", "system": ..., "code": ...}]
    actions: Mapped[list[dict[str, Any]]]


class Feedback(Table):
    """One report of what was done with a card, as it came. Its card may be unknown here."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'overridden')", name="outcome"),
        Index(None, "card_id"),
        Index(None, "received_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    #: Its place in the batch in which it came.
    position: Mapped[int]
    client: Mapped[str | None]
    service: Mapped[str]
    #: No foreign key: a card may be reported before its decision is written, or be none of ours.
    card_id: Mapped[str] = mapped_column(String(CARD))
    outcome: Mapped[str] = mapped_column(String(10))
    outcome_at: Mapped[datetime]
    reason_system: Mapped[str | None] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    reason_display: Mapped[str | None] = mapped_column(Text)


class Accepted(Table):
    """A suggestion that a feedback item says was accepted."""

    __tablename__ = "accepted"
    __table_args__ = (Index(None, "suggestion_id"),)

    feedback_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[str] = mapped_column(String(CARD))


class Comment(Table):
    """What a clinician wrote beside an override. Free text: it may say anything."""

    __tablename__ = "comment"

    feedback_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str] = mapped_column(Text)


class Verdict(Table):
    """The feedback that counts for a card: of all events from the card's own client the one with
    the latest outcomeTimestamp, of equal ones the last to arrive.

    `outcome_at` is at most five minutes after the event was received.
    """

    __tablename__ = "verdict"
    __table_args__ = (Index(None, "feedback_id"), {"sqlite_with_rowid": False})

    card_id: Mapped[str] = mapped_column(String(CARD), primary_key=True)
    feedback_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"))
    outcome: Mapped[str] = mapped_column(String(10))
    outcome_at: Mapped[datetime]
    reason_system: Mapped[str | None] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    reason_display: Mapped[str | None] = mapped_column(Text)


class Loss(Table):
    """Decisions that could not be kept: how many, by when, and why."""

    __tablename__ = "loss"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    decisions: Mapped[int]
    reason: Mapped[str]


class Nonce(Table):
    """A token that has been used, until it expires: a hash of its issuer and its identifier. With
    SQLite it lies in a file beside the record, see `nonces`."""

    __tablename__ = "nonce"
    __table_args__ = (Index(None, "expires"), {"sqlite_with_rowid": False})

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    #: The last second, since 1970, at which the token would still be accepted.
    expires: Mapped[int] = mapped_column(BigInteger)
