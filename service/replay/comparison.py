"""Two verdicts on each request, counted: how many change, in which ways, and from what to what."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from service.replay.verdict import Decision, Undecided, Verdict


@dataclass(slots=True)
class Tally:
    """What one protocol decides over all requests."""

    decided: int = 0
    cards: int = 0
    doses: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        if isinstance(verdict, Decision):
            self.decided += 1
            self.cards += verdict.card is not None
            self.doses += verdict.grams is not None


@dataclass(frozen=True, slots=True)
class Change:
    """A change that several requests may share: from what to what, without what differs from
    patient to patient. `also` names what changes where the rest stays the same."""

    before: Verdict
    after: Verdict
    also: tuple[str, ...]


@dataclass(slots=True)
class Comparison:
    """The verdicts of two protocols, counted as they come. Its size does not grow with the number
    of requests but with the number of different changes."""

    requests: int = 0
    decided: int = 0
    changed: int = 0
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    ways: Counter[str] = field(default_factory=Counter)
    changes: Counter[Change] = field(default_factory=Counter)
    undecided: Counter[Undecided] = field(default_factory=Counter)

    def add(self, before: Verdict, after: Verdict) -> None:
        """Count one request."""
        self.requests += 1
        self.before.add(before)
        self.after.add(after)
        if isinstance(before, Undecided) and isinstance(after, Undecided):
            self.undecided[before] += 1
            return
        self.decided += 1
        if before == after:
            return
        self.changed += 1
        found = tuple(_ways(before, after))
        self.ways.update(found)
        old, new = _shared(before), _shared(after)
        self.changes[Change(old, new, found if old == new else ())] += 1


def _shared(verdict: Verdict) -> Verdict:
    if isinstance(verdict, Undecided):
        return verdict
    return replace(verdict, recheck=None, findings=frozenset())


def _ways(before: Verdict, after: Verdict) -> Iterator[str]:
    match before, after:
        case Decision(), Undecided():
            yield "No decision any more"
        case Undecided(), Decision():
            yield "A decision where there was none"
        case Decision(), Decision():
            yield from _dose_ways(before, after)
            yield from _answer_ways(before, after)
            yield from _other_ways(before, after)


def _dose_ways(before: Decision, after: Decision) -> Iterator[str]:
    old, new = before.grams, after.grams
    if old is None or new is None:
        if new is not None:
            yield "A dose where there was none"
        if old is not None:
            yield "No dose where there was one"
        return
    if old != new:
        yield "A higher dose" if new > old else "A lower dose"
    if before.minutes is not None and after.minutes is not None:
        if after.minutes > before.minutes:
            yield "A longer infusion"
        if after.minutes < before.minutes:
            yield "A shorter infusion"


def _answer_ways(before: Decision, after: Decision) -> Iterator[str]:
    if before.card is None and after.card is not None:
        yield "A card where there was silence"
    elif before.card is not None and after.card is None:
        yield "Silence where there was a card"
    elif before.silence != after.silence:
        yield "Another reason for silence"
    elif before.card != after.card:
        yield "Another kind of card"
    elif before.indicator != after.indicator:
        yield "Another urgency of the card"


def _other_ways(before: Decision, after: Decision) -> Iterator[str]:
    if before.band != after.band:
        yield "Another band"
    if before.rule != after.rule:
        yield "Another rule decides"
    if before.recheck is None and after.recheck is not None:
        yield "A repeat level where there was none"
    elif before.recheck is not None and after.recheck is None:
        yield "No repeat level where there was one"
    elif before.recheck != after.recheck:
        yield "Another time for the repeat level"
    if before.findings != after.findings:
        yield "Other findings"
