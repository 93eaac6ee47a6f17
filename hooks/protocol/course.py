"""The course of a magnesium order: when it begins and ends, as far as it can be told.

Settled 7: where nobody can tell, the dose may be running still.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hooks.chart.chart import Measurement
from hooks.chart.moments import Moment, after
from hooks.chart.order import Order, Place
from hooks.protocol.limits import Windows
from hooks.protocol.protocol import Protocol

_ONE_YEAR: Final = timedelta(days=365)


def goes_on(order: Order) -> bool:
    """Whether the order gives its dose again and again, or runs until somebody stops it.

    Of what is over, the members that say one dose count for more than words that say others.
    """
    dosage = order.dosage
    recurring = dosage.recurring and not (order.is_over and dosage.timing.single)
    return recurring or dosage.endless


def latest_end(order: Order, now: datetime, protocol: Protocol) -> datetime | None:
    """The latest moment at which the order may have been running; None if nobody can tell."""
    if order.authored is None or order.place is Place.ON_HOLD:
        return None
    start = _latest_start(order.authored, now)
    starts = order.dosage.timing.starts
    if starts is not None and starts.earliest > start:
        start = _latest_start(starts, now)
    if not goes_on(order):
        return _end_of_one_dose(order, start, now, protocol)
    if order.is_over:
        return min(_end_of_course(order, start, protocol), max(start, now))
    return _end_of_what_goes_on(order, start, now, protocol)


def _end_of_one_dose(order: Order, start: datetime, now: datetime, protocol: Protocol) -> datetime:
    """When a dose that is given once has ended at the latest."""
    timing, minutes = order.dosage.timing, order.dosage.minutes
    unknown = after(start, protocol.document.windows.infusion.value.span)
    if minutes is not None:
        end = after(start, timedelta(minutes=float(minutes)))
    else:
        # Nobody can tell how long it ran: as long as an infusion may, not beyond now if it is over.
        end = min(unknown, max(start, now)) if order.is_over else unknown
    if order.is_over or timing.until is None:
        return end
    # What is not over may still begin as long as the order's own time lasts; but a period with
    # both ends is often the whole stay, and one dose of a known length is not put off for days.
    latest = timing.until.latest
    if minutes is not None and timing.starts is not None:
        latest = min(latest, unknown)
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


def planned_end(order: Order, now: datetime, minutes: Decimal) -> datetime:
    """When the dose of an order ends or ended that runs for so many minutes."""
    timing = order.dosage.timing
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


def may_be_answered(order: Order, specimen: Measurement | None, windows: Windows) -> bool:
    """Whether the specimen may well be later than every dose of an order that went on and is over.

    So it is if the order does not tell until when, and is older than an infusion of unknown
    duration: nobody can say of it that no level has been taken since.
    """
    timing = order.dosage.timing
    if not order.is_over or not goes_on(order) or timing.until or timing.course:
        return False
    if order.authored is None or specimen is None:
        return False
    last = after(order.authored.latest, windows.infusion.value.span)
    return last < specimen.time.earliest
