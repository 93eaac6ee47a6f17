"""Magnesium that is drafted, runs, or was given: which orders count, and what is wrong with them.

Settled 6 to 8: an order counts if it may have put magnesium into the patient after the specimen
was taken, or will; a drafted one is held against the row, and what is wrong is offered corrected.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from hooks.chart.chart import Chart, Measurement
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment, after
from hooks.chart.order import LabOrder, Order, Place
from hooks.chart.units import Analyte
from hooks.protocol.choice import instant
from hooks.protocol.limits import Windows
from hooks.protocol.model import Dosing, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.quantity import Quantity

_ONE_DAY: Final = timedelta(days=1)
_ONE_YEAR: Final = timedelta(days=365)

_NONE: Final = Decimal(0)

#: What is said even of a draft that nobody selected.
_DANGERS: Final = ("rate-high", "dose-high-reduced", "total-high-reduced")

#: M8, clinical 2.2: what is loaded faster than the label allows, by design.
_UNLIMITED: Final = frozenset({"pregnancy", "pre-eclampsia", "torsades", "cardiac-arrest"})


class Replacement(Fact, frozen=True):
    """The parenteral magnesium orders around one magnesium result.

    `selected` and `drafted` are unsigned (just chosen, and chosen before), `running` may still
    run, ran past the specimen or is on hold and may resume, `given` ended after it or was stopped
    after it, `answered` ended before it: the result already shows what they did. A draft for
    another indication is in `elsewhere` only; `unreadable` are selected orders whose drug nobody
    could read: one of them may be magnesium. So may one of those that are drafted or run beside
    them, which `beside_unreadable` tells.
    """

    selected: tuple[Order, ...] = ()
    drafted: tuple[Order, ...] = ()
    running: tuple[Order, ...] = ()
    given: tuple[Order, ...] = ()
    answered: tuple[Order, ...] = ()
    elsewhere: tuple[Order, ...] = ()
    unreadable: tuple[Order, ...] = ()
    beside_unreadable: bool = False

    @property
    def counts(self) -> bool:
        """Whether any of them forbids a second dose."""
        return bool(self.selected or self.others or self.elsewhere or self.unreadable)

    @property
    def limited(self) -> tuple[Order, ...]:
        """M8: the drafts for another indication whose rate is limited all the same."""
        return tuple(order for order in self.elsewhere if order.indication not in _UNLIMITED)

    @property
    def stopped(self) -> tuple[Order, ...]:
        """What was stopped before its end."""
        return tuple(order for order in self.given if order.place is Place.STOPPED)

    def completed(self, *, several: bool) -> tuple[Order, ...]:
        """What was given to its end: those of one dose, or those of which nobody can tell whether
        any dose was given since: they go on and on, or have no date."""
        return tuple(
            order
            for order in self.given
            if order.place is not Place.STOPPED
            and (order.authored is None or _goes_on(order)) == several
        )

    @property
    def others(self) -> tuple[Order, ...]:
        """What counts beside the selected drafts."""
        return (*self.drafted, *self.running, *self.given)


def survey(chart: Chart, specimen: Measurement | None, protocol: Protocol) -> Replacement:
    """Sort the patient's parenteral magnesium orders by what they mean for the result."""
    orders = [order for order in chart.orders if order.is_parenteral_magnesium]
    drafts = [order for order in orders if order.place is Place.DRAFT]
    windows = protocol.document.windows
    taken = specimen.time.earliest if specimen is not None else None
    running: list[Order] = []
    given: list[Order] = []
    answered: list[Order] = []
    for order in orders:
        if order.place is Place.DRAFT:
            continue
        end = _latest_end(order, chart.now, protocol)
        if taken is None or end is None or end > taken:
            if not order.is_over:
                running.append(order)
            elif taken is not None:
                given.append(order)
        elif taken - end <= windows.recent_dose.value.span:
            answered.append(order)
    return Replacement(
        tuple(order for order in drafts if order.selected and order.indication is None),
        tuple(order for order in drafts if not order.selected and order.indication is None),
        tuple(running),
        tuple(given),
        tuple(sorted(answered, key=lambda order: _start(order, windows))),
        tuple(order for order in drafts if order.indication is not None),
        tuple(
            order
            for order in chart.orders
            if order.selected and not order.is_readable and order.route is not Route.ENTERAL
        ),
        any(
            not (order.is_readable or order.is_over or order.selected)
            and order.route is not Route.ENTERAL
            for order in chart.orders
        ),
    )


