"""A case: one chart on its way through the protocol, and what has been found on the way."""

from collections.abc import Callable, Mapping
from typing import Final

from hooks.chart.fact import Fact
from hooks.chart.order import Order
from hooks.protocol import findings, gates
from hooks.protocol.assessment import Assessment, CardKind, Offer, Outcome, PlannedLab, Step
from hooks.protocol.draft import is_too_fast
from hooks.protocol.evidence import Evidence, certain_band, with_kidneys
from hooks.protocol.findings import Findings
from hooks.protocol.gates import Ruling
from hooks.protocol.levels import Levels
from hooks.protocol.model import Band, Dosing, Row, Tier
from hooks.protocol.wanted import WantedLevel

#: What the rows ask, as the gates ask what the protocol file says.
_OF_A_ROW: Final = "Does this row of the decision table apply?"


class Shut(Fact, frozen=True):
    """A gate that is shut, and the condition that shut it, if one did."""

    gate: str
    condition: str | None


class Case:
    """What the steps of a decision share: the evidence, the findings, the levels, the trace."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.protocol = evidence.protocol
        self.levels = Levels(evidence)
        self.found = Findings(evidence.protocol)
        self._trace: list[Step] = []

    def first_shut(self, asked: Mapping[str, Callable[[Evidence], Ruling]]) -> Shut | None:
        """Ask the gates in their order until one is shut; None if all are open."""
        for gate, ask in asked.items():
            ruling = ask(self.evidence)
            outcome = Outcome.DECIDED if ruling.shut else Outcome.PASSED
            self._trace.append(Step(gate, self.protocol.questions[gate], outcome, ruling.because))
            if ruling.shut:
                return Shut(gate, ruling.condition)
        return None

    def band(self) -> Band:
        """The band of the magnesium that counts, once G4 is open."""
        newest = self.evidence.magnesium.measurement
        band = certain_band(newest, self.protocol) if newest is not None else None
        if band is None:
            raise AssertionError("G4 let a magnesium pass that fits no band, or several")
        return band

    def examine_kidneys(self) -> None:
        """Add renal function to the evidence, as far as it can be known."""
        patient = self.evidence.chart.patient
        if patient is not None:
            self.evidence = with_kidneys(self.evidence, patient)

    def row_with_dose(self, band: Band) -> tuple[Row, Dosing]:
        """The row of the band and the renal tier; the standard one where the tier decides none."""
        kidneys = self.evidence.kidneys
        reduced = kidneys is not None and kidneys.tier is Tier.REDUCED
        row = self.protocol.rows[band.id, Tier.REDUCED if reduced else Tier.STANDARD]
        if row.dosing is None:
            raise AssertionError(f"row {row.id} of a dosed band has no dose")
        return row, row.dosing

    def decided(self, row: Row, because: str) -> None:
        """Keep in the trace that a row of the decision table decides."""
        self._trace.append(Step(row.id, _OF_A_ROW, Outcome.DECIDED, because))

    def find(self, band: str, *, barred: bool = False) -> None:
        """Find what results and company say; `barred`: nothing that speaks of a dose or for one."""
        findings.about_results(self.evidence, band, self.found, barred=barred)
        findings.about_company(self.evidence, band, self.found, barred=barred)

    def limited_elsewhere(self) -> tuple[Order, ...]:
        """The selected drafts for another indication whose rate is limited all the same."""
        return tuple(order for order in self.evidence.replacement.limited if order.selected)

    def find_rates(self) -> None:
        """M8 outside the rows: a rate is too fast whatever the level."""
        for order in (*self.evidence.replacement.selected, *self.limited_elsewhere()):
            if is_too_fast(order, self.protocol):
                self.found.add("rate-high", order=order)

    def is_ordered(self, wanted: WantedLevel) -> bool:
        """Whether a wanted level is ordered; one that is planned too late is found (S22)."""
        if self.levels.is_ordered(wanted):
            return True
        later = self.levels.later_than(wanted)
        if later is not None:
            self.found.add("level-later", analyte=wanted.analyte, planned=later)
        return False

    def silent(self, band: str, rule: str, silence: str, row: Row | None = None) -> Assessment:
        """The assessment that says nothing, and why."""
        return self.answer(band, rule, None, silence=silence, row=row)

    def answer(
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
        """The assessment, with all that was found and tried on the way; see its own fields."""
        tried = {step.id for step in self._trace}
        for gate in gates.ASKED:
            if gate not in tried:
                question = self.protocol.questions[gate]
                self._trace.append(Step(gate, question, Outcome.NOT_ASKED, "decided before"))
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
            trace=tuple(self._trace),
        )
