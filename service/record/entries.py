"""What is written down of a decision, as plain data that can wait in a queue or a file."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec


class SuggestionEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A suggestion and what it offered: each action's type, resource type and first code."""

    id: str
    label: str
    recommended: bool = False
    actions: list[dict[str, Any]] = []


class CardEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card that was decided on."""

    id: str
    indicator: str | None = None
    topic: str | None = None
    suggestions: list[SuggestionEntry] = []


class DecisionEntry(msgspec.Struct, frozen=True, omit_defaults=True, tag="decision"):
    """One call that reached a service. `id` makes writing it twice the same as writing it once."""

    id: UUID
    at: datetime
    service: str
    status: int
    latency_ms: float
    age_band: str
    client: str | None = None
    hook_instance: str | None = None
    hook: str | None = None
    protocol_id: str | None = None
    protocol_version: str | None = None
    protocol_status: str | None = None
    silent: bool = False
    band: str | None = None
    rule: str | None = None
    row: str | None = None
    dose_grams: Decimal | None = None
    dose_minutes: Decimal | None = None
    findings: list[dict[str, Any]] = []
    unusable: list[dict[str, Any]] = []
    silence: str | None = None
    cards: list[CardEntry] = []
    patient_hash: str | None = None


class LossEntry(msgspec.Struct, frozen=True, tag="loss"):
    """So many decisions could not be kept."""

    id: UUID
    at: datetime
    decisions: int
    reason: str


Entry = DecisionEntry | LossEntry


class FeedbackEvent(msgspec.Struct, frozen=True):
    """One item of a feedback batch, checked. `position` is its place in the batch."""

    id: UUID
    received_at: datetime
    position: int
    service: str
    card_id: str
    outcome: str
    outcome_at: datetime
    client: str | None = None
    accepted: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None
    reason_display: str | None = None
    comment: str | None = None
