"""The `order-select` service: what it asks for, and read, decide, answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hooks.cards.orders import Addressee
from hooks.cards.writer import CardWriter
from hooks.chart.bundle import is_partial
from hooks.chart.chart import Chart, Series
from hooks.chart.codes import conditions
from hooks.chart.codes.drugs import DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.context import OrderContext, read_context
from hooks.chart.labs import read_series
from hooks.chart.order import LabOrder, Order
from hooks.chart.orders import OrderReader, told_once
from hooks.chart.patient import read_patient
from hooks.chart.problems import Problems, read_problems
from hooks.chart.reason import ConditionIndex
from hooks.chart.units import Analyte
from hooks.protocol.assess import assess
from hooks.protocol.assessment import Assessment
from hooks.protocol.protocol import Protocol

Prefetch = Mapping[str, dict[str, Any] | None]

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


@dataclass(frozen=True, slots=True)
class Answer:
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
        self._codes = lab_codes
        self._conditions = conditions.load()
        self._orders = OrderReader(drug_codes, self._conditions, lab_codes)
        self._cards = CardWriter(protocol, base_url)
        self.prefetch: Mapping[str, str] = {
            "patient": "Patient/{{context.patientId}}",
            **{analyte.value: self._query(analyte) for analyte in Analyte},
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
        chart = self.read(context, prefetch, now)
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

    def read(self, context: OrderContext, prefetch: Prefetch, now: datetime) -> Chart:
        """The chart of the call at `now`. Raises MissingData if the patient is somebody else."""
        patient = read_patient(prefetch.get("patient"), context.patient_id)
        results = {
            analyte.value: self.read_results(analyte, context, prefetch) for analyte in Analyte
        }
        problems = self.read_problems(context, prefetch, now)
        return Chart(
            now,
            patient,
            orders=self.read_orders(context, prefetch),
            lab_orders=self.read_levels(context, prefetch),
            conditions=problems.known,
            unread_problems=problems.unread,
            unknown=frozenset(
                [
                    key
                    for key in _ORDERS_AND_PROBLEMS
                    if key not in prefetch or is_partial(prefetch[key])
                ]
            ),
            **results,
        )

    def read_results(self, analyte: Analyte, context: OrderContext, prefetch: Prefetch) -> Series:
        """The results of one analyte."""
        if analyte not in prefetch:
            return Series(available=False)
        return read_series(analyte, prefetch[analyte], context.patient_id, self._codes)

    def read_orders(self, context: OrderContext, prefetch: Prefetch) -> tuple[Order, ...]:
        """The medication orders: drafted, running and given, each of them once."""
        index = ConditionIndex(prefetch.get("conditions"), context.patient_id)
        return told_once(
            self._orders.drafts(context, index),
            self._orders.recorded(prefetch.get("medications"), context.patient_id, index),
        )

    def read_levels(self, context: OrderContext, prefetch: Prefetch) -> tuple[LabOrder, ...]:
        """The levels that are drafted or ordered."""
        return (
            *self._orders.lab_drafts(context.drafts),
            *self._orders.lab_orders(prefetch.get("labOrders"), context.patient_id),
        )

    def read_problems(self, context: OrderContext, prefetch: Prefetch, now: datetime) -> Problems:
        """The problem list at `now`: the known conditions, and the problems that no code tells."""
        return read_problems(prefetch.get("conditions"), context.patient_id, self._conditions, now)

    def _query(self, analyte: Analyte) -> str:
        codes = ",".join(f"{code.system}|{code.code}" for code in self._codes.included(analyte))
        return (
            f"Observation?patient={{{{context.patientId}}}}&code={codes}"
            f"&_sort=-date&_count={_MOST_RESULTS[analyte]}"
        )
