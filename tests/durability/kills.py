"""Kill -9 in the middle of calls and feedback, and count what is missing."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, select

from service.record.store import Store
from service.record.tables import Decision, Feedback
from service.settings import Settings
from tests.durability.load import Load
from tests.durability.site import Site

Target = Literal["worker", "service"]


@dataclass(frozen=True)
class Killed:
    """One round: what was acknowledged or answered, and what of it the record lacks."""

    feedback_acknowledged: int
    feedback_lost: int
    decisions_answered: int
    decisions_lost: int
    decisions_twice: int


def round_of(url: str, directory: Path, target: Target, total: int, seed: int) -> Killed:
    """`total` decisions and `total` acknowledged feedback items, with one kill on the way."""
    chance = random.Random(seed)  # noqa: S311 - chooses a moment, keeps no secret
    with Site(directory, url) as site:
        load = Load([site.port])
        load.start((3, 2), total)
        load.wait_for(int(total * chance.uniform(0.1, 0.7)))
        if target == "worker":
            site.kill_worker(chance)
        else:
            site.kill()
            site.start()
        load.finish()
        site.stop()
    return settle(url, load)


def settle(url: str, load: Load) -> Killed:
    """What the record holds of what the clients were told."""
    with _reading(url) as connection:
        feedback = set(connection.scalars(select(Feedback.card_id)))
    decisions = recorded(url)
    return Killed(
        len(load.feedback.acknowledged),
        len(set(load.feedback.acknowledged) - feedback),
        len(load.decisions.acknowledged),
        len(set(load.decisions.acknowledged) - set(decisions)),
        len(decisions) - len(set(decisions)),
    )


def recorded(url: str) -> list[str]:
    """The hookInstance of every decision in the record."""
    with _reading(url) as connection:
        return [str(each) for each in connection.scalars(select(Decision.hook_instance))]


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    store = Store(str(Settings(database_url=url).database_url))
    try:
        with store.reading() as connection:
            yield connection
    finally:
        store.close()
