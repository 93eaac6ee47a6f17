"""A large made-up record, to measure how long counting it takes.

    python -m tests.insight.seed --decisions 1000000 sqlite:///FILE

The decisions are spread over a year. The rules and how often a card comes of them are roughly those
of real orders; four of ten cards or so get feedback, as from several EHRs, some of it late.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.progress import track
from sqlalchemy import insert

from service.record.store import Store
from service.record.tables import Card, Decision, Feedback, Table, Verdict

_MOST = 2_000_000
_BATCH = 10_000
_UNTIL = datetime(2026, 11, 23, 12, tzinfo=UTC)
_SILENT_DAYS = 40
_REPORTED = 0.6
_ACCEPTED = 0.4
_REFUSED = 0.03
_CLIENTS = {"https://ehr-a.example": 5, "https://ehr-b.example": 3, None: 1}
#: Each rule with how often it decides and how often a card comes of it, in percent.
_RULES = {
    None: (35, 0),
    "DT6": (20, 0),
    "DT5": (10, 30),
    "G4": (8, 50),
    "DT3": (6, 100),
    "G6": (5, 70),
    "G9": (4, 100),
    "DT1": (3, 100),
    "G1": (3, 0),
    "DT4": (2, 100),
    "G7": (2, 100),
    "DT2": (1, 100),
    "DT7": (1, 30),
}
_REASONS = (
    "already-given",
    "contraindicated",
    "not-applicable",
    "patient-refuses",
    "disagree",
    None,
)

Row = dict[str, Any]
Batch = dict[type[Table], list[Row]]


@click.command()
@click.argument("database")
@click.option("--decisions", type=click.IntRange(1, _MOST), default=1_000_000, show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True)
def main(database: str, decisions: int, days: int) -> None:
    """Write so many DECISIONS of the last DAYS to DATABASE."""
    store = Store(database)
    store.prepare()
    chance = random.Random(4)  # noqa: S311 - the same record every time
    starts = range(0, decisions, _BATCH)
    for start in track(starts, "Writing"):
        batch: Batch = {Decision: [], Card: [], Feedback: [], Verdict: []}
        for _ in range(min(_BATCH, decisions - start)):
            for table, row in _decision(chance, days):
                batch[table].append(row)
        with store.writing() as connection:
            for table, rows in batch.items():
                if rows:
                    connection.execute(insert(table), rows)
    store.close()


def _decision(chance: random.Random, days: int) -> Iterator[tuple[type[Table], Row]]:
    at = _UNTIL - timedelta(days=days * chance.random())
    rule = chance.choices(list(_RULES), [often for often, _ in _RULES.values()])[0]
    refused = chance.random() < _REFUSED
    carded = not refused and 100 * chance.random() < _RULES[rule][1]
    said: Row = {
        "at": at,
        "day": at.date(),
        "client": chance.choices(list(_CLIENTS), list(_CLIENTS.values()))[0],
        "service": "magnesium-replacement",
        "silent": at < _UNTIL - timedelta(days=days - min(_SILENT_DAYS, days // 4)),
        "rule": None if refused else rule,
        "band": None if refused else "moderate",
    }
    decision: Row = {
        **said,
        "id": _uuid(chance),
        "hook_instance": str(_uuid(chance)),
        "hook": "order-select",
        "protocol_id": "org.magnesia.adult-magnesium",
        "protocol_version": "2026.11.2",
        "protocol_status": "draft",
        "status": 412 if refused else 200,
        "latency_ms": round(2 + 8 * chance.random(), 3),
        "row": None,
        "dose_grams": None,
        "dose_minutes": None,
        "findings": [],
        "unusable": [],
        "silence": None if carded else "Magnesium is normal.",
        "cards": int(carded),
        "age_band": "65-79",
        "patient_hash": None,
    }
    yield Decision, decision
    if carded:
        card = {
            **said,
            "id": str(_uuid(chance)),
            "decision_id": decision["id"],
            "position": 0,
            "indicator": "info",
            "topic": f"{rule}moderate",
        }
        yield Card, card
        if not said["silent"] and chance.random() < _REPORTED:
            yield from _report(card, chance)


def _report(card: Row, chance: random.Random) -> Iterator[tuple[type[Table], Row]]:
    accepted = chance.random() < _ACCEPTED
    reason = None if accepted else chance.choice(_REASONS)
    verdict = {
        "card_id": card["id"],
        "outcome": "accepted" if accepted else "overridden",
        "outcome_at": card["at"] + timedelta(seconds=chance.lognormvariate(3.2, 1.5)),
        "reason_system": reason and "urn:magnesia:override",
        "reason_code": reason,
        "reason_display": reason and reason.replace("-", " ").capitalize(),
    }
    event = {
        **verdict,
        "id": _uuid(chance),
        "received_at": verdict["outcome_at"],
        "position": 0,
        "client": card["client"],
        "service": card["service"],
    }
    yield Feedback, event
    yield Verdict, {**verdict, "feedback_id": event["id"]}


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)


if __name__ == "__main__":
    main()