def _goes_on(order: Order) -> bool:
    """Whether the order gives its dose again and again, or runs until somebody stops it.

    Of what is over, the members that say one dose count for more than words that say others.
    """
    dosage = order.dosage
    recurring = dosage.recurring and not (order.is_over and dosage.timing.single)
    return recurring or dosage.endless


def may_be_answered(order: Order, specimen: Measurement | None, windows: Windows) -> bool:
    """Whether the specimen may well be later than every dose of an order that went on and is over.

    So it is if the order does not tell until when, and is older than an infusion of unknown
    duration: nobody can say of it that no level has been taken since.
    """
    timing = order.dosage.timing
    if not order.is_over or not _goes_on(order) or timing.until or timing.course:
        return False
    if order.authored is None or specimen is None:
        return False
    last = after(order.authored.latest, windows.infusion.value.span)
    return last < specimen.time.earliest


def _latest_end(order: Order, now: datetime, protocol: Protocol) -> datetime | None:
    """The latest moment at which the order may have been running; None if nobody can tell."""
    if order.authored is None or order.place is Place.ON_HOLD:
        return None
    timing = order.dosage.timing
    start = _latest_start(order.authored, now)
    if timing.starts is not None and timing.starts.earliest > start:
        start = _latest_start(timing.starts, now)
    goes_on = _goes_on(order)
    if order.is_over and goes_on:
        return min(_end_of_course(order, start, protocol), max(start, now))
    if goes_on:
        return _end_of_what_goes_on(order, start, now, protocol)
    if order.dosage.minutes is not None:
        end = after(start, timedelta(minutes=float(order.dosage.minutes)))
    else:
        # Nobody can tell how long it ran: as long as an infusion may, not beyond now if it is over.
        end = after(start, protocol.document.windows.infusion.value.span)
        end = min(end, max(start, now)) if order.is_over else end
    if order.is_over or timing.until is None:
        return end
    # What is not over may still begin as long as the order's own time lasts; but a period with
    # both ends is often the whole stay, and one dose of a known length is not put off for days.
    latest = timing.until.latest
    if order.dosage.minutes is not None and timing.starts is not None:
        latest = min(latest, after(start, protocol.document.windows.infusion.value.span))
    return max(end, latest)


def _end_of_what_goes_on(
    order: Order, start: datetime, now: datetime, protocol: Protocol
) -> datetime:
    """When an order that is not over, and repeats or runs on, ends: as it says itself, or not yet.

    Doses may have been given late: a mere number of them ends the course no sooner than an
    infusion of unknown duration after the last was due.
    """
    timing = order.dosage.timing
    ends = [] if timing.until is None else [timing.until.latest]
    if timing.course is not None:
        course = after(start, timedelta(minutes=float(timing.course)))
        ends.append(after(course, protocol.document.windows.infusion.value.span))
    end = max(ends, default=start)
    # An end before the beginning is a slip, and ends nothing.
    return end if end > start else max(start, now)


def _end_of_course(order: Order, start: datetime, protocol: Protocol) -> datetime:
    """When what was given again and again may have ended, as far as the order tells it."""
    timing = order.dosage.timing
    ends = [] if timing.until is None else [timing.until.latest]
    if timing.course is not None:
        ends.append(after(start, timedelta(minutes=float(timing.course))))
    return max(ends, default=after(start, protocol.document.windows.course.value.span))


def _latest_start(moment: Moment, now: datetime) -> datetime:
    """The latest instant that a moment of the past may mean; a date that is to come its first."""
    if not moment.whole_day:
        return moment.at
    return min(moment.latest, max(moment.earliest, now))


def _start(order: Order, windows: Windows) -> float:
    return instant(order.authored, windows).timestamp() if order.authored is not None else 0.0


