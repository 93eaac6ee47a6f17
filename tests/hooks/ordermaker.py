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
from tests.hooks.chartmaker import (
    PATIENT,
    RXNORM,
    Case,
    Json,
    ask,
    bundle,
    context,
    order,
    over_the_wire,
)

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
        "compound",
        "ingredients",
        "subject",
        "reasons",
        "problem",
    }
)


def instruction(case: dict[str, Any], text: str) -> Any:
    """An instruction of a text, with the dose and the time that the case codes beside it."""
    made: dict[str, Any] = {"text": text}
    if "dose" in case:
        value, unit = case["dose"].split()
        made["doseAndRate"] = [{"doseQuantity": {"value": int(value), "unit": unit}}]
    if "over" in case:
        value, unit = case["over"].split()
        made["timing"] = {"repeat": {"count": 1, "duration": int(value), "durationUnit": unit}}
    return over_the_wire(made)


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
    if "ingredients" in case or "compound" in case:
        _compound(made, case)
    if "reasons" in case:
        made["reasonCode"] = [_reason(text) for text in case["reasons"]]
    if "problem" in case:
        reference, _, display = case["problem"].partition(" | ")
        made["reasonReference"] = [_named(reference, display)]
    if "subject" in case:
        made["subject"] = _subject(case["subject"])
    for member in ("id", "status"):
        if case.get(member) == "none":
            del made[member]
    return made | dict(case.get("with", {}))


def _compound(made: Json, case: Mapping[str, Any]) -> None:
    """A contained Medication in place of a name: `compound` is its own, where it has one."""
    listed = [
        {"itemCodeableConcept": _concept(name), **({"isActive": False} if inert else {})}
        for name, inert in (_inert(name) for name in case.get("ingredients", ()))
    ]
    medication: Json = {"resourceType": "Medication", "id": "bag", "ingredient": listed}
    if "compound" in case:
        medication["code"] = _concept(case["compound"])
    made["contained"] = [medication]
    del made["medicationCodeableConcept"]
    made["medicationReference"] = {"reference": "#bag"}


def _inert(name: str) -> tuple[str, bool]:
    bare = name.removesuffix(", inactive")
    return bare, bare != name


def _concept(name: str) -> Json:
    """`RxNorm 6585` as a code, anything else as a text."""
    code = name.removeprefix("RxNorm ")
    return {"text": name} if code == name else {"coding": [{"system": RXNORM, "code": code}]}


def _reason(text: str) -> Json:
    """`ICD J45.901` as a code, anything else as a text."""
    code = text.removeprefix("ICD ")
    return {"text": text} if code == text else {"coding": [{"system": ICD, "code": code}]}


def _named(reference: str, display: str) -> Json:
    named = {"reference": reference, "display": display}
    return {name: text for name, text in named.items() if text}


def _subject(text: str) -> Json | None:
    """`Patient/pat-2` as a reference, `number 7` as an identifier; `none` is nobody."""
    if text == "none":
        return None
    return {"reference": text} if "/" in text else {"identifier": {"value": text}}


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


def problem(code: str, identity: str = "problem-1") -> Json:
    """An active problem; behind its code may stand `, refuted`, `, resolved` or a patient."""
    code, *rest = code.split(", ")
    made: Json = {
        "resourceType": "Condition",
        "id": identity,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
    for said in rest:
        match said:
            case "resolved":
                made["clinicalStatus"] = {"coding": [{"code": said}]}
            case "refuted" | "provisional":
                made["verificationStatus"] = {"coding": [{"code": said}]}
            case _:
                made["subject"] = {"reference": said}
    return made


def asked(
    drafts: Iterable[Mapping[str, Any]],
    recorded: Iterable[Mapping[str, Any]] = (),
    problems: Iterable[str] = (),
    selected: Iterable[str] | None = None,
    **patient: Any,
) -> Answer:
    """The answer to a call with these drafts, all of them selected unless `selected` says which."""
    made = [prescription(case, f"draft-{number}") for number, case in enumerate(drafts, start=1)]
    known = [one["id"] for one in made if "id" in one]
    ids = known if selected is None else list(selected)
    said = context(
        draftOrders={"resourceType": "Bundle", "entry": [{"resource": one} for one in made]},
        selections=[f"MedicationRequest/{identity}" for identity in ids],
    )
    past = [prescription(case, f"past-{number}") for number, case in enumerate(recorded, start=1)]
    found = {
        "medications": bundle(past),
        "labOrders": bundle([]),
        "conditions": bundle(
            problem(code, f"problem-{number}") for number, code in enumerate(problems, start=1)
        ),
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
