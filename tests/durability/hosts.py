"""Two hosts, two processes each, on one store: does everything count once?"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import msgspec
from sqlalchemy import func, select

from service.record.store import Store
from service.record.tables import Decision, Feedback, Verdict
from service.settings import Settings
from tests.durability.load import SERVICE, Load
from tests.durability.site import Site

_CARDS = 50
_REPORTERS = 6
_START = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Counted:
    """What the clients of both hosts were told, and what the store holds."""

    decisions_answered: int
    decisions_recorded: int
    feedback_acknowledged: int
    feedback_recorded: int
    contested_cards: int
    contested_reports: int
    #: Contested cards for which the report with the latest outcomeTimestamp counts.
    rightly_judged: int


def count(url: str, directory: Path, total: int) -> Counted:
    """Start both hosts at once on an empty store, call both, and count."""
    sites = [Site(directory / name, url) for name in ("first", "second")]
    _together([site.start for site in sites])
    try:
        load, cards = _call(sites, total)
        for site in sites:
            site.stop()
    finally:
        for site in sites:
            site.__exit__()
    return _counted(url, load, cards)


def _call(sites: Sequence[Site], total: int) -> tuple[Load, list[str]]:
    load = Load([site.port for site in sites])
    load.start((4, 2), total)
    load.finish()
    cards = [str(uuid4()) for _ in range(_CARDS)]
    # Every card is reported by both hosts, at the same time and in other orders.
    _together(
        [
            partial(_contest, site.port, cards, turn)
            for turn in range(_REPORTERS // len(sites))
            for site in sites
        ]
    )
    return load, cards


def _contest(port: int, cards: Sequence[str], turn: int) -> None:
    """Report every card: an acceptance, and one minute later by the clinician's clock an override,
    though it is sent first."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        _report(connection, cards if turn % 2 else cards[::-1], turn)


def _report(connection: HTTPConnection, cards: Sequence[str], turn: int) -> None:
    for card in cards:
        late = _START + timedelta(minutes=1, seconds=turn)
        accepted = {"acceptedSuggestions": [{"id": str(uuid4())}]}
        for outcome, moment, more in (("overridden", late, {}), ("accepted", _START, accepted)):
            # Each reporter's own words: what says the same in all is the same report sent again.
            reason = {"userComment": str(uuid4())}
            item = {"card": card, "outcome": outcome, "outcomeTimestamp": moment, **more}
            item["overrideReason"] = reason
            body = msgspec.json.encode({"feedback": [item]})
            connection.request(
                "POST", f"{SERVICE}/feedback", body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, f"feedback about a contested card: {answer.status}"


def _counted(url: str, load: Load, cards: Sequence[str]) -> Counted:
    store = Store(str(Settings(database_url=url).database_url))
    contested = Feedback.card_id.in_(cards)
    latest = _START + timedelta(minutes=1, seconds=_REPORTERS // 2 - 1)
    with store.reading() as connection:
        counted = Counted(
            len(load.decisions.acknowledged),
            connection.scalar(select(func.count()).select_from(Decision)) or 0,
            len(load.feedback.acknowledged),
            connection.scalar(select(func.count()).select_from(Feedback).where(~contested)) or 0,
            len(cards),
            connection.scalar(select(func.count()).select_from(Feedback).where(contested)) or 0,
            connection.scalar(
                select(func.count())
                .select_from(Verdict)
                .where(
                    Verdict.card_id.in_(cards),
                    Verdict.outcome == "overridden",
                    Verdict.outcome_at == latest,
                )
            )
            or 0,
        )
    store.close()
    return counted


def _together(jobs: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
