"""The `order-select` service: what it asks for, and read, decide, answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hooks.cards.orders import Addressee
from hooks.cards.writer import CardWriter
from hooks.chart.chart import Chart
from hooks.chart.codes import conditions
from hooks.chart.codes.drugs import DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.context import OrderContext, read_context
from hooks.chart.fact import Fact
from hooks.chart.reader import ChartReader, Prefetch
from hooks.chart.units import Analyte
from hooks.protocol.assess import assess
from hooks.protocol.assessment import Assessment
from hooks.protocol.protocol import Protocol

#: Results to ask for: a week of creatinine in intensive care, a short history of the others.
_MOST_RESULTS: Final = {
    Analyte.MAGNESIUM: 20,
    Analyte.POTASSIUM: 10,
    Analyte.CREATININE: 60,
    Analyte.WEIGHT: 5,
    Analyte.QTC: 3,
    Analyte.EGFR: 5,
}


#: What else the protocol looks at; each may stay away, and a card then says so.
_ORDERS_AND_PROBLEMS: Final = {
    "medications": (
        "MedicationRequest?patient={{context.patientId}}&intent=order"
        "&status=active,on-hold,completed,stopped&_sort=-authoredon&_count=100"
    ),
    "labOrders": (
        "ServiceRequest?patient={{context.patientId}}&status=active&_sort=-authored&_count=50"
    ),
    "conditions": "Condition?patient={{context.patientId}}&clinical-status=active&_count=100",
}


class Answer(Fact, frozen=True):
    """What goes back to the EHR: the cards, and `assessment`, the JSON of the root extension.

    `decision` is the Assessment that both were written from; None where nothing gave a reason to
    look at the patient.
    """

    cards: list[dict[str, Any]]
    assessment: dict[str, Any]
    decision: Assessment | None

    @property
    def chart(self) -> Chart | None:
        """The chart that was decided on, None without a decision."""
        return None if self.decision is None else self.decision.chart


class OrderSelect:
    """Magnesium replacement advice at the moment of choosing orders."""

    id: Final = "magnesium-replacement"
    hook: Final = "order-select"
    required: Final = frozenset({"patient", Analyte.MAGNESIUM.value})

    def __init__(
        self, protocol: Protocol, lab_codes: LabCodes, drug_codes: DrugCodes, base_url: str | None
    ) -> None:
        self.protocol = protocol
        self.reader = ChartReader(lab_codes, drug_codes, conditions.load())
        self._cards = CardWriter(protocol, base_url)
        self.prefetch: Mapping[str, str] = {
            "patient": "Patient/{{context.patientId}}",
            **{analyte.value: _query(analyte, lab_codes) for analyte in Analyte},
            **_ORDERS_AND_PROBLEMS,
        }

    def discovery(self) -> dict[str, Any]:
        """The entry of the discovery document."""
        return {
            "hook": self.hook,
            "id": self.id,
            "title": self.protocol.document.protocol.title,
            "description": (
                "Reads magnesium, potassium and creatinine while orders are being selected, and"
                " suggests magnesium sulfate and a repeat level by a protocol that the site owns."
            ),
            "usageRequirements": (
                "FHIR R4. Needs the patient and the magnesium results, and cannot answer without"
                " them; without creatinine it suggests no dose. Adults only."
            ),
            "prefetch": dict(self.prefetch),
        }

    def read_context(self, context: Mapping[str, Any]) -> OrderContext:
        """Read the hook's context. Raises InvalidContext or NotEvaluable."""
        return read_context(context)

    def needs_data(self, context: OrderContext) -> bool:
        """Whether any selected order is one that this service speaks about."""
        return self._nothing_ordered(context) is None

    def answer(self, context: OrderContext, prefetch: Prefetch, now: datetime) -> Answer:
        """Read, decide, answer. Raises MissingData if the patient is somebody else."""
        silence = self._nothing_ordered(context)
        if silence is not None:
            return Answer([], self._cards.silent(silence, now), None)
        chart = self.reader.read(context, prefetch, now)
        return self.word(context, assess(chart, self.protocol))

    def word(self, context: OrderContext, assessment: Assessment) -> Answer:
        """Put an assessment into words, for whoever selected the orders."""
        newest = assessment.evidence.magnesium.measurement
        addressee = Addressee(
            context.patient_id,
            context.encounter_id,
            context.user_id,
            newest.reference if newest else None,
            assessment.chart.now,
        )
        card, account = self._cards.write(assessment, addressee, context.drafts)
        return Answer([] if card is None else [card.to_json()], account, assessment)

    def _nothing_ordered(self, context: OrderContext) -> str | None:
        """Why the selection gives no reason to look at the patient, None if it does."""
        types = self.protocol.document.scope.orders.types
        orders = [draft for draft in context.selected if draft.type in types]
        if not orders:
            return "not-ordered"
        return "blank-draft" if all(draft.is_blank for draft in orders) else None


def _query(analyte: Analyte, lab_codes: LabCodes) -> str:
    codes = ",".join(f"{code.system}|{code.code}" for code in lab_codes.included(analyte))
    return (
        f"Observation?patient={{{{context.patientId}}}}&code={codes}"
        f"&_sort=-date&_count={_MOST_RESULTS[analyte]}"
    )
