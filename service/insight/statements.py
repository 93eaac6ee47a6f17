"""The SQL that counts the record for a period.

Two statements do the work. The first reads the index `ix_decision_counts` from end to end and
never a decision itself. The second reads the cards that have a verdict; on SQLite both tables lie
in the order of the card's id, so that the join reads each of them once. For whom there was a card
is counted from the small index `ix_decision_alerts`.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, case, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from service.insight.period import Period
from service.insight.tally import WAIT_LONGER, WAIT_UNKNOWN, WAITS
from service.record.tables import Card, Decision, Loss, Verdict

_Row = TypeVarTuple("_Row")


def calls(period: Period) -> Select[date, str | None, str | None, bool, int, int, int]:
    """How many calls ended alike: day, client, rule, silent, status, cards, and the number."""
    # Grouped by the columns of the index in their order, so that the groups come out of it sorted.
    columns = (
        Decision.day,
        Decision.client,
        Decision.service,
        Decision.rule,
        Decision.silent,
        Decision.status,
        Decision.cards,
    )
    statement = select(
        Decision.day,
        Decision.client,
        Decision.rule,
        Decision.silent,
        Decision.status,
        Decision.cards,
        func.count(),
    ).group_by(*columns)
    if period.since is None:
        return statement
    return statement.where(Decision.day >= period.since)


def ages(period: Period) -> Select[str, bool, int]:
    """How many calls had a card, by the band of the patient's age and by silent mode."""
    columns = Decision.age_band, Decision.silent
    return _alerts(select(*columns, func.count()), period).group_by(*columns)


def repeats(period: Period) -> Select[int, int]:
    """How many patients had a card, and how many of them more than one."""
    patients = (
        _alerts(select(func.count().label("cards")), period)
        .where(Decision.silent.is_(False), Decision.patient_hash.is_not(None))
        .group_by(Decision.patient_hash)
        .subquery()
    )
    return select(func.count(), func.coalesce(func.sum(case((patients.c.cards > 1, 1))), 0))


def verdicts(
    period: Period,
) -> Select[str | None, str | None, str, str | None, str | None, str | None, str, int]:
    """How many verdicts were alike: rule, client, outcome, reason, how long it took, the number."""
    # The offset keeps the database from working the seconds out anew for every limit.
    verdicts = (
        select(
            Card.rule,
            Card.client,
            Verdict.outcome,
            Verdict.reason_system,
            Verdict.reason_code,
            Verdict.reason_display,
            (extract("epoch", Verdict.outcome_at) - extract("epoch", Card.at)).label("seconds"),
        )
        .join(Card, Card.id == Verdict.card_id)
        .where(*_shown_in(period))
        .offset(0)
        .subquery()
    )
    *columns, seconds = verdicts.c
    wait = _wait(seconds).label("wait")
    return select(*columns, wait, func.count()).group_by(*columns, "wait")


def verdicts_by_day(period: Period) -> Select[date, str, int]:
    """How many cards of each day had each outcome."""
    return (
        select(Card.day, Verdict.outcome, func.count())
        .join(Card, Card.id == Verdict.card_id)
        .where(*_shown_in(period))
        .group_by(Card.day, Verdict.outcome)
    )


def _alerts(statement: Select[*_Row], period: Period) -> Select[*_Row]:
    # The words of the index `ix_decision_alerts`: what compares with a bound value is not seen to
    # be covered by it.
    statement = statement.where(literal_column("cards > 0"))
    return statement if period.since is None else statement.where(Decision.day >= period.since)


def _shown_in(period: Period) -> Iterable[ColumnElement[bool]]:
    yield Card.silent.is_(False)
    if period.since is not None:
        yield Card.day >= period.since


def unknown(period: Period) -> Select[int]:
    """Verdicts on cards that no EHR was sent: of other services, made up, or never shown."""
    statement = (
        select(func.count())
        .select_from(Verdict)
        .outerjoin(Card, (Card.id == Verdict.card_id) & Card.silent.is_(False))
        # Always true; it keeps SQLite to the order of the key, in which both tables lie.
        .where(Card.id.is_(None), Verdict.card_id > "")
    )
    return _since(statement, Verdict.outcome_at, period)


def _since(
    statement: Select[*_Row], at: InstrumentedAttribute[datetime], period: Period
) -> Select[*_Row]:
    if period.since is None:
        return statement
    return statement.where(at >= datetime.combine(period.since, time.min, UTC))


def losses(period: Period) -> Select[str, int]:
    """How many decisions are in no record, by the reason."""
    statement = (
        select(Loss.reason, func.sum(Loss.decisions)).group_by(Loss.reason).order_by(Loss.reason)
    )
    return _since(statement, Loss.at, period)


def _wait(seconds: ColumnElement[int]) -> ColumnElement[str]:
    return case(
        (seconds < 0, WAIT_UNKNOWN),
        *((seconds < limit, name) for limit, name in WAITS),
        else_=WAIT_LONGER,
    )
