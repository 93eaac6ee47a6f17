"""The counts of the record for a period: calls, cards and what clinicians did with them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from service.decision import UNKNOWN
from service.insight import statements
from service.insight.period import Calendar, Period
from service.insight.tally import (
    ANSWERED,
    WAIT_LONGER,
    WAIT_UNKNOWN,
    WAITS,
    Ages,
    Group,
    Insight,
    Repeats,
)

NO_REASON = "No reason given"
_MOST_REASONS = 12


def count(connection: Connection, period: Period) -> Insight:
    """Count what the record holds of `period`."""
    found = _Found()
    found.add_calls(connection, period)
    found.add_verdicts(connection, period)
    calendar = _calendar(period, found.days)
    return Insight(
        period=period,
        calendar=calendar,
        all=found.whole(),
        spans=_spans(calendar, found.days),
        rules=sorted(found.rules.items(), key=lambda item: (-_weight(item[1]), item[0] or "")),
        clients=sorted(
            found.clients.items(), key=lambda item: (-_calls_of(item[1]), item[0] or "")
        ),
        reasons=found.reasons.sorted(),
        waits=_waits(found.waits),
        refusals=sorted(found.refusals.items(), key=lambda item: (-item[1], item[0])),
        ages=_ages(connection, period),
        repeats=Repeats(*connection.execute(statements.repeats(period)).one()),
        unknown=connection.execute(statements.unknown(period)).scalar_one(),
        losses=[
            (reason, number) for reason, number in connection.execute(statements.losses(period))
        ],
    )


class _Found:
    """What calls and verdicts add up to, by day, by rule and by client."""

    def __init__(self) -> None:
        self.days: dict[date, Group] = defaultdict(Group)
        self.rules: dict[str | None, Group] = defaultdict(Group)
        self.clients: dict[str | None, Group] = defaultdict(Group)
        self.refusals: Counter[int] = Counter()
        self.reasons = _Reasons()
        self.waits: Counter[str] = Counter()

    def add_calls(self, connection: Connection, period: Period) -> None:
        rows = connection.execute(statements.calls(period))
        for day, client, rule, silent, status, cards, number in rows:
            self.days[day].add(silent, status, cards, number)
            self.clients[client].add(silent, status, cards, number)
            if status == ANSWERED:
                self.rules[rule].add(silent, status, cards, number)
            else:
                self.refusals[status] += number

    def add_verdicts(self, connection: Connection, period: Period) -> None:
        rows = connection.execute(statements.verdicts(period))
        for rule, client, outcome, system, code, display, wait, number in rows:
            self.rules[rule].outcomes.add(outcome, number)
            self.clients[client].outcomes.add(outcome, number)
            self.waits[wait] += number
            if outcome == "overridden":
                self.reasons.add(system, code, display, number)
        for day, outcome, number in connection.execute(statements.verdicts_by_day(period)):
            self.days[day].outcomes.add(outcome, number)

    def whole(self) -> Group:
        everything = Group()
        for group in self.days.values():
            everything.join(group)
        return everything


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


def _ages(connection: Connection, period: Period) -> list[tuple[str, Ages]]:
    """The bands in which there was a card, the youngest first and what is not known last."""
    ages: dict[str, Ages] = defaultdict(Ages)
    for band, silent, number in connection.execute(statements.ages(period)):
        if silent:
            ages[band].silent += number
        else:
            ages[band].live += number
    return sorted(ages.items(), key=lambda item: (item[0] == UNKNOWN, item[0]))


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
