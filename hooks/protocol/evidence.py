"""The evidence: what of a chart counts by the protocol, gathered before anything is decided."""

from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from hooks.chart.chart import Chart, Comparator, Measurement, Patient, Reason, Series
from hooks.chart.codes.drugs import DrugClass
from hooks.chart.order import Order, Place
from hooks.chart.units import Analyte
from hooks.protocol.choice import Choice, choose, instant, refuse
from hooks.protocol.kidneys import Kidneys, examine
from hooks.protocol.model import DOSED, Band
from hooks.protocol.potassium import potassium_level
from hooks.protocol.protocol import Protocol
from hooks.protocol.replacement import Replacement, survey


class Evidence(Struct, frozen=True, dict=True):
    """What counts: the newest believable results, renal function, and the magnesium orders.

    `awaited` is a newer preliminary magnesium that would ask for no dose, where the one that counts
    is confirmed and asks for one, and no dose between the two explains the rise (settled 16).
    """

    chart: Chart
    protocol: Protocol
    magnesium: Choice
    potassium: Choice
    creatinine: Choice
    qtc: Choice
    egfr: Choice
    replacement: Replacement
    kidneys: Kidneys | None = None
    awaited: Measurement | None = None
    conditions: frozenset[str] = frozenset()

    @cached_property
    def selected(self) -> tuple[Order, ...]:
        """The medication orders that were just selected."""
        return tuple(order for order in self.chart.orders if order.selected)

    @property
    def potassium_is_low(self) -> bool:
        """M1."""
        result = self.potassium.measurement
        return result is not None and potassium_level(result, self.protocol) != "sufficient"

    @cached_property
    def magnesium_is_selected(self) -> bool:
        """Whether magnesium of any kind was just selected, for no other indication."""
        return any(order.is_magnesium and order.indication is None for order in self.selected)

    def has(self, condition: str) -> bool:
        """Whether a condition is on the problem list."""
        return condition in self.conditions

    def selects(self, *classes: DrugClass) -> bool:
        """Whether a drug of one of the classes was just selected."""
        return any(kind in order.classes for order in self.selected for kind in classes)

    def drug(self, kind: DrugClass, *, selected_only: bool = False) -> str | None:
        """The name of a drug of the class that is being ordered, else of one that runs."""
        for order in self._by_place:
            if kind in order.classes and (order.selected or not selected_only):
                return order.classes[kind]
        return None

    @cached_property
    def _by_place(self) -> list[Order]:
        """The orders that are not over: what is being ordered, then drafts, then the rest."""
        return sorted(
            [order for order in self.chart.orders if not order.is_over],
            key=lambda order: (not order.selected, order.place is not Place.DRAFT),
        )

    @cached_property
    def earlier(self) -> tuple[Measurement, ...]:
        """The believable magnesium results before the one that counts, newest first."""
        newest = self.magnesium.measurement
        if newest is None:
            return ()
        windows = self.protocol.document.windows
        limits = self.protocol.document.plausible.magnesium
        lowest, highest = limits.from_.value, limits.to.value
        at = instant(newest.time, windows)
        before = (
            result
            for result in self.chart.magnesium.results
            if isinstance(result, Measurement)
            and not result.preliminary
            and lowest <= result.value <= highest
            and instant(result.time, windows) < at
        )
        once = {(result.time, result.value, result.comparator): result for result in before}
        return tuple(
            sorted(once.values(), key=lambda result: (result.time.at, result.value), reverse=True)
        )


def gather(chart: Chart, protocol: Protocol) -> Evidence:
    """The evidence in a chart, renal function left out: it is only looked at for a dose."""
    now = chart.now
    magnesium = choose(chart.magnesium, now, protocol, Analyte.MAGNESIUM)
    if magnesium.measurement is not None and certain_band(magnesium.measurement, protocol) is None:
        magnesium = refuse(magnesium, Reason.COMPARATOR_UNCLASSIFIABLE)
    awaited = None
    if magnesium.measurement is not None and magnesium.measurement.preliminary:
        confirmed = _confirmed(chart, magnesium.measurement, protocol)
        if confirmed is not None:
            magnesium, awaited = confirmed, magnesium.measurement
    potassium = choose(chart.potassium, now, protocol, Analyte.POTASSIUM)
    if potassium.measurement is not None and not potassium_level(potassium.measurement, protocol):
        potassium = refuse(potassium, Reason.COMPARATOR_UNCLASSIFIABLE)
    return Evidence(
        chart,
        protocol,
        magnesium,
        potassium,
        choose(chart.creatinine, now, protocol, Analyte.CREATININE),
        choose(chart.qtc, now, protocol, Analyte.QTC),
        choose(chart.egfr, now, protocol, Analyte.EGFR),
        survey(chart, magnesium.measurement, protocol),
        awaited=awaited,
        conditions=frozenset(condition.id for condition in chart.conditions),
    )


def _confirmed(chart: Chart, newest: Measurement, protocol: Protocol) -> Choice | None:
    """The confirmed magnesium that asks for a dose where a newer preliminary one does not."""
    if asks_for_dose(newest, protocol):
        return None
    results = [
        result
        for result in chart.magnesium.results
        if not (isinstance(result, Measurement) and result.preliminary)
    ]
    series = Series(tuple(results), complete=chart.magnesium.complete)
    choice = choose(series, chart.now, protocol, Analyte.MAGNESIUM)
    confirmed = choice.measurement
    if confirmed is None or not asks_for_dose(confirmed, protocol):
        return None
    return None if _is_given_between(confirmed, newest, chart, protocol) else choice


def _is_given_between(
    earlier: Measurement, later: Measurement, chart: Chart, protocol: Protocol
) -> bool:
    """Whether magnesium was certainly given between two specimens: the rise is what it did.

    Only what is recorded as given counts; what runs may still be to come (settled 7).
    """
    return any(
        order.place is Place.COMPLETED
        and (start := order.dosage.timing.starts or order.authored) is not None
        and earlier.time.latest <= start.earliest
        and start.latest < later.time.earliest
        for order in survey(chart, earlier, protocol).given
    )


def asks_for_dose(result: Measurement, protocol: Protocol) -> bool:
    """Whether a magnesium lies in a band whose rows have a dose."""
    band = certain_band(result, protocol)
    return band is not None and band.id in DOSED


def with_kidneys(evidence: Evidence, patient: Patient) -> Evidence:
    """The evidence with renal function, as far as a creatinine allows."""
    creatinine = evidence.creatinine.measurement
    if creatinine is None:
        return evidence
    kidneys = examine(evidence.chart, patient, creatinine, evidence.protocol)
    if kidneys is None:
        refused = refuse(evidence.creatinine, Reason.COMPARATOR_UNCLASSIFIABLE)
        return replace(evidence, creatinine=refused)
    return replace(evidence, kidneys=kidneys)


def certain_band(result: Measurement, protocol: Protocol) -> Band | None:
    """The band of a result; None for a limit beyond which more than one band lies (settled 15)."""
    lowest, highest = protocol.bands[0], protocol.bands[-1]
    value = result.value
    match result.comparator:
        case None:
            return protocol.band_of(value)
        case Comparator.BELOW:
            limit = lowest.upper
            return lowest if limit is not None and value <= limit.value else None
        case Comparator.AT_MOST:
            return lowest if lowest.holds(value) else None
        case Comparator.ABOVE:
            limit = highest.lower
            return highest if limit is not None and value >= limit.value else None
        case Comparator.AT_LEAST:
            return highest if highest.holds(value) else None
