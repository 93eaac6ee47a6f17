"""What is counted, and as what. Every case runs on SQLite and on PostgreSQL."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy

from service.insight.counts import NO_REASON, count
from service.insight.period import Period
from service.insight.tally import (
    WAIT_UNKNOWN,
    Ages,
    Calls,
    Group,
    Insight,
    Outcomes,
    Repeats,
)
from service.insight.words import share
from service.record.entries import LossEntry
from tests.insight.conftest import NOW, Ledger


def by(groups: list[tuple[str | None, Group]], name: str | None) -> Group:
    return dict(groups)[name]


def on(found: Insight, day: date) -> Group:
    return dict(found.spans)[day]


def test_an_empty_record(ledger: Ledger) -> None:
    found = ledger.count()
    assert found.all == Group()
    assert share(found.all.live.alerts, found.all.live.answered) == "-"
    assert (found.spans, found.rules, found.clients, found.reasons, found.waits) == ([],) * 5
    assert (found.unknown, found.losses, found.median_wait) == (0, [], None)


def test_the_alert_rate_is_of_the_calls_that_were_answered(ledger: Ledger) -> None:
    ledger.call()
    ledger.call(card=False)
    ledger.call(card=False)
    ledger.call(card=False, status=412, rule=None)
    live = ledger.count().all.live
    assert live == Calls(alerts=1, silences=2, refused=1)
    assert (live.total, live.answered) == (4, 3)
    assert share(live.alerts, live.answered) == "33 %"


def test_refused_calls_are_told_by_status(ledger: Ledger) -> None:
    for status in (412, 400, 412):
        ledger.call(card=False, status=status, rule=None)
    assert ledger.count().refusals == [(412, 2), (400, 1)]


def test_silent_calls_stand_apart(ledger: Ledger) -> None:
    ledger.call(silent=True, rule="DT1", client="ehr")
    ledger.call(silent=True, card=False, client="ehr")
    ledger.call(client="ehr")
    found = ledger.count()
    assert found.all.silent == Calls(alerts=1, silences=1)
    assert found.all.live == Calls(alerts=1)
    assert found.all.outcomes.cards == 1, "a card that nobody saw cannot be accepted"
    assert by(found.rules, "DT1").silent.alerts == 1
    assert by(found.clients, "ehr").silent.total == 2


def test_what_clinicians_did_by_rule_client_and_day(ledger: Ledger) -> None:
    ledger.report(ledger.call(rule="DT3", client="a"), "accepted")
    ledger.report(ledger.call(rule="DT3", client="b"))
    ledger.call(rule="DT3", client="b")
    ledger.report(ledger.call(rule="G9", client=None, ago=1))
    found = ledger.count()
    assert found.all.outcomes == Outcomes(cards=4, accepted=1, overridden=2)
    assert by(found.rules, "DT3").outcomes == Outcomes(cards=3, accepted=1, overridden=1)
    assert by(found.rules, "DT3").outcomes.unreported == 1
    assert by(found.clients, "b").outcomes == Outcomes(cards=2, overridden=1)
    assert by(found.clients, None).outcomes == Outcomes(cards=1, overridden=1)
    yesterday = NOW.date() - timedelta(days=1)
    assert on(found, yesterday).outcomes == Outcomes(cards=1, overridden=1), (
        "feedback counts on the day of its card"
    )


def test_of_several_reports_on_a_card_the_latest_counts(ledger: Ledger) -> None:
    card = ledger.call()
    ledger.report(card, "overridden", after=10)
    ledger.report(card, "accepted", after=90)
    ledger.report(card, "overridden", after=20)
    found = ledger.count()
    assert found.all.outcomes == Outcomes(cards=1, accepted=1)
    assert found.reasons == []
    assert dict(found.waits)["1 to 5 min"] == 1


def test_reasons_are_counted_by_their_code(ledger: Ledger) -> None:
    for words in ("Already given", "Already given", "Given already"):
        ledger.report(
            ledger.call(), reason_system="urn:s", reason_code="given", reason_display=words
        )
    ledger.report(ledger.call(), reason_code="given", reason_display="Of another system")
    ledger.report(ledger.call(), reason_display="In words only")
    ledger.report(ledger.call(), reason_code="code-only")
    ledger.report(ledger.call())
    assert ledger.count().reasons == [
        ("Already given", 3),
        ("In words only", 1),
        (NO_REASON, 1),
        ("Of another system", 1),
        ("code-only", 1),
    ]


def test_many_rare_reasons_are_put_together(ledger: Ledger) -> None:
    for number in range(15):
        for _ in range(2 if number < 12 else 1):
            ledger.report(ledger.call(), reason_display=f"reason {number:02}")
    reasons = ledger.count().reasons
    assert len(reasons) == 13
    assert reasons[-1] == ("3 other reasons", 3)


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (0, "under 10 s"),
        (9, "under 10 s"),
        (10, "10 to 30 s"),
        (59, "30 to 60 s"),
        (60, "1 to 5 min"),
        (300, "5 to 30 min"),
        (86399, "30 min to 1 day"),
        (86400, "over 1 day"),
        (-5, WAIT_UNKNOWN),
    ],
)
def test_the_time_to_feedback(ledger: Ledger, after: int, name: str) -> None:
    ledger.report(ledger.call(), after=after)
    found = ledger.count()
    assert [wait for wait in found.waits if wait[1]] == [(name, 1)]
    assert found.median_wait == (None if after < 0 else name)


def test_the_median_of_the_time_to_feedback(ledger: Ledger) -> None:
    for after in (5, 20, 20, 100, 4000):
        ledger.report(ledger.call(), after=after)
    assert ledger.count().median_wait == "10 to 30 s"


def test_feedback_on_cards_that_were_not_shown_is_left_out_and_told(ledger: Ledger) -> None:
    ledger.report(ledger.call(), "accepted")
    ledger.report(str(uuid4()))
    ledger.report("of another service")
    ledger.report(ledger.call(silent=True))
    found = ledger.count()
    assert found.all.outcomes == Outcomes(cards=1, accepted=1)
    assert found.unknown == 3
    assert found.reasons == []


def test_what_could_not_be_kept_is_told(ledger: Ledger) -> None:
    for decisions in (3, 4):
        ledger.store.write([LossEntry(uuid4(), NOW, decisions, "the spool is full")])
    assert ledger.count().losses == [("the spool is full", 7)]


def test_a_period_has_its_days_and_no_others(ledger: Ledger) -> None:
    for ago in (0, 6, 7):
        ledger.report(ledger.call(ago=ago))
    found = ledger.count(7)
    assert found.all.outcomes == Outcomes(cards=2, overridden=2)
    assert [day for day, _ in found.spans] == [date(2026, 11, day) for day in range(17, 24)]
    assert [group.live.alerts for _, group in found.spans] == [1, 0, 0, 0, 0, 0, 1]
    assert sum(count for _, count in found.waits) == 2


def test_long_periods_are_put_into_weeks_and_months(ledger: Ledger) -> None:
    ledger.call()
    ledger.call(ago=1)
    weeks = ledger.count(90)
    assert [start.weekday() for start, _ in weeks.spans] == [0] * 14
    assert [group.live.alerts for _, group in weeks.spans[-2:]] == [1, 1]
    ledger.call(ago=800)
    months = ledger.count()
    assert [start for start, _ in months.spans][:2] == [date(2024, 9, 1), date(2024, 10, 1)]
    assert months.spans[-1][1].live.alerts == 2


def test_sqlite_reads_the_index_and_the_tables_in_their_order(ledger: Ledger) -> None:
    if not ledger.store.is_sqlite:
        pytest.skip("SQLite tells its plan beforehand; PostgreSQL makes it by what is there")
    ledger.report(ledger.call())
    asked: list[tuple[str, Any]] = []

    def listen(*event: Any) -> None:
        asked.append((event[2], event[3]))

    with ledger.store.reading() as connection:
        sqlalchemy.event.listen(connection, "before_cursor_execute", listen)
        count(connection, Period.last(None, NOW.date()))
        sqlalchemy.event.remove(connection, "before_cursor_execute", listen)
        plans = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            for text, values in asked
            if text.startswith("SELECT")
        ]
    calls, verdicts, by_day, ages, repeats, unknown = plans[:6]
    assert calls == ["SCAN decision USING COVERING INDEX ix_decision_counts"]
    for joined in (verdicts, by_day):
        steps = [step for step in joined if step.startswith(("SCAN", "SEARCH"))]
        assert steps[:2] == ["SCAN card", "SEARCH verdict USING PRIMARY KEY (card_id=?)"]
    for people in (ages, repeats):
        assert "SCAN decision USING COVERING INDEX ix_decision_alerts" in people
    assert unknown[0] == "SEARCH verdict USING PRIMARY KEY (card_id>?)"


def test_cards_by_the_age_of_the_patient(ledger: Ledger) -> None:
    for band in ("unknown", "80+", "18-39", "80+"):
        ledger.call(age_band=band)
    ledger.call(age_band="80+", silent=True)
    ledger.call(age_band="40-64", card=False)
    ledger.call(age_band="65-79", ago=8)
    assert ledger.count(7).ages == [
        ("18-39", Ages(live=1)),
        ("80+", Ages(live=2, silent=1)),
        ("unknown", Ages(live=1)),
    ], "calls without a card, and those of other days, are no alerts for anyone"


def test_patients_with_more_than_one_card(ledger: Ledger) -> None:
    for patient in ("a", "b", "b", "b", "c", "c", None, None):
        ledger.call(patient_hash=patient)
    ledger.call(patient_hash="a", silent=True)
    ledger.call(patient_hash="a", card=False)
    ledger.call(patient_hash="a", ago=8)
    assert ledger.count(7).repeats == Repeats(patients=3, again=2), (
        "a card that was not shown, and a patient who is not known, are no repeats"
    )
    assert ledger.count().repeats == Repeats(patients=3, again=3)
