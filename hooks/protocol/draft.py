"""A draft held against its row: what is wrong with it, and the order as it should be.

Settled 6: a dose that is too small is raised, one that is too fast or too large for the kidneys is
corrected; nothing is ever made faster.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Final

from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE
from hooks.chart.fact import Fact
from hooks.chart.order import Order
from hooks.protocol.course import goes_on
from hooks.protocol.model import Dosing, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.quantity import Quantity

_ZERO: Final = Decimal(0)

#: What is said even of a draft that nobody selected.
_DANGERS: Final = ("rate-high", "dose-high-reduced", "total-high-reduced")


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
    if not goes_on(order):
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
    tolerance = protocol.document.dose_tolerance.percent / 100
    verdicts = [
        *_rate_verdicts(order, dosing, tolerance, protocol),
        *_dose_verdicts(order, dosing, tier, tolerance, alone=alone),
        *_number_verdicts(order, tier, protocol),
        *_reservations(order),
    ]
    raisable = alone and not beside_unreadable and order.other_reason is None
    correction = _correction(order, dosing, verdicts, raisable=raisable)
    if order.other_reason is not None and "dose-low" in verdicts and correction is None:
        verdicts.append("reason-unclear")
    if correction is not None and order.in_large_bag:
        # With the time of the row the whole of it would run in it.
        verdicts.append("large-bag")
        correction = None
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
    if dosage.grams is None:
        return None
    if "rate-high" in verdicts:
        # What repeats, or stands beside other magnesium, is slowed down and never raised.
        whole = raisable and not dosage.recurring
        return _slowly(dosing if whole else _no_more(dosing, dosage.grams), dosage.minutes)
    if ("dose-low" in verdicts and raisable) or "dose-high-reduced" in verdicts:
        return _slowly(dosing, dosage.minutes)
    return None


def _dose_verdicts(
    order: Order, dosing: Dosing, tier: Tier, tolerance: Decimal, *, alone: bool
) -> Iterator[str]:
    """What is to be said of one dose."""
    dosage = order.dosage
    if dosage.grams is None:
        yield "several-doses" if dosage.is_told_in_parts else "dose-unreadable"
        if tier is Tier.REDUCED and _exceeds(dosage.largest or _ZERO, dosing.dose.value, tolerance):
            yield "dose-high-reduced"
    elif _exceeds(dosing.dose.value, dosage.grams, tolerance):
        if alone and not dosage.recurring and order.magnesium is Route.INTRAVENOUS:
            yield "dose-low"
    elif _exceeds(dosage.grams, dosing.dose.value, tolerance):
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


def _reservations(order: Order) -> Iterator[str]:
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
    order: Order, dosing: Dosing, tolerance: Decimal, protocol: Protocol
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
    elif _exceeds(dosage.rate, dosing.rate.per_minute, tolerance):
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


def _exceeds(value: Decimal, limit: Decimal, tolerance: Decimal) -> bool:
    """Whether a value is above a limit by more than the tolerance of labels."""
    return value > limit * (1 + tolerance)
