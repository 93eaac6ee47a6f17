"""Moments in words: by whose clocks a card tells its times, and how long ago they were."""

from datetime import datetime, tzinfo

from msgspec import Struct

from hooks.cards.clock import ago, clock, day, local
from hooks.chart.moments import Moment
from hooks.protocol.assessment import Assessment, PlannedLab
from hooks.protocol.choice import instant
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import fill


class Moments(Struct, frozen=True):
    """Tells moments as they lie to `now`.

    A moment is told by the clocks of `place`, or without one by those that stated it; when a level
    is due, which nobody has stated, by those of `zone`.
    """

    protocol: Protocol
    now: datetime
    place: tzinfo | None
    zone: tzinfo | None

    @classmethod
    def of(cls, assessment: Assessment, protocol: Protocol) -> "Moments":
        """The moments of an assessment; without a place the zone is that of its magnesium."""
        place = protocol.place
        return cls(protocol, assessment.chart.now, place, place or _zone(assessment))

    def told(self, moment: Moment) -> str:
        """A moment and its age: `03 Feb 04:00 UTC, 2 h ago`."""
        phrases = self.protocol.document.words
        if moment.whole_day:
            return fill(phrases.day, {"at": day(moment.at), "age": self.age(moment)})
        return fill(phrases.time, {"at": self.clock(moment), "age": self.age(moment)})

    def clock(self, moment: Moment) -> str:
        """A moment's day and time of day."""
        return clock(moment.at, self.now, self.place)

    def age(self, moment: Moment) -> str:
        """How long ago a moment was (settled 18)."""
        return ago(self.now - instant(moment, self.protocol.document.windows))

    def begins(self, moment: Moment) -> str:
        """When something begins that is to come; empty if it may have begun."""
        if moment.earliest <= self.now:
            return ""
        return fill(self.protocol.document.words.planned, {"at": self.planned(moment)})

    def planned(self, moment: Moment) -> str:
        """The day of what is to come, and its time of day where it has one."""
        return day(moment.at) if moment.whole_day else self.clock(moment)

    def due(self, lab: PlannedLab) -> tuple[datetime, datetime]:
        """From when to when a level is due, by the clocks of the zone."""
        return local(lab.start, self.zone), local(lab.end, self.zone)


def _zone(assessment: Assessment) -> tzinfo | None:
    """The zone of the laboratory that told the magnesium, else that of the call."""
    result = assessment.evidence.magnesium.measurement or assessment.evidence.magnesium.stale
    if result is not None and not result.time.whole_day:
        return result.time.at.tzinfo
    return assessment.chart.now.tzinfo