def planned_end(order: Order, now: datetime, row: Dosing) -> datetime:
    """When the dose of an order ends or ended; an unreadable duration counts as the row's."""
    timing = order.dosage.timing
    minutes = order.dosage.minutes or row.over.value
    begun = order.place not in (Place.DRAFT, Place.ON_HOLD)
    named = (order.authored, timing.starts) if begun else (timing.starts, Moment(now))
    known = [moment.at for moment in named if moment is not None and not moment.whole_day]
    # An order from beyond next year has a slip in its date; a repeat level needs a calendar.
    start = min(max(known, default=now), after(now, _ONE_YEAR))
    if order.is_over and timing.course is not None:
        minutes = timing.course
    end = after(start, timedelta(minutes=float(minutes)))
    if order.place is Place.STOPPED or (order.is_over and order.dosage.recurring):
        end = min(end, max(start, now))
    return end.replace(microsecond=0)


def is_level_ordered(
    orders: Iterable[LabOrder],
    analyte: Analyte,
    after: datetime | None,
    now: datetime,
    protocol: Protocol,
) -> bool:
    """Whether a level is ordered for the time after the moment, or without one for about now.

    About: not longer ago, or farther ahead, than a magnesium result counts for. Too early after
    a dose the level reads high: it does not count from an hour before the repeat level is due.
    """
    windows = protocol.document.windows
    span = windows.magnesium.value.span
    first = now - span
    if after is not None:
        early = protocol.document.recheck.from_.span - windows.same_draw.value.span
        first = after + max(early, timedelta(0))
    last = (after or now) + span

    def is_due(moment: Moment) -> bool:
        at = instant(moment, windows)
        end = at + _ONE_DAY if moment.whole_day else at
        return end >= first and at <= last

    def is_recent(moment: Moment) -> bool:
        at = instant(moment, windows)
        return (at + _ONE_DAY if moment.whole_day else at) >= (after or first)

    return any(
        order.analyte is analyte
        and (
            is_due(order.due)
            if order.due is not None
            else order.place is Place.DRAFT or order.authored is None or is_recent(order.authored)
        )
        for order in orders
    )


class DraftCheck(Fact, frozen=True):
    """One selected draft held against a row: what is to be said, and the order as it should be."""

    order: Order
    verdicts: tuple[str, ...]
    correction: Dosing | None


def is_too_fast(order: Order, protocol: Protocol) -> bool:
    """M8: whether a draft runs faster than the site's ceiling, as far as it may go into a vein."""
    rate = order.dosage.rate
    ceiling = protocol.document.rate.ceiling.value
    return (
        order.magnesium in (Route.INTRAVENOUS, Route.OTHER)
        and rate is not None
        and rate * ceiling.minutes > ceiling.milligrams
    )


def is_too_much(order: Order, protocol: Protocol) -> bool:
    """R7: whether what repeats or runs on comes to more than reduced kidneys ever get.

    One dose that is too large is M9's.
    """
    maximum = protocol.document.renal.maximum
    if not _goes_on(order):
        return False
    total = order.dosage.grams_within(maximum.within.value)
    return total is not None and total > maximum.dose.value


def check(
    order: Order,
    dosing: Dosing,
    tier: Tier,
    protocol: Protocol,
    *,
    alone: bool,
    beside_unreadable: bool = False,
) -> DraftCheck:
    """Hold a selected draft against the dosing of its row (settled 6).

    Only a draft that is `alone` may be raised to the row's dose: beside other magnesium, more of
    it would be a second dose. Beside what nobody could read, and for a reason that is none of
    replacement, it is only said that it is too little.
    """
    share = protocol.document.dose_tolerance.percent / 100
    verdicts = [
        *_rate_verdicts(order, dosing, share, protocol),
        *_dose_verdicts(order, dosing, tier, share, alone=alone),
        *_number_verdicts(order, tier, protocol),
        *_kind(order),
    ]
    raisable = alone and not beside_unreadable and order.other_reason is None
    correction = _correction(order, dosing, verdicts, raisable=raisable)
    if order.other_reason is not None and "dose-low" in verdicts and correction is None:
        verdicts.append("reason-unclear")
    if correction is not None and (order.dosage.rate_unread or order.dosage.time_in_words):
        # It may be a slow one, which no correction makes faster.
        verdicts.append("time-unread")
        correction = None
    return DraftCheck(order, tuple(verdicts), correction)


