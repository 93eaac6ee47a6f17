"""Calls with very many of one thing: results, drafts, orders, problems, notes."""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from tests.conftest import NOW
from tests.vignettes import request
from tests.vignettes.request import Json

_PATIENT: Final = "pub-01"
_SEED: Final = next(one for one in request.vignettes() if one["id"] == "PUB-01")
_IV_MAGNESIUM: Final[Json] = {
    "where": "active",
    "system": request.RXNORM,
    "code": "829762",
    "display": "magnesium sulfate 40 MG/ML Injection",
    "dose_g": 2,
    "duration_min": 20,
}


def _with(key: str, resources: list[Json]) -> Json:
    call = copy.deepcopy(request.request_of(_SEED, NOW))
    call["prefetch"][key] = request.searchset(*resources)
    return call


def _results(analyte: str, count: int, **said: Any) -> Json:
    first = request.request_of(_SEED, NOW)["prefetch"][analyte]["entry"][0]["resource"]
    return _with(
        analyte,
        [
            {
                **first,
                "id": f"{analyte}-{index}",
                "effectiveDateTime": (NOW - timedelta(hours=1, minutes=index)).isoformat(),
                **said,
            }
            for index in range(count)
        ],
    )


def _drafts(count: int, drug: Json | None = None) -> Json:
    call = copy.deepcopy(request.request_of(_SEED, NOW))
    drafts = [
        request.acetaminophen(_PATIENT) if drug is None else request.order(_PATIENT, drug, 0, NOW)
        for _ in range(count)
    ]
    for index, draft in enumerate(drafts):
        draft |= {"id": f"draft-{index}", "status": "draft"}
    context = request.order_select(_PATIENT, drafts)["context"]
    return call | {"context": context}


def _medications(count: int, where: str) -> Json:
    """Orders of magnesium after the specimen: those that are active run for a day."""
    said = {**_IV_MAGNESIUM, "where": where, "duration_min": 1440}
    orders = [
        request.order(_PATIENT, {**said, "authored_hours_ago": 5 + index / 60}, index, NOW)
        for index in range(count)
    ]
    return _with("medications", orders)


def _without_need(count: int) -> Json:
    """Running magnesium beside a draft of it, at a mild level and against a gate."""
    call = _medications(count, "active")
    mild = _results("magnesium", 1, valueQuantity={"value": 1.6, "unit": "mg/dL"})
    dialysis = {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "code": "Z99.2",
        "display": "Dependence on renal dialysis",
        "clinicalStatus": "active",
    }
    call["prefetch"] |= {
        "magnesium": mild["prefetch"]["magnesium"],
        "conditions": request.searchset(request.condition(_PATIENT, dialysis, 0)),
    }
    return call | {"context": _drafts(1, _IV_MAGNESIUM)["context"]}


def _too_fast(count: int) -> Json:
    """Drafts of magnesium that run too fast, of ids that no correction can be sent back for."""
    call = _drafts(count, {**_IV_MAGNESIUM, "duration_min": 5})
    for entry in call["context"]["draftOrders"]["entry"]:
        entry["resource"]["note"] = [{"text": "over 5 min"}]
    return call


def _of_one_id(count: int) -> Json:
    """Orders of one id that all say something else."""
    orders = [
        request.order(_PATIENT, {**_IV_MAGNESIUM, "duration_min": 20 + index}, 0, NOW)
        for index in range(count)
    ]
    return _with("medications", orders)


def _referenced(count: int) -> Json:
    """Orders that name a Medication which travels beside them."""
    orders: list[Json] = []
    for index in range(count):
        order = request.order(_PATIENT, _IV_MAGNESIUM, index, NOW)
        concept = order.pop("medicationCodeableConcept")
        order["medicationReference"] = {"reference": f"Medication/m-{index}"}
        orders += [order, {"resourceType": "Medication", "id": f"m-{index}", "code": concept}]
    return _with("medications", orders)


def _contained(count: int) -> Json:
    """One order with many contained Medications."""
    order = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
    concept = order.pop("medicationCodeableConcept")
    order["medicationReference"] = {"reference": f"#m-{count - 1}"}
    order["contained"] = [
        {"resourceType": "Medication", "id": f"m-{index}", "code": concept}
        for index in range(count)
    ]
    return _with("medications", [order])


