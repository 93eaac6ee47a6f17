"""The counts of the record for a period: calls, cards and what clinicians did with them.

Two statements do the work. The first reads the index `ix_decision_counts` from end to end and
never a decision itself. The second reads the cards that have a verdict; on SQLite both tables lie
in the order of the card's id, so that the join reads each of them once. For whom there was a card
is counted from the small index `ix_decision_alerts`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    extract,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from service.decision import UNKNOWN
from service.insight.period import Calendar, Period, Step
from service.record.tables import Card, Decision, Loss, Verdict

#: How long a clinician took: each limit in seconds, with its name.
WAITS = (
    (10, "under 10 s"),
    (30, "10 to 30 s"),
    (60, "30 to 60 s"),
    (300, "1 to 5 min"),
    (1800, "5 to 30 min"),
    (86400, "30 min to 1 day"),
)
WAIT_LONGER = "over 1 day"
#: The client's clock is behind the service's: how long it took is not known.
WAIT_UNKNOWN = "before the card, so a clock is wrong"

NO_REASON = "No reason given"
_MOST_REASONS = 12
_ANSWERED = HTTPStatus.OK.value


@dataclass(slots=True)
class Calls:
    """Calls by what came of them. In silent mode, `alerts` are those that would have had a card."""

    alerts: int = 0
    silences: int = 0
    refused: int = 0

    @property
    def answered(self) -> int:
        """Calls that were decided."""
        return self.alerts + self.silences

    @property
    def total(self) -> int:
        """All calls."""
        return self.answered + self.refused

    @property
    def alert_rate(self) -> float | None:
        """The share of answered calls with a card; None if none was answered."""
        return self.alerts / self.answered if self.answered else None

    def add(self, status: int, cards: int, count: int) -> None:
        """Count calls that ended with `status` and so many cards each."""
        if status != _ANSWERED:
            self.refused += count
        elif cards:
            self.alerts += count
        else:
            self.silences += count


@dataclass(slots=True)
class Outcomes:
    """What became of the cards that were shown. No feedback does not mean ignored: not every EHR
    reports."""

    cards: int = 0
    accepted: int = 0
    overridden: int = 0

    @property
    def reported(self) -> int:
        """Cards with feedback."""
        return self.accepted + self.overridden

    @property
    def unreported(self) -> int:
        """Cards without feedback."""
        return max(0, self.cards - self.reported)

    def add(self, outcome: str, count: int) -> None:
        """Count verdicts."""
        if outcome == "accepted":
            self.accepted += count
        else:
            self.overridden += count


@dataclass(slots=True)
class Group:
    """The counts of one client, one rule, or one span of days; `silent` is kept apart."""

    live: Calls = field(default_factory=Calls)
    silent: Calls = field(default_factory=Calls)
    outcomes: Outcomes = field(default_factory=Outcomes)

    def add(self, silent: bool, status: int, cards: int, count: int) -> None:
        """Count calls that ended alike."""
        (self.silent if silent else self.live).add(status, cards, count)
        if not silent and status == _ANSWERED:
            self.outcomes.cards += cards * count

    def join(self, other: "Group") -> None:
        """Count what another group counted too."""
        for whole, part in ((self.live, other.live), (self.silent, other.silent)):
            whole.alerts += part.alerts
            whole.silences += part.silences
            whole.refused += part.refused
        self.outcomes.cards += other.outcomes.cards
        self.outcomes.accepted += other.outcomes.accepted
        self.outcomes.overridden += other.outcomes.overridden


@dataclass(slots=True)
class Ages:
    """Calls with a card by the age of the patient; `silent` are those whose card was not shown."""

    live: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many patients had a card, and how many of them more than once. Only patients whose hash
    is recorded are counted; 0 where the site keeps none."""

    patients: int
    again: int


@dataclass(frozen=True, slots=True)
class Insight:
    """Everything that is shown. Lists are sorted as they are shown, the most frequent first."""

    period: Period
    calendar: Calendar | None
    all: Group
    spans: list[tuple[date, Group]]
    rules: list[tuple[str | None, Group]]
    clients: list[tuple[str | None, Group]]
    reasons: list[tuple[str, int]]
    waits: list[tuple[str, int]]
    refusals: list[tuple[int, int]]
    ages: list[tuple[str, Ages]]
    repeats: Repeats
    unknown: int
    losses: list[tuple[str, int]]

    @property
    def step(self) -> Step:
        """How long each of the spans is."""
        return self.calendar.step if self.calendar else Step.DAY

    @property
    def median_wait(self) -> str | None:
        """The interval that holds the median time to feedback."""
        known = [(name, count) for name, count in self.waits if name != WAIT_UNKNOWN]
        half = sum(count for _, count in known) / 2
        reached = 0
        for name, count in known:
            reached += count
            if count and reached >= half:
                return name
        return None


