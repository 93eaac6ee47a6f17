"""Orders as facts: drafted, running and given medication, and levels that are already ordered."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from hooks.chart.codes import LabCodes
from hooks.chart.codes.conditions import ConditionCodes
from hooks.chart.codes.drugs import RXNORM, SULFATE, DrugClass, DrugCodes, Route
from hooks.chart.context import Draft
from hooks.chart.dosage import Conversion, Dosage, DoseProblem, read_dosage
from hooks.chart.moments import read_moment
from hooks.chart.order import LabOrder, Order, Place
from hooks.chart.references import belongs_to, reference_of
from hooks.chart.units import Analyte

_OTHER_INDICATIONS: Final = frozenset({"asthma", "pre-eclampsia", "torsades", "cardiac-arrest"})

#: How the reference of an order ends that came without an id.
_NO_ID: Final = "/"

#: Digits and signs alone are a number of a catalog and no name of a drug.
_NAME: Final = re.compile(r"[^\W\d_]{3}")

_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error", "stopped"})

_PLACES: Final[Mapping[str, Place]] = {
    "active": Place.ACTIVE,
    "unknown": Place.ACTIVE,
    "on-hold": Place.ON_HOLD,
    "completed": Place.COMPLETED,
    "stopped": Place.STOPPED,
}


class OrderReader:
    """Reads orders with the code lists of the service."""

    def __init__(self, drugs: DrugCodes, conditions: ConditionCodes, labs: LabCodes) -> None:
        self._drugs = drugs
        self._conditions = conditions
        self._labs = labs

    def drafts(self, drafts: Iterable[Draft], entries: Iterable[Any]) -> tuple[Order, ...]:
        """The medication orders among the drafts; `entries` are all of the Bundle's entries."""
        index = _index(entries)
        return tuple(
            self._order(draft.resource, draft.reference, Place.DRAFT, draft.selected, index)
            for draft in drafts
            if draft.type == "MedicationRequest"
            and not draft.is_blank
            and draft.resource.get("doNotPerform") is not True
            and str(draft.resource.get("status")) not in _WITHDRAWN
        )

    def recorded(self, bundle: Mapping[str, Any] | None, patient_id: str) -> tuple[Order, ...]:
        """The running and given orders of a searchset Bundle of MedicationRequests."""
        entries = _entries(bundle)
        index = _index(entries)
        orders = []
        for resource in _own(entries, "MedicationRequest", patient_id):
            place = _PLACES.get(str(resource.get("status")))
            if place is not None and resource.get("doNotPerform") is not True:
                identity = resource.get("id")
                known = identity if isinstance(identity, str) else ""
                reference = f"MedicationRequest/{known}"
                orders.append(self._order(resource, reference, place, False, index))
        return tuple(orders)

    def lab_drafts(self, drafts: Iterable[Draft]) -> tuple[LabOrder, ...]:
        """The levels among the drafts."""
        found = (
            self._lab(draft.resource, Place.DRAFT)
            for draft in drafts
            if draft.type == "ServiceRequest" and draft.resource.get("doNotPerform") is not True
        )
        return tuple(lab for lab in found if lab is not None)

    def lab_orders(self, bundle: Mapping[str, Any] | None, patient_id: str) -> tuple[LabOrder, ...]:
        """The levels among the active ServiceRequests of a searchset Bundle."""
        found = (
            self._lab(resource, Place.ACTIVE)
            for resource in _own(_entries(bundle), "ServiceRequest", patient_id)
            if resource.get("status") == "active" and resource.get("doNotPerform") is not True
        )
        return tuple(lab for lab in found if lab is not None)

    def _order(
        self,
        resource: Mapping[str, Any],
        reference: str,
        place: Place,
        selected: bool,
        index: Mapping[str, Mapping[str, Any]],
    ) -> Order:
        codes, texts = _medication(resource, index)
        route = self._route(resource)
        recognition = self._drugs.recognize(codes, texts, route)
        classes: dict[DrugClass, str] = {}
        for drug in recognition.drugs:
            for kind in sorted(drug.classes):
                classes.setdefault(kind, drug.name)
        heptahydrate = self._drugs.heptahydrate
        conversion = Conversion(
            heptahydrate.meq_per_g, heptahydrate.mmol_per_g, recognition.strength
        )
        dosage = Dosage()
        if recognition.magnesium is not None:
            dosage = read_dosage(resource, conversion)
            if recognition.salt != SULFATE or _is_elemental(resource, texts):
                # Grams of anything else say nothing about grams of sulfate; time still is time.
                dosage = replace(dosage, grams=None, rate=None, parts=(), problem=DoseProblem.UNIT)
        indication, unclear = self._indication(resource)
        return Order(
            reference,
            place,
            selected,
            texts[0] if texts else None,
            recognition.is_known or any(_NAME.search(text) for text in texts),
            route,
            classes,
            recognition.magnesium,
            dosage,
            read_moment(resource.get("authoredOn")),
            indication,
            unclear,
            recognition.salt,
        )

    def _route(self, resource: Mapping[str, Any]) -> Route | None:
        """The ordered route; without one, what the free text of the dosage names."""
        codes: list[str] = []
        texts: dict[str, None] = {}
        instructions = _objects(resource.get("dosageInstruction"))
        stated = [one["route"] for one in instructions if one.get("route")]
        for route in stated:
            # Some systems send the bare word, which FHIR does not know.
            _collect({"text": route} if isinstance(route, str) else route, codes, texts)
        if stated:
            return self._drugs.route(codes, texts)
        said = (one.get("text") for one in instructions)
        return self._drugs.route_beside(" ; ".join(text for text in said if isinstance(text, str)))

    def _indication(self, resource: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Another indication than a low level that the order's reason names, in code or words.

        Second, the words that may name one and may deny it: then there is no indication.
        """
        coded = None
        for concept in _objects(resource.get("reasonCode")):
            for coding in _objects(concept.get("coding")):
                system, code = coding.get("system"), coding.get("code")
                if isinstance(system, str) and isinstance(code, str):
                    known = self._conditions.find(system, code)
                    if known in _OTHER_INDICATIONS:
                        coded = coded or known
            text = concept.get("text")
            stated = self._conditions.stated(text) if isinstance(text, str) else None
            if stated is not None and not stated.certain:
                return None, text
            coded = coded or (stated.condition if stated is not None else None)
        return coded, None

    def _lab(self, resource: Mapping[str, Any], place: Place) -> LabOrder | None:
        known = self._labs.read(resource.get("code"))
        analyte = next(
            (
                code.analyte
                for code in known
                if not code.excluded and code.analyte in (Analyte.MAGNESIUM, Analyte.CREATININE)
            ),
            None,
        )
        if analyte is None:
            return None
        period = resource.get("occurrencePeriod")
        due = None
        if isinstance(period, dict):
            due = read_moment(period.get("end")) or read_moment(period.get("start"))
        due = due or read_moment(resource.get("occurrenceDateTime"))
        return LabOrder(analyte, place, read_moment(resource.get("authoredOn")), due)


def told_once(drafts: Iterable[Order], recorded: Iterable[Order]) -> tuple[Order, ...]:
    """All orders, each of them once: what is signed again, or was sent twice, is one order.

    Only orders of the same id that also say the same are one: an id alone hides no order. A
    recorded order that is drafted again is told as that draft, which knows that it is recorded.
    """
    told: list[Order] = []
    places: dict[str, list[int]] = {}
    for order in (*drafts, *recorded):
        of_the_id = places.setdefault(order.reference, [])
        same = next((index for index in of_the_id if _is_same(told[index], order)), None)
        if same is None:
            of_the_id.append(len(told))
            told.append(order)
        elif told[same].place is Place.DRAFT:
            if order.place is not Place.DRAFT:
                told[same] = replace(told[same], is_recorded=True)
        elif told[same].is_over:
            told[same] = order
    return tuple(told)


def _is_same(one: Order, other: Order) -> bool:
    """Whether two orders are one that came twice."""
    if one.reference != other.reference or one.reference.endswith(_NO_ID):
        return False
    if Place.DRAFT not in (one.place, other.place) and one.authored != other.authored:
        return False
    return (
        replace(
            one,
            place=other.place,
            selected=other.selected,
            authored=other.authored,
            is_recorded=other.is_recorded,
        )
        == other
    )


def _medication(
    resource: Mapping[str, Any], index: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """RxNorm codes and texts of an order's medication, wherever they travel.

    A referenced Medication is looked up among the contained resources, then in the same Bundle;
    without one, the display of the reference is all there is.
    """
    codes: list[str] = []
    texts: dict[str, None] = {}
    _collect(resource.get("medicationCodeableConcept"), codes, texts, RXNORM)
    reference = resource.get("medicationReference")
    target = reference_of(reference)
    if target is not None:
        contained = {f"#{item.get('id')}": item for item in _objects(resource.get("contained"))}
        medication = contained.get(target) or index.get(target.partition("/_history/")[0])
        if medication is not None:
            _collect(medication.get("code"), codes, texts, RXNORM)
    display = reference.get("display") if isinstance(reference, dict) else None
    if isinstance(display, str) and display.strip():
        texts[display] = None
    return codes, list(texts)


def _is_elemental(resource: Mapping[str, Any], texts: Iterable[str]) -> bool:
    """Whether any text of the order counts elemental magnesium: a tenth of the sulfate's grams."""
    said = (one.get("text") for one in _objects(resource.get("dosageInstruction")))
    return any("elemental" in str(text).lower() for text in (*texts, *said))


def _collect(
    concept: object,
    codes: list[str],
    texts: dict[str, None],
    systems: frozenset[str] | None = None,
) -> None:
    """Add a CodeableConcept's codes (of the systems, if given), text and displays.

    `texts` are keys, each there once: a drug may come with ten thousand names.
    """
    for item in _objects(concept):
        text = item.get("text")
        if isinstance(text, str) and text.strip():
            texts[text] = None
        for coding in _objects(item.get("coding")):
            code, display = coding.get("code"), coding.get("display")
            if isinstance(code, str) and (systems is None or str(coding.get("system")) in systems):
                codes.append(code)
            if isinstance(display, str) and display.strip():
                texts[display] = None


def _entries(bundle: Mapping[str, Any] | None) -> list[Any]:
    entries = bundle.get("entry") if bundle is not None else None
    return entries if isinstance(entries, list) else []


def _index(entries: Iterable[Any]) -> Mapping[str, Mapping[str, Any]]:
    """The Medications of a Bundle by `Type/id` and by `fullUrl`."""
    index: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Medication":
            identity, url = resource.get("id"), entry.get("fullUrl")
            if isinstance(identity, str):
                index[f"Medication/{identity}"] = resource
            if isinstance(url, str):
                index[url] = resource
    return index


def _own(entries: Iterable[Any], kind: str, patient_id: str) -> Iterable[Mapping[str, Any]]:
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if (
            isinstance(resource, dict)
            and resource.get("resourceType") == kind
            and belongs_to(resource.get("subject"), patient_id)
        ):
            yield resource


def _objects(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
