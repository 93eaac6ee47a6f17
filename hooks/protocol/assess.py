"""`assess`: what a protocol says about a chart. Pure: no FHIR, no clock, no state.

The order is the one of settled 1 and 2: the gates before the band, the band, the gates that
guard a dose, the row. Every step that is tried is kept, so that a decision can be explained.
"""

from datetime import timedelta
from typing import Final

from hooks.chart.chart import Chart, Comparator, Measurement, Patient, Reason, Unusable
from hooks.chart.patient import whole_years
from hooks.chart.units import Analyte
from hooks.protocol import findings
from hooks.protocol.assessment import (
    Assessment,
    CardKind,
    Kidneys,
    Offer,
    Outcome,
    PlannedLab,
    Step,
)
from hooks.protocol.choice import Choice, choose, refuse
from hooks.protocol.kidneys import examine
from hooks.protocol.model import Band, Dosing, Row, Tier
from hooks.protocol.protocol import Protocol

_GUARDS: Final = ("G5", "G7", "G9")
_DOSED: Final = ("severe", "moderate")

INDETERMINATE: Final = "indeterminate"
NOT_APPLICABLE: Final = "not-applicable"


def assess(chart: Chart, protocol: Protocol) -> Assessment:
    """Decide what to say about the chart, by the protocol alone."""
    return _Case(chart, protocol).decide()


