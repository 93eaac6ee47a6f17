"""`assess`: what a protocol says about a chart. Pure: no FHIR, no clock, no state.

The order is the one of settled 1 and 2: the gates before the band, the band, the gates that
guard a dose, the row. Every step that is tried is kept, so that a decision can be explained.
"""

from collections.abc import Iterable
from typing import Final

from hooks.chart.chart import Chart
from hooks.chart.codes.drugs import DrugClass
from hooks.chart.order import Order, Place
from hooks.chart.units import Analyte
from hooks.protocol import findings, gates
from hooks.protocol.assessment import Assessment, CardKind, Offer, Outcome, PlannedLab, Step
from hooks.protocol.course import may_be_answered
from hooks.protocol.draft import DraftCheck, check, dangers, is_too_fast
from hooks.protocol.evidence import Evidence, certain_band, gather, with_kidneys
from hooks.protocol.findings import Findings
from hooks.protocol.gates import Ruling
from hooks.protocol.levels import Levels
from hooks.protocol.model import DOSED, Band, Dosing, Row, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import fill

INDETERMINATE: Final = "indeterminate"
NOT_APPLICABLE: Final = "not-applicable"

_RELATED: Final = (
    DrugClass.POTASSIUM,
    DrugClass.QT,
    DrugClass.DIGOXIN,
    DrugClass.MAGNESIUM_WASTING,
)


def assess(chart: Chart, protocol: Protocol) -> Assessment:
    """Decide what to say about the chart, by the protocol alone."""
    return _Case(gather(chart, protocol)).decide()