def count(connection: Connection, period: Period) -> Insight:
    """Count what the record holds of `period`."""
    days: dict[date, Group] = defaultdict(Group)
    rules: dict[str | None, Group] = defaultdict(Group)
    clients: dict[str | None, Group] = defaultdict(Group)
    refusals: Counter[int] = Counter()
    for day, client, rule, silent, status, cards, number in connection.execute(_calls(period)):
        days[day].add(silent, status, cards, number)
        clients[client].add(silent, status, cards, number)
        if status == _ANSWERED:
            rules[rule].add(silent, status, cards, number)
        else:
            refusals[status] += number

    reasons = _Reasons()
    waits: Counter[str] = Counter()
    for rule, client, outcome, system, code, display, wait, number in connection.execute(
        _verdicts(period)
    ):
        rules[rule].outcomes.add(outcome, number)
        clients[client].outcomes.add(outcome, number)
        waits[wait] += number
        if outcome == "overridden":
            reasons.add(system, code, display, number)
    for day, outcome, number in connection.execute(_verdicts_by_day(period)):
        days[day].outcomes.add(outcome, number)

    everything = Group()
    for group in days.values():
        everything.join(group)
    calendar = _calendar(period, days)
    return Insight(
        period=period,
        calendar=calendar,
        all=everything,
        spans=_spans(calendar, days),
        rules=sorted(rules.items(), key=lambda item: (-_weight(item[1]), item[0] or "")),
        clients=sorted(clients.items(), key=lambda item: (-_calls_of(item[1]), item[0] or "")),
        reasons=reasons.sorted(),
        waits=_waits(waits),
        refusals=sorted(refusals.items(), key=lambda item: (-item[1], item[0])),
        ages=_ages(connection, period),
        repeats=Repeats(*connection.execute(_repeats(period)).one()),
        unknown=connection.execute(_unknown(period)).scalar_one(),
        losses=[(reason, number) for reason, number in connection.execute(_losses(period))],
    )


_Row = TypeVarTuple("_Row")


class _Reasons:
    """Reasons by their code. The words for a code may differ; the most frequent are shown."""

    def __init__(self) -> None:
        self._words: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, system: str | None, code: str | None, display: str | None, number: int) -> None:
        words = display or code or NO_REASON
        key = (system or "", code) if code else ("", words)
        self._words[key][words] += number

    def sorted(self) -> list[tuple[str, int]]:
        found = [
            (max(words, key=lambda word: (words[word], word)), words.total())
            for words in self._words.values()
        ]
        found.sort(key=lambda item: (-item[1], item[0]))
        rest = found[_MOST_REASONS:]
        if len(rest) > 1:
            others = sum(number for _, number in rest)
            return [*found[:_MOST_REASONS], (f"{len(rest)} other reasons", others)]
        return found


def _calls(period: Period) -> Select[date, str | None, str | None, bool, int, int, int]:
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


def _ages(connection: Connection, period: Period) -> list[tuple[str, Ages]]:
    """The bands in which there was a card, the youngest first and what is not known last."""
    statement = _alerts(select(Decision.age_band, Decision.silent, func.count()), period).group_by(
        Decision.age_band, Decision.silent
    )
    ages: dict[str, Ages] = defaultdict(Ages)
    for band, silent, number in connection.execute(statement):
        if silent:
            ages[band].silent += number
        else:
            ages[band].live += number
    return sorted(ages.items(), key=lambda item: (item[0] == UNKNOWN, item[0]))


def _repeats(period: Period) -> Select[int, int]:
    patients = (
        _alerts(select(func.count().label("cards")), period)
        .where(Decision.silent.is_(False), Decision.patient_hash.is_not(None))
        .group_by(Decision.patient_hash)
        .subquery()
    )
    return select(func.count(), func.coalesce(func.sum(case((patients.c.cards > 1, 1))), 0))


def _alerts(statement: Select[*_Row], period: Period) -> Select[*_Row]:
    # The words of the index `ix_decision_alerts`: what compares with a bound value is not seen to
    # be covered by it.
    statement = statement.where(literal_column("cards > 0"))
    return statement if period.since is None else statement.where(Decision.day >= period.since)


def _verdicts(
    period: Period,
) -> Select[str | None, str | None, str, str | None, str | None, str | None, str, int]:
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


def _verdicts_by_day(period: Period) -> Select[date, str, int]:
    return (
        select(Card.day, Verdict.outcome, func.count())
        .join(Card, Card.id == Verdict.card_id)
        .where(*_shown_in(period))
        .group_by(Card.day, Verdict.outcome)
    )


def _shown_in(period: Period) -> Iterable[ColumnElement[bool]]:
    yield Card.silent.is_(False)
    if period.since is not None:
        yield Card.day >= period.since


def _unknown(period: Period) -> Select[int]:
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


def _losses(period: Period) -> Select[str, int]:
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


def _waits(waits: Counter[str]) -> list[tuple[str, int]]:
    names = [name for _, name in WAITS] + [WAIT_LONGER]
    if waits[WAIT_UNKNOWN]:
        names.append(WAIT_UNKNOWN)
    return [(name, waits[name]) for name in names] if waits.total() else []


def _calendar(period: Period, days: Iterable[date]) -> Calendar | None:
    first = min(days, default=None)
    if first is None:
        return None
    return Calendar(period.since or first, max(period.until, *days))


def _spans(calendar: Calendar | None, days: dict[date, Group]) -> list[tuple[date, Group]]:
    if calendar is None:
        return []
    spans = {start: Group() for start in calendar.starts()}
    for day, group in days.items():
        spans[calendar.start(day)].join(group)
    return list(spans.items())


def _weight(group: Group) -> int:
    return group.outcomes.cards or group.live.alerts + group.silent.alerts


def _calls_of(group: Group) -> int:
    return group.live.total + group.silent.total
