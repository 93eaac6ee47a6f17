"""Orders as facts: drafted, running and given medication, and levels that are already ordered."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final

from msgspec.structs import replace

from hooks.chart.bundle import Targets, entries_of, resources
from hooks.chart.codes.conditions import ConditionCodes
from hooks.chart.codes.drugs import DrugClass, DrugCodes, Recognition
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE, Named
from hooks.chart.concept import objects
from hooks.chart.context import Draft, OrderContext
from hooks.chart.conversion import Conversion
from hooks.chart.dosage import Dosage, DoseProblem, read_dosage
from hooks.chart.indication import ConditionIndex, Indication, IndicationReader
from hooks.chart.medication import SUBSTANCES, read_medication
from hooks.chart.moments import read_day
from hooks.chart.order import LabOrder, Order, Place
from hooks.chart.references import belongs_to, reference_of
from hooks.chart.route import is_swallowed, read_route
from hooks.chart.units import Analyte

#: How the reference of an order ends that came without an id.
_NO_ID: Final = "/"

#: Of an order that gives no magnesium nothing more is read.
_NO_DOSAGE: Final = Dosage()
_NO_INDICATION: Final = Indication()

_WITHDRAWN: Final = frozenset({"cancelled", "entered-in-error", "stopped"})

#: Where an order of a status stands, by R4 and later versions; None for one that gives nothing.
#: An order whose status is missing or none of these may be running.
_PLACES: Final[Mapping[str, Place | None]] = {
    "active": Place.ACTIVE,
    "unknown": Place.ACTIVE,
    "on-hold": Place.ON_HOLD,
    "completed": Place.COMPLETED,
    "ended": Place.COMPLETED,
    "stopped": Place.STOPPED,
    "cancelled": None,
    "entered-in-error": None,
    "draft": None,
}


class OrderReader:
    """Reads orders with the code lists of the service."""

    def __init__(self, drugs: DrugCodes, conditions: ConditionCodes, labs: LabCodes) -> None:
        self._drugs = drugs
        self._indications = IndicationReader(conditions)
        self._labs = labs

    def drafts(self, context: OrderContext, problems: ConditionIndex) -> tuple[Order, ...]:
        """The medication orders among the drafts; `problems` what they may be for."""
        beside = Targets(context.entries, *SUBSTANCES)

        def read(drafts: Iterable[Draft]) -> list[Order]:
            return [
                self._order(
                    draft.resource, draft.reference, Place.DRAFT, draft.selected, beside, problems
                )
                for draft in drafts
                if _is_medication(draft)
            ]

        return (*read(context.drafts), *_nobodys(read(context.unassigned)))

    def recorded(
        self, bundle: Mapping[str, Any] | None, patient_id: str, problems: ConditionIndex
    ) -> tuple[Order, ...]:
        """The running and given orders of a searchset Bundle of MedicationRequests.

        What was found for this patient and names no patient at all is this patient's, as a draft
        or a problem is: to leave magnesium out would be the worse mistake.
        """
        beside = Targets(entries_of(bundle), *SUBSTANCES)
        orders: list[Order] = []
        unassigned: list[Order] = []
        for resource in resources(bundle, "MedicationRequest"):
            place = _place(resource.get("status"))
            if place is None or resource.get("doNotPerform") is True:
                continue
            subject = resource.get("subject")
            is_own = subject is None or belongs_to(subject, patient_id)
            if not is_own and reference_of(subject) is not None:
                continue
            identity = resource.get("id")
            reference = f"MedicationRequest/{identity if isinstance(identity, str) else ''}"
            order = self._order(resource, reference, place, False, beside, problems)
            (orders if is_own else unassigned).append(order)
        return (*orders, *_nobodys(unassigned))

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
            for resource in resources(bundle, "ServiceRequest")
            if belongs_to(resource.get("subject"), patient_id)
            and resource.get("status") == "active"
            and resource.get("doNotPerform") is not True
        )
        return tuple(lab for lab in found if lab is not None)

    def _order(
        self,
        resource: Mapping[str, Any],
        reference: str,
        place: Place,
        selected: bool,
        beside: Targets,
        problems: ConditionIndex,
    ) -> Order:
        medication = read_medication(resource, beside)
        called, name = medication.called, medication.name
        if medication.coded:
            called = Named(called.codes, tuple(self._drugs.names_among(medication.coded)))
            name = called.texts[0] if called.texts else name
        route, recognition = self._recognized(resource, called, medication.ingredients)
        classes = recognition.classes
        dosage, indication = _NO_DOSAGE, _NO_INDICATION
        if recognition.magnesium is not None:
            dosage = self._dosage(resource, called, recognition)
        if recognition.magnesium is not None or DrugClass.ORAL_MAGNESIUM in classes:
            indication = self._indications.read(resource, problems, called.texts)
        return Order(
            reference,
            place,
            selected,
            name,
            recognition.is_known or any(map(self._drugs.is_name, called.texts or (name or "",))),
            route,
            classes,
            recognition.magnesium,
            dosage,
            read_day(resource.get("authoredOn")),
            indication.condition,
            indication.unclear,
            recognition.salt,
            other_reason=indication.other,
            in_fluid=recognition.in_fluid,
            in_large_bag=recognition.in_large_bag,
        )

    def _recognized(
        self, resource: Mapping[str, Any], called: Named, ingredients: tuple[Named, ...]
    ) -> tuple[Route | None, Recognition]:
        """The ordered route, and what the medication is by it."""
        route = read_route(resource, self._drugs.routes)
        known = self._drugs.recognize(called.codes, called.texts, route, ingredients)
        if known.is_of_unknown_route and is_swallowed(resource, self._drugs.routes):
            route = Route.ENTERAL
            known = self._drugs.recognize(called.codes, called.texts, route, ingredients)
        return route, known

    def _dosage(
        self, resource: Mapping[str, Any], called: Named, recognition: Recognition
    ) -> Dosage:
        """The dosage of an order for magnesium."""
        heptahydrate = self._drugs.heptahydrate
        dosage = read_dosage(
            resource,
            Conversion(
                heptahydrate.meq_per_g,
                heptahydrate.mmol_per_g,
                recognition.strength,
                self._counts_the_element(resource, called.texts),
            ),
            called.texts,
        )
        if recognition.salt == SULFATE and not recognition.is_mixture:
            return dosage
        # Grams of anything else say nothing about grams of sulfate; time still is time.
        return replace(dosage, grams=None, rate=None, parts=(), problem=DoseProblem.UNIT)

    def _counts_the_element(self, resource: Mapping[str, Any], texts: Iterable[str]) -> bool:
        """Whether any text of the order counts elemental magnesium."""
        said = (one.get("text") for one in objects(resource.get("dosageInstruction")))
        return any(self._drugs.is_elemental(str(text)) for text in (*texts, *said))

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
        begins = due = None
        if isinstance(period, dict):
            begins = read_day(period.get("start"))
            due = read_day(period.get("end")) or begins
        due = due or read_day(resource.get("occurrenceDateTime"))
        return LabOrder(analyte, place, read_day(resource.get("authoredOn")), due, begins)


def told_once(drafts: Iterable[Order], recorded: Iterable[Order]) -> tuple[Order, ...]:
    """All orders, each of them once: what is signed again, or was sent twice, is one order.

    Only orders of the same id that also say the same are one: an id alone hides no order. A
    recorded order that is drafted again is told as that draft, which knows that it is recorded.
    """
    orders = (*drafts, *recorded)
    of_the_id = Counter([order.reference for order in orders])
    if len(of_the_id) == len(orders):
        return orders
    told: list[Order] = []
    drafted: dict[Hashable, int] = {}
    on_record: dict[Hashable, int] = {}
    for order in orders:
        if of_the_id[order.reference] == 1 or order.reference.endswith(_NO_ID):
            told.append(order)
            continue
        said = _said(order)
        draft = drafted.get(said)
        if order.place is Place.DRAFT:
            if draft is None:
                drafted[said] = len(told)
                told.append(order)
        elif draft is not None:
            told[draft] = replace(told[draft], is_recorded=True)
        else:
            # Of two times two orders were recorded, of one time one that came twice.
            first = on_record.setdefault((said, order.authored), len(told))
            if first == len(told):
                told.append(order)
            elif told[first].is_over:
                told[first] = order
    return tuple(told)


#: What may differ between two orders of one id that came twice, and what cannot be hashed.
_NOT_SAID: Final = frozenset({"place", "selected", "authored", "is_recorded", "classes"})
_members_said: Final = attrgetter(
    *(name for name in Order.__struct_fields__ if name not in _NOT_SAID)
)


def _said(order: Order) -> Hashable:
    """What an order says, wherever it stands and whenever it was written."""
    return _members_said(order), frozenset(order.classes.items())


def _place(status: object) -> Place | None:
    """Where a recorded order of the status stands, None if it gives nothing."""
    said = status.strip().lower() if isinstance(status, str) else ""
    return _PLACES.get(said, Place.ACTIVE)


def _is_medication(draft: Draft) -> bool:
    """Whether a draft is a medication order that may be signed."""
    return (
        draft.type == "MedicationRequest"
        and not draft.is_blank
        and draft.resource.get("doNotPerform") is not True
        and str(draft.resource.get("status")) not in _WITHDRAWN
    )


def _nobodys(orders: Iterable[Order]) -> Iterator[Order]:
    """Orders that name a patient whom nobody could compare: of those that may be magnesium, that
    they are there. Whose they are is not guessed, so nothing else of them counts.
    """
    for order in orders:
        if order.is_parenteral_magnesium or not order.is_readable:
            yield Order(
                order.reference,
                order.place,
                selected=False,
                name=None,
                is_readable=False,
                route=order.route,
                classes={},
                magnesium=None,
                dosage=Dosage(),
                authored=order.authored,
                indication=None,
            )