def _ingredients(count: int) -> Json:
    """One order of a Medication that has many ingredients, each looked up beside it."""
    order = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
    concept = order.pop("medicationCodeableConcept")
    order["medicationReference"] = {"reference": "#bag"}
    listed = [{"itemReference": {"reference": f"#m-{index}"}} for index in range(count)]
    order["contained"] = [
        {"resourceType": "Medication", "id": "bag", "ingredient": listed},
        *({"resourceType": "Substance", "id": f"m-{one}", "code": concept} for one in range(count)),
    ]
    return _with("medications", [order])


def _reasons(count: int) -> Json:
    """One order for many problems, and as many problems."""
    call = _conditions(count)
    order = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
    problems = [entry["resource"]["id"] for entry in call["prefetch"]["conditions"]["entry"]]
    order["reasonReference"] = [{"reference": f"Condition/{identity}"} for identity in problems]
    call["prefetch"]["medications"] = request.searchset(order)
    return call


def _nameless(count: int) -> Json:
    """Drafts without an id, of which every other names its patient by a number."""
    call = _drafts(1)
    for index in range(count):
        draft = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
        del draft["id"]
        if index % 2:
            draft["subject"] = {"identifier": {"value": str(index)}}
        call["context"]["draftOrders"]["entry"].append({"resource": draft})
    return call


def _codings(count: int) -> Json:
    """One order under many codes, each with a name of its own."""
    order = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
    order["medicationCodeableConcept"]["coding"] = [
        {"system": request.RXNORM, "code": str(index), "display": f"name {index}"}
        for index in range(count)
    ]
    return _with("medications", [order])


def _instructions(count: int) -> Json:
    """One order that says in many instructions how much it gives."""
    order = request.order(_PATIENT, _IV_MAGNESIUM, 0, NOW)
    order["dosageInstruction"] *= count
    return _with("medications", [order])


def _levels(count: int) -> Json:
    level = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": request.LOINC, "code": "19123-9"}]},
        "subject": {"reference": f"Patient/{_PATIENT}"},
        "authoredOn": (NOW - timedelta(days=90)).isoformat(),
    }
    return _with("labOrders", [{**level, "id": f"level-{index}"} for index in range(count)])


def _conditions(count: int) -> Json:
    said = {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "code": "F10.20",
        "display": "Alcohol dependence",
        "clinicalStatus": "active",
    }
    return _with("conditions", [request.condition(_PATIENT, said, index) for index in range(count)])


def _problems_without_codes(count: int) -> Json:
    said = {"system": "urn:local", "code": "1", "display": "a problem", "clinicalStatus": "active"}
    problems = [
        request.condition(_PATIENT, {**said, "display": f"a problem, {index}"}, index)
        for index in range(count)
    ]
    return _with("conditions", problems)


def _notes(count: int) -> Json:
    return _results("magnesium", 1, note=[{"text": f"note {index}"} for index in range(count)])


#: By what there is much of: the call with so many of it.
CALLS: Final[Mapping[str, Callable[[int], Json]]] = {
    "magnesium results": lambda count: _results("magnesium", count),
    "potassium results": lambda count: _results("potassium", count),
    "creatinine results": lambda count: _results("creatinine", count),
    "results without a unit": lambda count: _results(
        "magnesium", count, valueQuantity={"value": 1}
    ),
    "results of other patients": lambda count: _results(
        "magnesium", count, subject={"reference": "Patient/other"}
    ),
    "selected drafts": _drafts,
    "selected drafts of magnesium": lambda count: _drafts(count, _IV_MAGNESIUM),
    "running magnesium": lambda count: _medications(count, "active"),
    "magnesium that was given": lambda count: _medications(count, "completed"),
    "orders of one id": _of_one_id,
    "running magnesium against a gate": _without_need,
    "drafts that cannot be corrected": _too_fast,
    "orders with a Medication beside them": _referenced,
    "contained Medications": _contained,
    "ingredients of one Medication": _ingredients,
    "reasons of one order": _reasons,
    "drafts without an id": _nameless,
    "codes of one order": _codings,
    "instructions of one order": _instructions,
    "levels ordered": _levels,
    "conditions": _conditions,
    "conditions without a known code": _problems_without_codes,
    "notes of one result": _notes,
}
