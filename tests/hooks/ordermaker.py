"""Orders for tests, as a case file writes them: a drug, a dose, a time, a route, a reason.

Nothing is completed: a member that a case does not have is not sent. `timing`, `beside` (members
of the dosage instruction) and `with` (members of the order) are FHIR as it stands, `running` is a
rate, `instructions` are several dosages of one order.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.order_select import Answer
from tests.hooks.chartmaker import PATIENT, RXNORM, Case, Json, ask, bundle, context, order

NDC: Final = "http://hl7.org/fhir/sid/ndc"
ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"

_MEMBERS: Final = frozenset(
    {
        "id",
        "text",
        "code",
        "ndc",
        "dose",
        "over",
        "rate",
        "route",
        "route_code",
        "sig",
        "timing",
        "as_needed",
        "running",
        "instructions",
        "beside",
        "with",
        "reason",
        "reason_code",
        "status",
        "authored",
        "count",
    }
)


def prescription(case: Mapping[str, Any], identity: str) -> Json:
    """A MedicationRequest from a case's table."""
    unknown = case.keys() - _MEMBERS
    assert not unknown, f"the case file says {unknown} of an order, which nothing reads"
    drug: Json = {}
    if "text" in case:
        drug["text"] = case["text"]
    codings = [(RXNORM, code) for code in _several(case.get("code"))]
    codings += [(NDC, code) for code in _several(case.get("ndc"))]
    if codings:
        drug["coding"] = [{"system": system, "code": code} for system, code in codings]
    made = order(id=case.get("id", identity), medicationCodeableConcept=drug)
    made["status"] = case.get("status", "draft")
    if "authored" in case:
        made["authoredOn"] = case["authored"]
    reason: Json = {}
    if "reason" in case:
        reason["text"] = case["reason"]
    if "reason_code" in case:
        reason["coding"] = [{"system": ICD, "code": case["reason_code"]}]
    if reason:
        made["reasonCode"] = [reason]
    instructions = [_dosage(one) for one in case.get("instructions", ())] or [_dosage(case)]
    if any(instructions):
        made["dosageInstruction"] = instructions
    return made | dict(case.get("with", {}))


def _several(codes: object) -> list[str]:
    return [codes] if isinstance(codes, str) else list(codes or ())  # type: ignore[call-overload]


def quantity(text: str) -> Json:
    """`2 g` as a Quantity; the unit as text and as code, `2 g/hr|g/h` if they differ."""
    number, _, unit = text.partition(" ")
    shown, _, code = unit.partition("|")
    return {"value": Decimal(number), "unit": shown, "code": code or shown}


def _dosage(case: Mapping[str, Any]) -> Json:
    dosage: Json = {}
    if "sig" in case:
        dosage["text"] = case["sig"]
    repeat: Json = {"count": case["count"]} if "count" in case else {}
    if "over" in case:
        minutes, _, unit = case["over"].partition(" ")
        repeat |= {"count": 1, "duration": Decimal(minutes), "durationUnit": unit}
    said = case.get("timing", {})
    repeat |= said.get("repeat", {})
    if repeat or said:
        dosage["timing"] = {**said, **({"repeat": repeat} if repeat else {})}
    if "as_needed" in case:
        dosage["asNeededBoolean"] = case["as_needed"]
    if "route" in case:
        dosage["route"] = {"text": case["route"]}
    if "route_code" in case:
        system, _, code = case["route_code"].partition("|")
        dosage["route"] = {"coding": [{"system": system, "code": code}]}
    amount: Json = {}
    if "dose" in case:
        amount["doseQuantity"] = quantity(case["dose"])
    if "rate" in case:
        above, _, below = case["rate"].partition(" / ")
        amount["rateRatio"] = {"numerator": quantity(above), "denominator": quantity(below)}
    if "running" in case:
        amount["rateQuantity"] = quantity(case["running"])
    if amount:
        dosage["doseAndRate"] = [amount]
    return dosage | dict(case.get("beside", {}))


def problem(code: str) -> Json:
    """An active problem."""
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


def asked(
    drafts: Iterable[Mapping[str, Any]],
    recorded: Iterable[Mapping[str, Any]] = (),
    problems: Iterable[str] = (),
    selected: Iterable[str] | None = None,
    **patient: Any,
) -> Answer:
    """The answer to a call with these drafts, all of them selected unless `selected` says which."""
    made = [prescription(case, f"draft-{number}") for number, case in enumerate(drafts, start=1)]
    ids = [one["id"] for one in made] if selected is None else list(selected)
    said = context(
        draftOrders={"resourceType": "Bundle", "entry": [{"resource": one} for one in made]},
        selections=[f"MedicationRequest/{identity}" for identity in ids],
    )
    past = [prescription(case, f"past-{number}") for number, case in enumerate(recorded, start=1)]
    found = {
        "medications": bundle(past),
        "labOrders": bundle([]),
        "conditions": bundle(problem(code) for code in problems),
    }
    return ask(said, Case(bundles=found, **patient).prefetch())


def orders_offered(answer: Answer) -> list[str]:
    """Every magnesium that a button would order: `create 2 g / 20 min`, `update ...`."""
    told = []
    for card in answer.cards:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                resource = action["resource"]
                if resource["resourceType"] == "MedicationRequest":
                    (amount,) = resource["dosageInstruction"][0]["doseAndRate"]
                    dose, over = amount["doseQuantity"], amount["rateRatio"]["denominator"]
                    told.append(f"{action['type']} {dose['value']} g / {over['value']} min")
    return told


def dose_read(answer: Answer, reference: str = "MedicationRequest/draft-1") -> str:
    """What was read of an order's dose, in g with two decimals, and its rate in mg/min."""
    assert answer.chart is not None
    (found,) = (one for one in answer.chart.orders if one.reference == reference)
    grams, rate = found.dosage.grams, found.dosage.rate
    told = "unreadable" if grams is None else f"{grams:.2f} g"
    return told if rate is None else f"{told} at {re.sub('[.]0$', '', f'{rate:.1f}')} mg/min"
