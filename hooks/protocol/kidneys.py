"""The renal tier: which dose the kidneys allow (settled 4 and 5, clinical 3)."""

from collections.abc import Iterable
from decimal import Decimal

from hooks.chart.chart import Chart, Comparator, Measurement, Patient, Result, Sex
from hooks.chart.fact import Fact
from hooks.chart.patient import whole_years
from hooks.chart.renal import ckd_epi_2021, cockcroft_gault
from hooks.chart.units import Analyte
from hooks.protocol.choice import choose, instant
from hooks.protocol.model import Tier
from hooks.protocol.protocol import Protocol


class Kidneys(Fact, frozen=True):
    """Renal function. `lowest` of eGFR (mL/min/1.73 m2) and CrCl (mL/min) makes the tier.

    `injury` is the earlier creatinine from which the newest has risen too fast.
    """

    creatinine: Measurement
    egfr: Decimal
    clearance: Decimal | None
    weight: Measurement | None
    sex_known: bool
    lowest: Decimal
    tier: Tier
    injury: Measurement | None


def tier_of(function: Decimal, protocol: Protocol) -> Tier:
    """The tier of a renal function in mL/min, without regard to acute injury."""
    renal = protocol.document.renal
    if function < renal.excluded_below.value.value:
        return Tier.EXCLUDED
    return Tier.REDUCED if function < renal.reduced_below.value.value else Tier.STANDARD


def examine(
    chart: Chart, patient: Patient, creatinine: Measurement, protocol: Protocol
) -> Kidneys | None:
    """Renal function from the creatinine that counts.

    The oldest age that the birth date allows, and for an unknown sex both formulas both ways:
    always the lower result. None if the creatinine is only known as a limit and another value
    beyond that limit would fall into another tier (settled 15).
    """
    if patient.born_first is None:
        return None
    age = whole_years(patient.born_first, chart.now.date())
    sexes = (patient.sex,) if patient.sex else tuple(Sex)
    weight = choose(chart.weight, chart.now, protocol, Analyte.WEIGHT).measurement
    egfr = min(ckd_epi_2021(creatinine.value, age, sex) for sex in sexes)
    clearance = None
    if weight is not None and weight.comparator is None:
        clearance = min(cockcroft_gault(creatinine.value, age, sex, weight.value) for sex in sexes)
    lowest = egfr if clearance is None else min(egfr, clearance)
    tier = tier_of(lowest, protocol)
    if not _is_certain(creatinine.comparator, tier):
        return None
    injury = _injury(creatinine, chart.creatinine.results, protocol)
    if injury is not None and tier is Tier.STANDARD:
        tier = Tier.REDUCED
    return Kidneys(
        creatinine,
        egfr,
        clearance,
        weight if clearance is not None else None,
        patient.sex is not None,
        lowest,
        tier,
        injury,
    )


def _is_certain(comparator: Comparator | None, tier: Tier) -> bool:
    match comparator:
        case None:
            return True
        case Comparator.BELOW | Comparator.AT_MOST:
            return tier is Tier.STANDARD
        case Comparator.AT_LEAST | Comparator.ABOVE:
            return tier is Tier.EXCLUDED


def _injury(
    newest: Measurement, results: Iterable[Result], protocol: Protocol
) -> Measurement | None:
    """The earlier creatinine from which the newest has risen as KDIGO says, the lowest of them."""
    rule = protocol.document.renal.injury
    windows = protocol.document.windows
    limits = protocol.document.plausible.creatinine
    lowest, highest = limits.from_.value, limits.to.value
    at = instant(newest.time, windows)
    longest = at - max(rule.rise_within.span, rule.ratio_within.span)
    risen_from = None
    for earlier in results:
        if not isinstance(earlier, Measurement) or earlier is newest:
            continue
        # Below a limit the rise is at least that from the limit; above one nobody knows.
        if earlier.comparator in (Comparator.ABOVE, Comparator.AT_LEAST):
            continue
        taken = instant(earlier.time, windows)
        if taken >= at:
            continue
        # A date without a time may be the end of that day: a rise is not argued away by it.
        last = min(max(taken, earlier.time.latest), at)
        if last < longest or not lowest <= earlier.value <= highest:
            continue
        before = at - last
        rise = before <= rule.rise_within.span and newest.value - earlier.value >= rule.rise.value
        ratio = before <= rule.ratio_within.span and newest.value >= rule.ratio * earlier.value
        if (rise or ratio) and (risen_from is None or earlier.value < risen_from.value):
            risen_from = earlier
    return risen_from