class _Case:
    """One chart on its way through the protocol."""

    def __init__(self, chart: Chart, protocol: Protocol) -> None:
        self.chart = chart
        self.protocol = protocol
        self.trace: list[Step] = []
        now = chart.now
        self.magnesium = choose(chart.magnesium, now, protocol, Analyte.MAGNESIUM)
        self.potassium = choose(chart.potassium, now, protocol, Analyte.POTASSIUM)
        self.creatinine = choose(chart.creatinine, now, protocol, Analyte.CREATININE)
        self.kidneys: Kidneys | None = None

    def decide(self) -> Assessment:
        patient = self.chart.patient
        if patient is None or not self._is_adult(patient):
            self._passed_over("G4")
            return self._silent(NOT_APPLICABLE, "G1", "G1")
        self._settle_comparators()
        newest = self.magnesium.measurement
        if newest is None:
            self._step("G4", Outcome.DECIDED, self.magnesium.why or "missing")
            return self._indeterminate()
        self._step("G4", Outcome.PASSED, f"{newest.value:f} mg/dL")
        band = self._band(newest)
        if band.id not in _DOSED:
            for guard in _GUARDS:
                self._passed_over(guard)
            row = self.protocol.rows[band.id, None]
            self._step(row.id, Outcome.DECIDED, f"band {band.id}")
            return self._silent(band.id, row.id, band.id, row=row.id)
        if self.creatinine.measurement is not None:
            self.kidneys = examine(self.chart, patient, self.creatinine.measurement, self.protocol)
            if self.kidneys is None:
                self.creatinine = refuse(self.creatinine, Reason.COMPARATOR_UNCLASSIFIABLE)
        gate = self._guard(newest)
        if gate is not None:
            return self._without_dose(band, gate)
        return self._with_dose(band)

    # ------------------------------------------------------------------ before the band

    def _is_adult(self, patient: Patient) -> bool:
        """G1. A coarse birth date has to make the patient an adult whichever day it means."""
        limits = self.protocol.document.scope.age
        if patient.born_first is None or patient.born_last is None:
            self._step("G1", Outcome.DECIDED, "age unknown")
            return False
        today = self.chart.now.date()
        youngest = whole_years(patient.born_last, today)
        oldest = whole_years(patient.born_first, today)
        adult = youngest >= limits.from_.value and oldest <= limits.to.value
        self._step("G1", Outcome.PASSED if adult else Outcome.DECIDED, f"{youngest} years")
        return adult

    def _settle_comparators(self) -> None:
        """Drop results that are only limits and would fit more than one band (settled 15)."""
        magnesium = self.magnesium.measurement
        if magnesium is not None and self._certain_band(magnesium) is None:
            self.magnesium = refuse(self.magnesium, Reason.COMPARATOR_UNCLASSIFIABLE)
        potassium = self.potassium.measurement
        if potassium is not None and findings.potassium_level(potassium, self.protocol) is None:
            self.potassium = refuse(self.potassium, Reason.COMPARATOR_UNCLASSIFIABLE)

    def _certain_band(self, result: Measurement) -> Band | None:
        lowest, highest = self.protocol.bands[0], self.protocol.bands[-1]
        value = result.value
        match result.comparator:
            case None:
                return self.protocol.band_of(value)
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

    def _band(self, newest: Measurement) -> Band:
        band = self._certain_band(newest)
        if band is None:
            raise AssertionError("a measurement without a certain band was not dropped")
        return band

    # ------------------------------------------------------------------ the gates that guard a dose

    def _guard(self, newest: Measurement) -> str | None:
        """The first gate that forbids a dose, None if there is none."""
        shut = {
            "G5": (newest.preliminary, newest.status),
            "G7": (
                self.kidneys is not None and self.kidneys.tier is Tier.EXCLUDED,
                f"{self.kidneys.lowest:.1f} mL/min" if self.kidneys else "unknown",
            ),
            "G9": (self.kidneys is None, self.creatinine.why or "known"),
        }
        for index, gate in enumerate(_GUARDS):
            closed, because = shut[gate]
            self._step(gate, Outcome.DECIDED if closed else Outcome.PASSED, because)
            if closed:
                for rest in _GUARDS[index + 1 :]:
                    self._passed_over(rest)
                return gate
        return None

    # ------------------------------------------------------------------ the answers

    def _with_dose(self, band: Band) -> Assessment:
        kidneys = self.kidneys
        if kidneys is None:
            raise AssertionError("a dose without renal function passed G9")
        row, dosing = self._row(band, kidneys.tier)
        self._step(row.id, Outcome.DECIDED, f"band {band.id}, renal tier {kidneys.tier}")
        recheck = self._recheck(row, float(dosing.over.value))
        offers = [Offer("dose", True, (recheck,), dosing, priority=row.priority)]
        offers += [
            Offer(
                "option",
                False,
                (self._recheck(row, float(option.over.value)),),
                option,
                option.when,
                row.priority,
            )
            for option in row.options
        ]
        offers.append(Offer("recheck", False, (recheck,)))
        return self._answer(
            band.id,
            row.id,
            CardKind.DOSE,
            row=row.id,
            indicator=band.indicator,
            dosing=dosing,
            recheck=recheck,
            offers=tuple(offers),
        )

    def _without_dose(self, band: Band, gate: str) -> Assessment:
        tier = self.kidneys.tier if self.kidneys else Tier.STANDARD
        reference, recheck = None, None
        offers: tuple[Offer, ...] = ()
        row, dosing = self._row(band, Tier.STANDARD if tier is Tier.EXCLUDED else tier)
        if gate == "G9":
            recheck = self._recheck(row, 0)
            reference = dosing
            creatinine = self._at_once(Analyte.CREATININE, row)
            offers = (Offer("creatinine", True, (creatinine, recheck)),)
        elif gate == "G7":
            recheck = self._recheck(row, 0)
            offers = (Offer("recheck", True, (recheck,)),)
        return self._answer(
            band.id,
            gate,
            CardKind.NO_DOSE,
            indicator=band.indicator,
            reference=reference,
            recheck=recheck,
            offers=offers,
        )

    def _indeterminate(self) -> Assessment:
        """G4: say what stands in the way, and ask for a level only for a reason (settled 12, 13)."""
        for guard in _GUARDS:
            self._passed_over(guard)
        fresh = self._fresh_riddles()
        wanted = self._stale_and_perhaps_low() or self._potassium_is_low()
        incomplete = not self.magnesium.complete
        offers: tuple[Offer, ...] = ()
        recheck = None
        if wanted:
            recheck = self._at_once(Analyte.MAGNESIUM, None)
            offers = (Offer("level", True, (recheck,)),)
        if not (wanted or fresh or incomplete):
            return self._silent(INDETERMINATE, "G4", "no-result")
        return self._answer(
            INDETERMINATE, "G4", CardKind.INDETERMINATE, recheck=recheck, offers=offers
        )

    def _silent(self, band: str, rule: str, silence: str, row: str | None = None) -> Assessment:
        return self._answer(band, rule, None, silence=silence, row=row)

    def _answer(
        self,
        band: str,
        rule: str,
        card: CardKind | None,
        *,
        row: str | None = None,
        silence: str | None = None,
        indicator: str = "info",
        dosing: Dosing | None = None,
        reference: Dosing | None = None,
        recheck: PlannedLab | None = None,
        offers: tuple[Offer, ...] = (),
    ) -> Assessment:
        said = findings.gather(
            band, self.magnesium, self.potassium, self.creatinine, self.kidneys, self.protocol
        )
        return Assessment(
            chart=self.chart,
            band=band,
            rule=rule,
            row=row,
            card=card,
            silence=silence,
            indicator=indicator,
            magnesium=self.magnesium,
            potassium=self.potassium,
            creatinine=self.creatinine,
            kidneys=self.kidneys,
            dosing=dosing,
            reference=reference,
            recheck=recheck,
            offers=offers,
            findings=said,
            unusable=(
                *self.magnesium.unusable,
                *self.potassium.unusable,
                *self.creatinine.unusable,
            ),
            trace=tuple(self.trace),
        )

    # ------------------------------------------------------------------ what the answers need

    def _row(self, band: Band, tier: Tier) -> tuple[Row, Dosing]:
        row = self.protocol.rows[band.id, tier]
        if row.dosing is None:
            raise AssertionError(f"row {row.id} of a dosed band has no dose")
        return row, row.dosing

    def _recheck(self, row: Row, minutes: float) -> PlannedLab:
        """The repeat level, counted from the planned end of a dose that runs so many minutes."""
        recheck = self.protocol.document.recheck
        end = self.chart.now.replace(microsecond=0) + timedelta(minutes=minutes)
        return PlannedLab(
            Analyte.MAGNESIUM,
            end + recheck.from_.span,
            end + recheck.to.span,
            now=False,
            priority=row.priority or "routine",
        )

    def _at_once(self, analyte: Analyte, row: Row | None) -> PlannedLab:
        now = self.chart.now.replace(microsecond=0)
        priority = (row.priority if row else None) or "routine"
        return PlannedLab(analyte, now, now, now=True, priority=priority)

    def _fresh_riddles(self) -> tuple[Unusable, ...]:
        """Recent results, or ones without a time, that might have been a magnesium."""
        window = self.protocol.document.windows.magnesium.value.span
        return tuple(
            item
            for item in self.magnesium.worth_saying
            if item.time is None or self.chart.now - item.time.at <= window
        )

    def _stale_and_perhaps_low(self) -> bool:
        """Whether the newest result is too old and was low, or cannot be judged (settled 12)."""
        limit = self.protocol.document.windows.stale_reminder.value.span
        stale = self.magnesium.stale
        if stale is not None:
            if self.chart.now - stale.time.at > limit:
                return False
            band = self._certain_band(stale)
            return band is None or band.id in _DOSED
        culprit = self.magnesium.culprit
        if culprit is None or culprit.time is None or culprit not in self.magnesium.worth_saying:
            return False
        window = self.protocol.document.windows.magnesium.value.span
        return window < self.chart.now - culprit.time.at <= limit

    def _potassium_is_low(self) -> bool:
        potassium = self.potassium.measurement
        return potassium is not None and (
            findings.potassium_level(potassium, self.protocol) != "sufficient"
        )

    def _step(self, gate: str, outcome: Outcome, because: str) -> None:
        known = self.protocol.gates.get(gate)
        question = known.asks if known else "Does this row of the decision table apply?"
        self.trace.append(Step(gate, question, outcome, because))

    def _passed_over(self, gate: str) -> None:
        self._step(gate, Outcome.NOT_ASKED, "decided before")