def _correction(
    order: Order, dosing: Dosing, verdicts: list[str], *, raisable: bool
) -> Dosing | None:
    """The order as it should be by settled 6; None for one that is right, or is only said."""
    dosage = order.dosage
    if order.magnesium is not Route.INTRAVENOUS or order.unclear_reason is not None:
        return None
    # With the time of the row the whole of a large bag would run in it.
    if dosage.grams is None or order.in_fluid:
        return None
    if "rate-high" in verdicts:
        # What repeats, or stands beside other magnesium, is slowed down and never raised.
        whole = raisable and not dosage.recurring
        return _slowly(dosing if whole else _no_more(dosing, dosage.grams), dosage.minutes)
    if ("dose-low" in verdicts and raisable) or "dose-high-reduced" in verdicts:
        return _slowly(dosing, dosage.minutes)
    return None


def _dose_verdicts(
    order: Order, dosing: Dosing, tier: Tier, share: Decimal, *, alone: bool
) -> Iterator[str]:
    """What is to be said of one dose."""
    dosage = order.dosage
    if dosage.grams is None:
        yield "several-doses" if dosage.is_told_in_parts else "dose-unreadable"
        if tier is Tier.REDUCED and _exceeds(dosage.largest or _NONE, dosing.dose.value, share):
            yield "dose-high-reduced"
    elif _exceeds(dosing.dose.value, dosage.grams, share):
        if alone and not dosage.recurring and order.magnesium is Route.INTRAVENOUS:
            yield "dose-low"
    elif _exceeds(dosage.grams, dosing.dose.value, share):
        yield "dose-high-reduced" if tier is Tier.REDUCED else "dose-high"


def _number_verdicts(order: Order, tier: Tier, protocol: Protocol) -> Iterator[str]:
    """What is to be said of how often the dose is given."""
    dosage = order.dosage
    if tier is Tier.REDUCED and is_too_much(order, protocol):
        yield "total-high-reduced"
    elif dosage.recurring:
        # Several doses are no repeat of one.
        told = dosage.is_told_in_parts and not any(part.recurring for part in dosage.parts)
        if not told:
            yield "repeats"


def _kind(order: Order) -> Iterator[str]:
    """Why a draft is no intravenous replacement with sulfate that could be held against a row."""
    if order.salt != SULFATE:
        yield "other-salt"
    if order.magnesium is Route.INTRAMUSCULAR:
        yield "intramuscular"
    if order.magnesium is Route.OTHER:
        yield "route-unread"
    if order.unclear_reason is not None:
        yield "reason-unclear"
    if order.is_recorded:
        yield "signed-again"


def _rate_verdicts(
    order: Order, dosing: Dosing, share: Decimal, protocol: Protocol
) -> Iterator[str]:
    """What is to be said of a rate; a muscle knows none."""
    dosage = order.dosage
    if is_too_fast(order, protocol):
        yield "rate-high"
        if dosage.grams is None and dosage.minutes is None:
            yield "duration-assumed"
        return
    if order.magnesium is Route.INTRAMUSCULAR:
        return
    if dosage.rate is None or dosage.rate_unread:
        yield "rate-unreadable"
    elif _exceeds(dosage.rate, dosing.rate.per_minute, share):
        yield "rate-above-row"
    if dosage.minutes is None:
        yield "duration-assumed"


def dangers(order: Order, dosing: Dosing, tier: Tier, protocol: Protocol) -> tuple[str, ...]:
    """M8 and M9 of a draft that is not selected: said, and left to whoever selects it."""
    verdicts = check(order, dosing, tier, protocol, alone=True).verdicts
    return tuple(verdict for verdict in verdicts if verdict in _DANGERS)


def _no_more(dosing: Dosing, grams: Decimal) -> Dosing:
    """The draft's own dose where it is smaller than the row's."""
    if grams >= dosing.dose.value:
        return dosing
    dose = Quantity(grams, f"{grams.normalize():f} g")
    return Dosing(dose=dose, over=dosing.over, product=dosing.product)


def _slowly(dosing: Dosing, minutes: Decimal | None) -> Dosing:
    """The row's dose over the draft's own time where that is longer: nothing is made faster."""
    if minutes is None or minutes <= dosing.over.value:
        return dosing
    # A time that was worked out from a rate has no end of digits; a minute more is never faster.
    whole = minutes.to_integral_value(ROUND_CEILING)
    return Dosing(dose=dosing.dose, over=Quantity(whole, f"{whole} min"), product=dosing.product)


def _exceeds(value: Decimal, limit: Decimal, share: Decimal) -> bool:
    """Whether a value is above a limit by more than the tolerance of labels."""
    return value > limit * (1 + share)
