"""What is counted: calls and cards, and what clinicians did with them."""

from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus

from service.insight.period import Calendar, Period, Step

ANSWERED = HTTPStatus.OK.value
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

    def add(self, status: int, cards: int, count: int) -> None:
        """Count calls that ended with `status` and so many cards each."""
        if status != ANSWERED:
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
        if not silent and status == ANSWERED:
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