class _Case:
    """One chart on its way through the protocol."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.protocol = evidence.protocol
        self.levels = Levels(evidence)
        self.found = Findings(evidence.protocol)
        self.trace: list[Step] = []

    def decide(self) -> Assessment:
        for gate, ask in gates.BEFORE_THE_BAND.items():
            ruling = ask(self.evidence)
            self._step(gate, ruling.shut, ruling.because)
            if ruling.shut:
                return self._stopped(gate, ruling)
        band = self._band()
        if band.id not in DOSED:
            return self._without_need(band)
        patient = self.evidence.chart.patient
        if patient is not None:
            self.evidence = with_kidneys(self.evidence, patient)
        for gate, ask in gates.GUARDS.items():
            ruling = ask(self.evidence)
            self._step(gate, ruling.shut, ruling.because)
            if ruling.shut:
                return self._ordered(band) if gate == "G6" else self._barred(band, gate, ruling)
        return self._suggested(band)

    def _band(self) -> Band:
        newest = self.evidence.magnesium.measurement
        band = certain_band(newest, self.protocol) if newest is not None else None
        if band is None:
            raise AssertionError("G4 let a magnesium pass that fits no band, or several")
        return band

    # ------------------------------------------------------------------ a gate before the band

    def _stopped(self, gate: str, ruling: Ruling) -> Assessment:
        match gate:
            case "G2":
                return self._obstetric(ruling)
            case "G3":
                card = CardKind.EMERGENCY
                return self._answer(
                    NOT_APPLICABLE, gate, card, indicator="warning", condition=ruling.condition
                )
            case "G4":
                return self._indeterminate()
            case _:
                return self._silent(NOT_APPLICABLE, gate, gate)

    def _obstetric(self, ruling: Ruling) -> Assessment:
        """G2: a low level for information; nothing while obstetric magnesium is being ordered."""
        newest = self.evidence.magnesium.measurement
        redose = self.protocol.document.target.redose_below.value.value
        ordered = self.evidence.replacement
        if newest is None or newest.value >= redose or ordered.selected or ordered.elsewhere:
            return self._silent(NOT_APPLICABLE, "G2", "G2")
        return self._answer(NOT_APPLICABLE, "G2", CardKind.OBSTETRIC, condition=ruling.condition)

    def _indeterminate(self) -> Assessment:
        """G4: say what stands in the way; ask for a level only for a reason (settled 12, 13)."""
        wanted = self.levels.reason_without_band()
        self._find(INDETERMINATE)
        self._find_rates()
        recheck = None
        offers: tuple[Offer, ...] = ()
        if wanted and not self.levels.is_ordered(Analyte.MAGNESIUM):
            why, drug = wanted
            self.found.add("level-wanted", why=why, drug=drug)
            recheck = self.levels.at_once(Analyte.MAGNESIUM)
            offers = (Offer("level", True, (recheck,)),)
        if not (
            offers
            or self.found.has_warning
            or self.levels.has_fresh_riddle()
            or not self.evidence.magnesium.complete
        ):
            return self._silent(INDETERMINATE, "G4", "level-ordered" if wanted else "no-result")
        card = CardKind.INDETERMINATE
        return self._answer(INDETERMINATE, "G4", card, recheck=recheck, offers=offers)

    # ------------------------------------------------------------------ mild, normal, high

    def _without_need(self, band: Band) -> Assessment:
        """DT5 to DT7: no dose, and mostly nothing to say (settled 14)."""
        row = self.protocol.rows[band.id, None]
        self._step(row.id, True, f"band {band.id}")
        replacement = self.evidence.replacement
        other = [order for order in replacement.limited if order.selected]
        # A high level is a warning whatever the magnesium is for; other levels are no reason
        # against magnesium for asthma (clinical 2.2).
        ordered = [*replacement.selected, *(other if band.id == "high" else [])]
        barred = self._find_without_dose(band, bool(ordered))
        evidence = self.evidence
        card = None
        match band.id:
            case "mild" if evidence.magnesium_is_selected or evidence.selects(*_RELATED):
                card = CardKind.MILD
            case "normal" if ordered:
                card = CardKind.NOT_LOW
            case "high" if evidence.magnesium_is_selected or ordered:
                card = CardKind.NOT_LOW
        if card is None and any(is_too_fast(order, self.protocol) for order in other):
            card = CardKind.RATE
        if card is None:
            elsewhere = any(order.selected for order in replacement.elsewhere)
            return self._silent(band.id, row.id, "other-indication" if elsewhere else band.id, row)
        if card is CardKind.NOT_LOW:
            self.found.add("not-low")
        if card is not CardKind.RATE:
            self._check_without_need(band, barred, ordered)
        self._find_rates()
        recheck, offers = (
            self._repeat_of_selected(recommended=barred is None)
            if card is CardKind.MILD
            else (None, ())
        )
        return self._answer(
            band.id,
            row.id,
            card,
            row=row,
            indicator=band.indicator,
            recheck=recheck,
            offers=offers,
        )

    def _find_without_dose(self, band: Band, is_ordered: bool) -> str | None:
        """What is found beside a level that needs no dose; returns what speaks against magnesium.

        Magnesium by mouth needs kidneys too, and so does what is being ordered all the same.
        """
        barred, unknown = None, False
        if band.id == "mild" or is_ordered or self.evidence.replacement.answered:
            barred, unknown = self._against_magnesium()
        self._find(band.id, barred=barred is not None)
        by_mouth = band.id == "mild" or self.found.has("recovered")
        if barred is not None and by_mouth:
            self.found.add("barred-by-mouth", condition=barred)
            drug = self.evidence.drug(DrugClass.ORAL_MAGNESIUM, selected_only=True)
            if drug is not None:
                self.found.add("oral-ordered", drug=drug)
        elif unknown and (by_mouth or is_ordered):
            self.found.add("kidneys-unknown")
        return barred

    def _check_without_need(self, band: Band, barred: str | None, ordered: Iterable[Order]) -> None:
        """Clinical 5a: gates, kidneys and duplicates of magnesium that the level does not ask for.

        The guards of a dose decide nothing here (settled 1); `barred` is what they say.
        """
        replacement = self.evidence.replacement
        kidneys = self.evidence.kidneys
        told: set[int] = set()
        if barred is not None:
            for order in (*ordered, *replacement.drafted, *replacement.running):
                told.add(id(order))
                self.found.add("despite-gate", order=order, condition=barred)
        elif kidneys is not None and kidneys.tier is Tier.REDUCED:
            for order in ordered:
                self.found.add("ordered-reduced", order=order)
        elif band.id == "mild":
            for order in ordered:
                self.found.add("being-ordered", order=order)
        if replacement.selected:
            specimen, windows = self.evidence.magnesium.measurement, self.protocol.document.windows
            for order in (*replacement.others, *replacement.selected[1:]):
                if id(order) not in told and not may_be_answered(order, specimen, windows):
                    self.found.add("duplicate", order=order)
        findings.about_unread_problems(self.evidence, self.found)

    def _against_magnesium(self) -> tuple[str | None, bool]:
        """What speaks against magnesium, also by mouth, and whether the kidneys are unknown.

        The guards of a dose decide nothing here (settled 1); what they would say is a caution.
        """
        patient = self.evidence.chart.patient
        if patient is not None:
            self.evidence = with_kidneys(self.evidence, patient)
        for gate in ("G7", "G8"):
            ruling = gates.GUARDS[gate](self.evidence)
            if ruling.shut:
                low = fill(self.protocol.document.words.low_function, self.protocol.words)
                return ruling.condition or low, False
        return None, self.evidence.kidneys is None

    def _repeat_of_selected(
        self, *, recommended: bool
    ) -> tuple[PlannedLab | None, tuple[Offer, ...]]:
        """S10, S22: the repeat level for IV magnesium that is drafted at a mild level."""
        end = self.levels.end_of_selected()
        if not self.evidence.replacement.selected or self.levels.is_ordered(Analyte.MAGNESIUM, end):
            return None, ()
        recheck = self.levels.recheck(end)
        return recheck, (Offer("recheck", recommended, (recheck,)),)

    # ------------------------------------------------------------------ severe and moderate

    def _suggested(self, band: Band) -> Assessment:
        row, dosing = self._row(band)
        self._step(row.id, True, f"band {band.id}, renal tier {row.tier}")
        self._find(band.id)
        findings.about_earlier_doses(self.evidence, self.found)
        findings.about_unreadable_orders(self.evidence, self.found)
        findings.about_unread_problems(self.evidence, self.found)
        recheck = self.levels.recheck(self.levels.end_of(dosing), row)
        offers = [Offer("dose", True, (recheck,), dosing, priority=row.priority)]
        for option in row.options:
            later = self.levels.recheck(self.levels.end_of(option), row)
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

    def _barred(self, band: Band, gate: str, ruling: Ruling) -> Assessment:
        """G5, G7, G8, G9: no dose; magnesium that is ordered all the same is named (settled 2)."""
        row, dosing = self._row(band)
        self._find(band.id, barred=True)
        self._find_rates()
        replacement = self.evidence.replacement
        # A result that is preliminary now is nothing to check a dose by that was given before.
        given = () if gate == "G5" else replacement.given
        stays = (*replacement.drafted, *replacement.running)
        for order in (*replacement.selected, *stays, *given, *replacement.elsewhere):
            self.found.add("despite-gate", order=order)
        if gate == "G5":
            return self._answer(band.id, gate, CardKind.NO_DOSE, indicator=band.indicator)
        recheck = self.levels.recheck(self.levels.now, row)
        wants_creatinine = gate == "G9" and not self.levels.is_ordered(Analyte.CREATININE)
        offers: tuple[Offer, ...] = ()
        if wants_creatinine:
            creatinine = self.levels.at_once(Analyte.CREATININE, row)
            offers = (Offer("creatinine", True, (creatinine, recheck)),)
        elif not self.levels.is_ordered(Analyte.MAGNESIUM, recheck.start):
            offers = (Offer("recheck", True, (recheck,)),)
        return self._answer(
            band.id,
            gate,
            CardKind.NO_DOSE,
            indicator=band.indicator,
            reference=dosing if gate == "G9" else None,
            recheck=recheck,
            offers=offers,
            condition=ruling.condition,
        )

    def _ordered(self, band: Band) -> Assessment:
        """G6: never a second dose; the selected draft is checked, the repeat level is offered."""
        replacement = self.evidence.replacement
        row, dosing = self._row(band)
        tier = self.evidence.kidneys.tier if self.evidence.kidneys else Tier.UNKNOWN
        alone = len(replacement.selected) == 1 and not (
            replacement.others or replacement.elsewhere or replacement.selected[0].is_recorded
        )
        checks = [
            check(
                order,
                dosing,
                tier,
                self.protocol,
                alone=alone,
                beside_unreadable=replacement.beside_unreadable,
            )
            for order in replacement.selected
        ]
        self._find_in_orders(checks, dosing)
        for order in replacement.drafted:
            for danger in dangers(order, dosing, tier, self.protocol):
                self.found.add(danger, order=order, dosing=dosing)
        for order in replacement.limited:
            if is_too_fast(order, self.protocol):
                self.found.add("rate-high", order=order)
        is_plain = not (
            self.found.has_warning
            or replacement.unreadable
            or any(item.verdicts for item in checks)
        )
        self._find(band.id)
        if replacement.beside_unreadable:
            self.found.add("others-unreadable")
        findings.about_unread_problems(self.evidence, self.found)
        end = self.levels.end_of_orders(dosing, checks)
        recheck = self.levels.recheck(end, row)
        is_repeated = self.levels.is_ordered(Analyte.MAGNESIUM, end)
        if is_plain and is_repeated:
            return self._silent(band.id, "G6", "already-ordered", row)
        offers = self._corrections(checks, row)
        if not is_repeated:
            kind = "level" if recheck.now else "recheck"
            offers = (*offers, Offer(kind, not offers, (recheck,)))
        return self._answer(
            band.id,
            "G6",
            CardKind.ORDERED,
            row=row,
            dosing=offers[0].dosing if offers else None,
            reference=dosing if replacement.unreadable else None,
            recheck=offers[0].labs[0] if offers else None,
            offers=offers,
        )

    def _corrections(self, checks: list[DraftCheck], row: Row) -> tuple[Offer, ...]:
        return tuple(
            Offer(
                "correct",
                index == 0,
                (self.levels.recheck(self.levels.end_of(item.correction), row),),
                item.correction,
                priority=row.priority,
                replaces=item.order,
            )
            for index, item in enumerate(item for item in checks if item.correction)
            if item.correction is not None
        )

    # ------------------------------------------------------------------ what the answers need

    def _row(self, band: Band) -> tuple[Row, Dosing]:
        """The row of the band and the renal tier; the standard one where the tier decides none."""
        kidneys = self.evidence.kidneys
        reduced = kidneys is not None and kidneys.tier is Tier.REDUCED
        row = self.protocol.rows[band.id, Tier.REDUCED if reduced else Tier.STANDARD]
        if row.dosing is None:
            raise AssertionError(f"row {row.id} of a dosed band has no dose")
        return row, row.dosing

    def _find(self, band: str, *, barred: bool = False) -> None:
        """What results and company say; `barred`: nothing that speaks of a dose or for one."""
        findings.about_results(self.evidence, band, self.found, barred=barred)
        findings.about_company(self.evidence, band, self.found, barred=barred)

    def _find_rates(self) -> None:
        """M8 outside the rows: a rate is too fast whatever the level."""
        replacement = self.evidence.replacement
        asthma = (order for order in replacement.limited if order.selected)
        for order in (*replacement.selected, *asthma):
            if is_too_fast(order, self.protocol):
                self.found.add("rate-high", order=order)

    def _find_in_orders(self, checks: list[DraftCheck], dosing: Dosing) -> None:
        """What is wrong with the selected drafts, or which orders count without any."""
        replacement = self.evidence.replacement
        for item in checks:
            for verdict in item.verdicts:
                self.found.add(verdict, order=item.order, dosing=dosing)
        kinds = {
            "duplicate": (*replacement.others, *replacement.selected[1:]) if checks else (),
            "on-hold": () if checks else _on_hold(replacement.running, wanted=True),
            "already-ordered": () if checks else _on_hold(replacement.running, wanted=False),
            "stopped": () if checks else replacement.stopped,
            "already-given": () if checks else replacement.completed(several=False),
            "doses-since": () if checks else replacement.completed(several=True),
            "already-drafted": () if checks else (*replacement.drafted, *replacement.elsewhere),
            "order-unreadable": replacement.unreadable,
        }
        for kind, orders in kinds.items():
            for order in orders:
                self.found.add(kind, order=order)

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
        for gate in (*gates.BEFORE_THE_BAND, *gates.GUARDS):
            if gate not in tried:
                self.trace.append(
                    Step(gate, self._question(gate), Outcome.NOT_ASKED, "decided before")
                )
        return Assessment(
            evidence=self.evidence,
            band=band,
            rule=rule,
            row=row,
            card=card,
            silence=silence,
            indicator="warning" if self.found.has_warning else indicator,
            dosing=dosing,
            reference=reference,
            recheck=recheck,
            offers=offers,
            findings=self.found.all(),
            condition=condition,
            trace=tuple(self.trace),
        )

    def _step(self, gate: str, decided: bool, because: str) -> None:
        outcome = Outcome.DECIDED if decided else Outcome.PASSED
        self.trace.append(Step(gate, self._question(gate), outcome, because))

    def _question(self, gate: str) -> str:
        return self.protocol.questions.get(gate, "Does this row of the decision table apply?")


def _on_hold(orders: Iterable[Order], *, wanted: bool) -> tuple[Order, ...]:
    """The orders that are on hold, or those that are not."""
    return tuple(order for order in orders if (order.place is Place.ON_HOLD) == wanted)
