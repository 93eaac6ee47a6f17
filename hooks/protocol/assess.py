"""`assess`: what a protocol says about a chart. Pure: no FHIR, no clock, no state.

The order is the one of settled 1 and 2: the gates before the band, the band, the gates that
guard a dose, the row. Every step that is tried is kept, so that a decision can be explained.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hooks.chart.chart import Chart, Measurement, Patient
from hooks.chart.codes.drugs import DrugClass
from hooks.chart.patient import whole_years
from hooks.chart.units import Analyte
from hooks.protocol import findings
from hooks.protocol.assessment import (
    Assessment,
    CardKind,
    Offer,
    Outcome,
    PlannedLab,
    Step,
)
from hooks.protocol.evidence import Evidence, certain_band, gather, with_kidneys
from hooks.protocol.findings import Findings
from hooks.protocol.model import Band, Dosing, Row, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.replacement import DraftCheck, check, is_too_fast, planned_end
from hooks.protocol.template import fill

_BEFORE_THE_BAND: Final = ("G1", "G2", "G3", "G4")
_GUARDS: Final = ("G5", "G7", "G8", "G9", "G6")
_DOSED: Final = frozenset({"severe", "moderate"})
_OBSTETRIC: Final = ("pregnancy", "pre-eclampsia")
_EMERGENCIES: Final = ("torsades", "cardiac-arrest")
_NO_KIDNEYS: Final = ("dialysis", "anuria")

INDETERMINATE: Final = "indeterminate"
NOT_APPLICABLE: Final = "not-applicable"

#: A shut gate: why, and the condition by which it was shut.
Shut = tuple[str, str | None]


def assess(chart: Chart, protocol: Protocol) -> Assessment:
    """Decide what to say about the chart, by the protocol alone."""
    return _Case(gather(chart, protocol)).decide()


class _Case:
    """One chart on its way through the protocol."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.protocol = evidence.protocol
        self.chart = evidence.chart
        self.trace: list[Step] = []
        self.found = Findings(evidence.protocol)

    def decide(self) -> Assessment:
        patient = self.chart.patient
        if patient is None or not self._is_adult(patient):
            return self._silent(NOT_APPLICABLE, "G1", "G1")
        obstetric = self._condition(_OBSTETRIC)
        self._step("G2", obstetric is not None, obstetric or self._problem_list)
        if obstetric is not None:
            return self._obstetric(obstetric)
        emergency = self._condition(_EMERGENCIES)
        self._step("G3", emergency is not None, emergency or self._problem_list)
        if emergency is not None:
            return self._answer(
                NOT_APPLICABLE, "G3", CardKind.EMERGENCY, indicator="warning", condition=emergency
            )
        newest = self.evidence.magnesium.measurement
        if newest is None:
            self._step("G4", True, self.evidence.magnesium.why or "missing")
            return self._indeterminate()
        self._step("G4", False, f"{newest.value:f} mg/dL")
        band = certain_band(newest, self.protocol)
        if band is None:
            raise AssertionError("the evidence kept a result that fits several bands")
        if band.id not in _DOSED:
            return self._without_need(band)
        self.evidence = with_kidneys(self.evidence, patient)
        gate, shut = self._guard(newest)
        if gate == "G6":
            return self._ordered(band)
        if gate is not None and shut is not None:
            return self._forbidden(band, gate, shut)
        return self._suggested(band)

    # ------------------------------------------------------------------ before the band

    def _is_adult(self, patient: Patient) -> bool:
        """G1. A coarse birth date has to make the patient an adult whichever day it means."""
        limits = self.protocol.document.scope.age
        if patient.born_first is None or patient.born_last is None:
            self._step("G1", True, "age unknown")
            return False
        today = self.chart.now.date()
        youngest = whole_years(patient.born_last, today)
        oldest = whole_years(patient.born_first, today)
        adult = youngest >= limits.from_.value and oldest <= limits.to.value
        self._step("G1", not adult, f"{youngest} years")
        return adult

    def _condition(self, ids: tuple[str, ...]) -> str | None:
        """The name of the first of these conditions that the patient has."""
        return next(
            (condition.name for condition in self.chart.conditions if condition.id in ids), None
        )

    @property
    def _problem_list(self) -> str:
        """What a gate that asks for conditions passed on."""
        unknown = "conditions" in self.chart.unknown
        return "problem list not received" if unknown else "not on the problem list"

    def _obstetric(self, condition: str) -> Assessment:
        """G2: a low level for information; nothing while obstetric magnesium is being ordered."""
        newest = self.evidence.magnesium.measurement
        redose = self.protocol.document.target.redose_below.value.value
        ordered = self.evidence.replacement
        if newest is None or newest.value >= redose or ordered.selected or ordered.elsewhere:
            return self._silent(NOT_APPLICABLE, "G2", "G2")
        return self._answer(NOT_APPLICABLE, "G2", CardKind.OBSTETRIC, condition=condition)

    def _indeterminate(self) -> Assessment:
        """G4: say what stands in the way; ask for a level only for a reason (settled 12, 13)."""
        evidence = self.evidence
        wanted = self._wants_level()
        ordered = evidence.is_level_ordered(Analyte.MAGNESIUM)
        self._find(INDETERMINATE)
        self._find_rates()
        warned = any(finding.indicator == "warning" for finding in self.found.all())
        offers: tuple[Offer, ...] = ()
        recheck = None
        if wanted and not ordered:
            why, drug = wanted
            self.found.add("level-wanted", why=why, drug=drug)
            recheck = self._at_once(Analyte.MAGNESIUM, "routine")
            offers = (Offer("level", True, (recheck,)),)
        if not (offers or warned or self._fresh_riddles() or not evidence.magnesium.complete):
            return self._silent(INDETERMINATE, "G4", "level-ordered" if wanted else "no-result")
        return self._answer(
            INDETERMINATE, "G4", CardKind.INDETERMINATE, recheck=recheck, offers=offers
        )

    def _wants_level(self) -> tuple[str, str | None] | None:
        """Why a level is worth having without a band, and the drug by which it is (settled 13)."""
        evidence = self.evidence
        if self._is_stale_and_perhaps_low():
            return "wanted-stale", None
        if evidence.potassium_is_low:
            return "wanted-potassium", None
        if evidence.magnesium_is_selected:
            return "wanted-magnesium", None
        for kind in (DrugClass.QT, DrugClass.DIGOXIN, DrugClass.POTASSIUM):
            drug = evidence.drug(kind, selected_only=True)
            if drug is not None:
                return "wanted-drug", drug
        return None

    def _fresh_riddles(self) -> bool:
        """Whether a recent result, or one without a time, might have been a magnesium."""
        window = self.protocol.document.windows.magnesium.value.span
        return any(
            item.time is None or self.chart.now - item.time.at <= window
            for item in self.evidence.magnesium.worth_saying
        )

    def _is_stale_and_perhaps_low(self) -> bool:
        """Whether the newest result is too old and was low, or cannot be judged (settled 12)."""
        windows = self.protocol.document.windows
        limit = windows.stale_reminder.value.span
        magnesium = self.evidence.magnesium
        if magnesium.stale is not None:
            band = certain_band(magnesium.stale, self.protocol)
            recent = self.chart.now - magnesium.stale.time.at <= limit
            return recent and (band is None or band.id in _DOSED)
        culprit = magnesium.culprit
        if culprit is None or culprit.time is None or culprit not in magnesium.worth_saying:
            return False
        return windows.magnesium.value.span < self.chart.now - culprit.time.at <= limit

    # ------------------------------------------------------------------ mild, normal, high

    def _without_need(self, band: Band) -> Assessment:
        """DT5 to DT7: no dose, and mostly nothing to say (settled 14)."""
        for guard in _GUARDS:
            self._passed_over(guard)
        row = self.protocol.rows[band.id, None]
        self._step(row.id, True, f"band {band.id}")
        evidence = self.evidence
        self._find(band.id)
        if band.id == "mild":
            related = evidence.magnesium_is_selected or evidence.selects(
                DrugClass.POTASSIUM, DrugClass.QT, DrugClass.DIGOXIN, DrugClass.MAGNESIUM_WASTING
            )
            card = CardKind.MILD if related else None
        elif band.id == "normal":
            card = CardKind.NOT_LOW if evidence.replacement.selected else None
        else:
            card = CardKind.NOT_LOW if self._magnesium_is_ordered() else None
        if card is None:
            elsewhere = any(order.selected for order in evidence.replacement.elsewhere)
            return self._silent(band.id, row.id, "other-indication" if elsewhere else band.id, row)
        if card is CardKind.NOT_LOW:
            self.found.add("not-low")
        self._find_rates()
        recheck, offers = self._repeat_of_ordered() if band.id == "mild" else (None, ())
        return self._answer(
            band.id,
            row.id,
            card,
            row=row,
            indicator=band.indicator,
            recheck=recheck,
            offers=offers,
        )

    def _repeat_of_ordered(self) -> tuple[PlannedLab | None, tuple[Offer, ...]]:
        """S10, S22: the repeat level for IV magnesium that is drafted at a mild level."""
        selected = self.evidence.replacement.selected
        if not selected:
            return None, ()
        minutes = max((order.dosage.minutes or Decimal(0)) for order in selected)
        end = self._now() + timedelta(minutes=float(minutes))
        if self.evidence.is_level_ordered(Analyte.MAGNESIUM, end):
            return None, ()
        recheck = self._recheck(None, end)
        return recheck, (Offer("recheck", True, (recheck,)),)

    def _magnesium_is_ordered(self) -> bool:
        """Whether magnesium is selected, for no other indication."""
        return any(
            order.is_magnesium and order.indication is None for order in self.evidence.selected
        )

    # ------------------------------------------------------------------ the gates that guard a dose

    def _guard(self, newest: Measurement) -> tuple[str | None, Shut | None]:
        """The first gate that forbids a dose, with the reason; None if there is none."""
        kidneys = self.evidence.kidneys
        function = f"{kidneys.lowest:.1f} mL/min" if kidneys else "renal function unknown"
        ask: dict[str, tuple[Callable[[], Shut | None], str]] = {
            "G5": (lambda: (newest.status, None) if newest.preliminary else None, newest.status),
            "G7": (self._no_kidneys, function),
            "G8": (self._blocked_heart_or_muscle, self._problem_list),
            "G9": (self._unknown_kidneys, function),
            "G6": (self._already_ordered, "none of them"),
        }
        for index, gate in enumerate(_GUARDS):
            question, otherwise = ask[gate]
            shut = question()
            self._step(gate, shut is not None, shut[0] if shut else otherwise)
            if shut is not None:
                for rest in _GUARDS[index + 1 :]:
                    self._passed_over(rest)
                return gate, shut
        return None, None

    def _no_kidneys(self) -> Shut | None:
        condition = self._condition(_NO_KIDNEYS)
        if condition is not None:
            return condition, condition
        kidneys = self.evidence.kidneys
        if kidneys is not None and kidneys.tier is Tier.EXCLUDED:
            return f"{kidneys.lowest:.1f} mL/min", None
        return None

    def _blocked_heart_or_muscle(self) -> Shut | None:
        for condition in self.chart.conditions:
            if condition.id == "myasthenia" or (
                condition.id == "av-block" and "pacemaker" not in self.evidence.conditions
            ):
                return condition.id, condition.name
        return None

    def _unknown_kidneys(self) -> Shut | None:
        if self.evidence.kidneys is None:
            return self.evidence.creatinine.why or "age unknown", None
        return None

    def _already_ordered(self) -> Shut | None:
        replacement = self.evidence.replacement
        if not replacement.counts:
            return None
        places = {
            "drafted": replacement.selected or replacement.drafted or replacement.elsewhere,
            "running": replacement.running,
            "given": replacement.given,
            "a drug that cannot be read": replacement.unreadable,
        }
        return ", ".join(name for name, orders in places.items() if orders), None

    # ------------------------------------------------------------------ the answers of a low level

    def _suggested(self, band: Band) -> Assessment:
        row, dosing = self._row(band)
        self._step(row.id, True, f"band {band.id}, renal tier {row.tier}")
        self._find(band.id)
        findings.about_unreadable_orders(self.evidence.selected, self.found)
        recheck = self._recheck(row, self._end(dosing))
        offers = [Offer("dose", True, (recheck,), dosing, priority=row.priority)]
        for option in row.options:
            later = self._recheck(row, self._end(option))
            offers.append(
                Offer("option", False, (later,), option, option.when, priority=row.priority)
            )
        offers.append(Offer("recheck", False, (recheck,)))
        return self._answer(
            band.id,
            row.id,
            CardKind.DOSE,
            row=row,
            indicator=band.indicator,
            dosing=dosing,
            recheck=recheck,
            offers=tuple(offers),
        )

    def _forbidden(self, band: Band, gate: str, shut: Shut) -> Assessment:
        """G5, G7, G8, G9: no dose; magnesium that is ordered all the same is named (settled 2)."""
        row, dosing = self._row(band)
        self._find(band.id)
        for order in (*self.evidence.replacement.selected, *self.evidence.replacement.others):
            if gate != "G5":
                self.found.add("despite-gate", order=order)
        self._find_rates()
        recheck, reference = None, None
        offers: tuple[Offer, ...] = ()
        if gate != "G5":
            recheck = self._recheck(row, self._now())
            labs = [recheck]
            if gate == "G9":
                reference = dosing
                if not self.evidence.is_level_ordered(Analyte.CREATININE):
                    labs.insert(0, self._at_once(Analyte.CREATININE, row.priority))
            if len(labs) > 1:
                offers = (Offer("creatinine", True, tuple(labs)),)
            elif not self.evidence.is_level_ordered(Analyte.MAGNESIUM, recheck.start):
                offers = (Offer("recheck", True, tuple(labs)),)
        return self._answer(
            band.id,
            gate,
            CardKind.NO_DOSE,
            indicator=band.indicator,
            reference=reference,
            recheck=recheck,
            offers=offers,
            condition=shut[1],
        )

    def _ordered(self, band: Band) -> Assessment:
        """G6: never a second dose; the selected draft is checked, the repeat level is offered."""
        replacement = self.evidence.replacement
        row, dosing = self._row(band)
        tier = self.evidence.kidneys.tier if self.evidence.kidneys else Tier.UNKNOWN
        checks = [check(order, dosing, tier, self.protocol) for order in replacement.selected]
        for item in checks:
            for verdict in item.verdicts:
                self.found.add(verdict, order=item.order, dosing=dosing)
        for order in replacement.others:
            if replacement.selected:
                self.found.add("duplicate", order=order)
        for extra in replacement.selected[1:]:
            self.found.add("duplicate", order=extra)
        if not replacement.selected:
            for kind, orders in (
                ("already-ordered", replacement.running),
                ("already-given", replacement.given),
                ("already-drafted", (*replacement.drafted, *replacement.elsewhere)),
            ):
                for order in orders:
                    self.found.add(kind, order=order)
        for order in replacement.unreadable:
            self.found.add("order-unreadable", order=order)
        said = self.found.all()
        self._find(band.id)
        end = self._end_of_orders(dosing, checks)
        recheck = self._recheck(row, end)
        ordered = self.evidence.is_level_ordered(Analyte.MAGNESIUM, end)
        offers = [
            Offer(
                "correct",
                True,
                (self._recheck(row, self._end(item.correction)),),
                item.correction,
                priority=row.priority,
                replaces=item.order,
            )
            for item in checks[:1]
            if item.correction is not None
        ]
        if not ordered:
            offers.append(Offer("recheck", not offers, (recheck,)))
        corrected = offers[0].dosing if offers else None
        warned = any(finding.indicator == "warning" for finding in said)
        unclear = [item for item in checks if item.verdicts] or replacement.unreadable
        if ordered and not unclear and not warned:
            return self._silent(band.id, "G6", "already-ordered", row)
        return self._answer(
            band.id,
            "G6",
            CardKind.ORDERED,
            row=row,
            dosing=corrected,
            reference=dosing if replacement.unreadable else None,
            recheck=offers[0].labs[0] if offers else None,
            offers=tuple(offers),
        )

    # ------------------------------------------------------------------ what the answers need

    def _find(self, band: str) -> None:
        findings.about_results(self.evidence, band, self.found)
        findings.about_company(self.evidence, band, self.found)

    def _find_rates(self) -> None:
        """M8 outside the rows: a rate is too fast whatever the level."""
        for order in self.evidence.replacement.selected:
            if is_too_fast(order, self.protocol):
                self.found.add("rate-high", order=order)

    def _row(self, band: Band) -> tuple[Row, Dosing]:
        """The row of the band and the renal tier; the standard one where the tier decides none."""
        kidneys = self.evidence.kidneys
        reduced = kidneys is not None and kidneys.tier is Tier.REDUCED
        row = self.protocol.rows[band.id, Tier.REDUCED if reduced else Tier.STANDARD]
        if row.dosing is None:
            raise AssertionError(f"row {row.id} of a dosed band has no dose")
        return row, row.dosing

    def _now(self) -> datetime:
        return self.chart.now.replace(microsecond=0)

    def _end(self, dosing: Dosing) -> datetime:
        return self._now() + timedelta(minutes=float(dosing.over.value))

    def _end_of_orders(self, dosing: Dosing, checks: list[DraftCheck]) -> datetime:
        """The planned end of the last magnesium: corrected, drafted, running or given."""
        replacement = self.evidence.replacement
        ends = [
            self._end(item.correction)
            if item.correction is not None
            else planned_end(item.order, self._now(), dosing)
            for item in checks
        ]
        ends += [
            planned_end(order, self._now(), dosing)
            for order in (*replacement.others, *replacement.elsewhere, *replacement.unreadable)
        ]
        return max(ends)

    def _recheck(self, row: Row | None, end: datetime) -> PlannedLab:
        """The repeat level after a planned end; now if its time is past already (settled 8)."""
        recheck = self.protocol.document.recheck
        now = self._now()
        last = end + recheck.to.span
        priority = (row.priority if row is not None else None) or "routine"
        if last <= now:
            return PlannedLab(Analyte.MAGNESIUM, now, now, now=True, priority=priority)
        first = max(end + recheck.from_.span, now)
        return PlannedLab(Analyte.MAGNESIUM, first, last, now=False, priority=priority)

    def _at_once(self, analyte: Analyte, priority: str | None) -> PlannedLab:
        now = self._now()
        return PlannedLab(analyte, now, now, now=True, priority=priority or "routine")

    def _silent(self, band: str, rule: str, silence: str, row: Row | None = None) -> Assessment:
        return self._answer(band, rule, None, silence=silence, row=row)

    def _answer(
        self,
        band: str,
        rule: str,
        card: CardKind | None,
        *,
        row: Row | None = None,
        silence: str | None = None,
        indicator: str = "info",
        dosing: Dosing | None = None,
        reference: Dosing | None = None,
        recheck: PlannedLab | None = None,
        offers: tuple[Offer, ...] = (),
        condition: str | None = None,
    ) -> Assessment:
        tried = {step.id for step in self.trace}
        for gate in (*_BEFORE_THE_BAND, *_GUARDS):
            if gate not in tried:
                self._passed_over(gate)
        said = self.found.all()
        if any(finding.indicator == "warning" for finding in said):
            indicator = "warning"
        return Assessment(
            evidence=self.evidence,
            band=band,
            rule=rule,
            row=row,
            card=card,
            silence=silence,
            indicator=indicator,
            dosing=dosing,
            reference=reference,
            recheck=recheck,
            offers=offers,
            findings=said,
            condition=condition,
            trace=tuple(self.trace),
        )

    def _step(self, gate: str, decided: bool, because: str) -> None:
        outcome = Outcome.DECIDED if decided else Outcome.PASSED
        self.trace.append(Step(gate, self._question(gate), outcome, because))

    def _passed_over(self, gate: str) -> None:
        self.trace.append(Step(gate, self._question(gate), Outcome.NOT_ASKED, "decided before"))

    def _question(self, gate: str) -> str:
        known = self.protocol.gates.get(gate)
        return (
            fill(known.asks, self.protocol.words)
            if known
            else "Does this row of the decision table apply?"
        )
