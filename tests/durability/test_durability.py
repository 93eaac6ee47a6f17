"""Short versions of what `make durability` runs in full."""

from pathlib import Path

import pytest

from tests.conftest import POSTGRES
from tests.durability import hosts, outage
from tests.durability.kills import Target, round_of

TOTAL = 200
SECONDS = 2.0


@pytest.mark.parametrize("target", ["worker", "service"])
def test_a_kill_loses_no_acknowledged_feedback(
    database_url: str, tmp_path: Path, target: Target
) -> None:
    killed = round_of(database_url, tmp_path / "host", target, TOTAL, seed=1)
    assert killed.feedback_acknowledged >= TOTAL
    assert killed.feedback_lost == 0
    assert killed.decisions_twice == 0
    # What was answered while a thread waited for its turn: mostly nothing.
    assert killed.decisions_lost <= TOTAL / 10, "more than the queue of a moment"


def test_a_store_that_stops_costs_no_answer_and_no_decision(tmp_path: Path) -> None:
    file = tmp_path / "magnesia.sqlite"
    endured = outage.endure(
        f"sqlite:///{file}", tmp_path / "host", SECONDS, 20, outage.sqlite_locked(file)
    )
    assert endured.decision_statuses == {200}
    assert endured.decisions_down > 0
    assert endured.record.decisions_lost == 0
    assert endured.record.decisions_twice == 0
    assert endured.record.feedback_lost == 0


def test_two_hosts_on_one_database_count_right(tmp_path: Path, database_url: str) -> None:
    if POSTGRES is None or not database_url.startswith("postgresql"):
        pytest.skip("two hosts share a PostgreSQL, not a file")
    counted = hosts.count(database_url, tmp_path, TOTAL)
    assert counted.decisions_recorded == counted.decisions_answered
    assert counted.feedback_recorded == counted.feedback_acknowledged
    assert counted.rightly_judged == counted.contested_cards
