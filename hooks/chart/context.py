"""The context of an order hook: who is ordering what for whom, read as far as it is needed.

Real drafts are often not valid FHIR: Bundles without a type, entries without `fullUrl`, objects
where lists belong. Nothing is asked of a draft that is not used.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hooks.chart.fact import Fact
from hooks.chart.references import belongs_to, is_id, is_patient_id, reference_of
from hooks.errors import InvalidContext, NotEvaluable

_MEDICATION: Final = ("medicationCodeableConcept", "medicationReference")
_OTHER_VERSIONS: Final = frozenset(
    {"MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "DeviceUseRequest"}
)


class Draft(Fact, frozen=True):
    """One unsigned order: its `Type/id`, whether it was just selected, and the resource itself.

    Of an order without an id it is `Type/`, which nothing can select or change.
    """

    reference: str
    type: str
    selected: bool
    resource: Mapping[str, Any]

    @property
    def is_blank(self) -> bool:
        """Whether a MedicationRequest names no medication yet: the form is still empty."""
        return not any(map(self.resource.get, _MEDICATION))


class OrderContext(Fact, frozen=True):
    """The context of one call, with the drafts of this patient in the order they came in.

    `entries` are all entries of the draft Bundle: a draft's Medication may travel beside it.
    `unassigned` are drafts that name a patient by words or by a number that cannot be compared:
    they may be this patient's, and no more than that is made of them.
    """

    patient_id: str
    user_id: str
    encounter_id: str | None
    drafts: tuple[Draft, ...]
    entries: tuple[Any, ...] = ()
    unassigned: tuple[Draft, ...] = ()

    @property
    def selected(self) -> tuple[Draft, ...]:
        """The drafts that were just selected."""
        return tuple([draft for draft in self.drafts if draft.selected])


def read_context(context: Mapping[str, Any]) -> OrderContext:
    """Read the context of `order-select`.

    Raises InvalidContext for a broken contract, NotEvaluable if orders are selected but none of
    them is an R4 order of this patient.
    """
    patient_id = _patient_id(context.get("patientId"))
    user_id = context.get("userId")
    if not isinstance(user_id, str) or not user_id.strip():
        raise InvalidContext(
            "context.userId must be a text such as Practitioner/id.", _at("userId")
        )
    selections = context.get("selections")
    if not isinstance(selections, list) or not all(isinstance(item, str) for item in selections):
        raise InvalidContext(
            "context.selections must be a list of Type/id texts.", _at("selections")
        )
    entries = _entries(context.get("draftOrders"))
    wanted = _wanted(selections, entries)
    drafts = _drafts(entries, wanted)
    own, unassigned = [], []
    for draft in drafts:
        subject = draft.resource.get("subject", draft.resource.get("patient"))
        # One that names nobody belongs to the session's patient.
        if subject is None or belongs_to(subject, patient_id):
            own.append(draft)
        elif reference_of(subject) is None:
            unassigned.append(draft)
    if wanted and entries:
        _require_selected(drafts, own)
    return OrderContext(
        patient_id,
        user_id,
        _encounter_id(context.get("encounterId")),
        tuple(own),
        tuple(entries),
        tuple(unassigned),
    )


def _at(name: str) -> str:
    return f"context.{name}"


def _patient_id(value: object) -> str:
    """The bare patient id; a leading `Patient/` is taken off (settled 27)."""
    if not isinstance(value, str):
        raise InvalidContext("context.patientId must be a text.", _at("patientId"))
    bare = value.removeprefix("Patient/")
    if not is_patient_id(bare):
        raise InvalidContext("context.patientId must be the id of a Patient.", _at("patientId"))
    return bare


def _encounter_id(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    bare = value.removeprefix("Encounter/")
    return bare if is_id(bare) else None


def _entries(bundle: object) -> list[Any]:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise InvalidContext("context.draftOrders must be a FHIR Bundle.", _at("draftOrders"))
    entries = bundle.get("entry")
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise InvalidContext("context.draftOrders.entry must be a list.", _at("draftOrders.entry"))
    return entries


def _wanted(selections: list[str], entries: list[Any]) -> set[str]:
    """The selected `Type/id`; a bare id, as some EHRs send it, where exactly one draft has it."""
    wanted = set(selections)
    bare = [selection for selection in wanted if selection and "/" not in selection]
    if bare:
        known = [draft.reference for draft in _drafts(entries, set())]
        for selection in bare:
            named = [one for one in known if one.partition("/")[2] == selection]
            if len(named) == 1:
                wanted.add(named[0])
    return wanted


def _drafts(entries: list[Any], wanted: set[str]) -> list[Draft]:
    drafts = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        kind, identity = resource.get("resourceType"), resource.get("id")
        if not isinstance(kind, str):
            continue
        if isinstance(identity, str):
            reference = f"{kind}/{identity}"
            drafts.append(Draft(reference, kind, reference in wanted, resource))
            continue
        draft = Draft(f"{kind}/", kind, False, resource)
        if kind != "MedicationRequest" or not draft.is_blank:
            drafts.append(draft)
    return drafts


def _require_selected(drafts: Iterable[Draft], own: Iterable[Draft]) -> None:
    selected = [draft for draft in drafts if draft.selected]
    if not selected:
        raise NotEvaluable(
            "None of context.selections is an entry of context.draftOrders.", _at("selections")
        )
    mine = [draft for draft in own if draft.selected]
    if not mine:
        raise NotEvaluable(
            "The selected orders do not name the patient of the context by reference.",
            _at("draftOrders"),
        )
    if all(draft.type in _OTHER_VERSIONS for draft in mine):
        raise NotEvaluable(
            "The selected orders are not FHIR R4; this service reads R4 only.", _at("draftOrders")
        )
