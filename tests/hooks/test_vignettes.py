"""The twenty patients of `vignettes.json`: band, dose, duration, window, and what the card says.

Twelve are decided by laboratory results alone; the others have orders or conditions, too.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hooks.order_select import Answer
from tests.hooks.casefiles import document
from tests.hooks.chartmaker import (
    LOINC,
    PATIENT,
    UCUM,
    Case,
    Json,
    ask,
    at,
    bundle,
    context,
    order,
    person,
    result,
)
from tests.hooks.decisioncases import buttons_of, dose_of, span_of

VIGNETTES: list[Json] = json.loads(
    (Path(__file__).parents[1] / "vignettes" / "vignettes.json").read_text(encoding="utf-8")
)
TEXTS = document("vignette_texts.toml")


def answer_to(vignette: Json) -> Answer:
    """The answer to a vignette as a request."""
    drafts = [_order(said) for said in vignette["orders"] if said["where"] in DRAFTED]
    drafts = drafts or [order()]
    said = context(
        draftOrders={"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]}
    )
    return ask(said, case_of(vignette).prefetch())


#: Both stand for selected drafts of the call.
DRAFTED = {"draftOrders", "selections"}


def _order(said: Json) -> Json:
    """An order of a vignette; one with a dose is intravenous and tells how long it runs."""
    medication = {"coding": [{name: said[name] for name in ("system", "code", "display")}]}
    found = order(medicationCodeableConcept={**medication, "text": said["display"]})
    if said["where"] == "active":
        authored = at(f"{said['authored_hours_ago']} h ago").isoformat()
        found |= {"id": "order-1", "status": "active", "authoredOn": authored}
    if "dose_g" in said:
        dose = {"value": said["dose_g"], "unit": "g", "system": UCUM, "code": "g"}
        route = {"system": "http://snomed.info/sct", "code": "47625008"}
        repeat = {"count": 1, "duration": said["duration_min"], "durationUnit": "min"}
        found["dosageInstruction"] = [
            {
                "text": f"{said['dose_g']} g IV over {said['duration_min']} minutes",
                "route": {"coding": [route]},
                "timing": {"repeat": repeat},
                "doseAndRate": [{"doseQuantity": dose}],
            }
        ]
    return found


def _condition(said: Json) -> Json:
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "id": f"condition-{said['code']}",
        "clinicalStatus": {"coding": [{"system": status, "code": said["clinicalStatus"]}]},
        "code": {"coding": [{name: said[name] for name in ("system", "code", "display")}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


def case_of(vignette: Json) -> Case:
    """The patient of a vignette: results, weight, conditions, running orders."""
    series: dict[str, Any] = {}
    for short, analyte in (("mg", "magnesium"), ("k", "potassium"), ("creat", "creatinine")):
        said = vignette[short]
        series[analyte] = bundle([] if said is None else [_observation(analyte, said)])
    series["weight"] = bundle([result("weight", f"{vignette['weight_kg']} kg, 20 h ago")])
    series["conditions"] = bundle(_condition(said) for said in vignette["conditions"])
    active = [_order(said) for said in vignette["orders"] if said["where"] == "active"]
    series["medications"] = bundle(active)
    series["labOrders"] = bundle([])
    return Case(patient=person(vignette["age"], vignette["sex"]), bundles=series)


def _observation(analyte: str, said: Json) -> Json:
    line = f"{said.get('comparator', '')}{said['value']} {said['unit'] or ''}".strip()
    observation = result(analyte, f"{line}, {said['specimen_age_hours']} h ago")
    observation["status"] = said["status"]
    code = {"text": analyte} if said["loinc"] is None else _loinc(said["loinc"])
    observation["code"] = code
    if said.get("hemolyzed"):
        observation["note"] = [{"text": "Specimen hemolyzed"}]
    return observation


def _loinc(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}


def _window(vignette: Json) -> str:
    """`[4, 6]` hours from the planned end of the dose, or from now (settled 8); worked out here."""
    expected = vignette["expected"]
    hours = expected["repeat_lab_hours"]
    if hours is None:
        return "none"
    end_of_dose = 10 * 60 + (expected["duration_min"] or 0)
    for said in vignette["orders"]:
        if said["where"] == "active":
            end_of_dose = (10 - said["authored_hours_ago"]) * 60 + said["duration_min"]
    start, end = (end_of_dose + hour * 60 for hour in hours)
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: str(one["id"]))
def test_vignette_is_decided_as_expected(vignette: Json) -> None:
    expected, answer = vignette["expected"], answer_to(vignette)
    assert answer.assessment["band"] == expected["severity"], vignette["rationale"]
    dose, minutes = expected["dose_g"], expected["duration_min"]
    wanted = "none" if dose is None else f"{dose} g over {minutes} min"
    assert dose_of(answer) == wanted, vignette["rationale"]
    assert span_of(answer.assessment.get("recheck")) == _window(vignette), vignette["rationale"]
    first = buttons_of(answer)[0] if buttons_of(answer) else ""
    assert (wanted in first) == (dose is not None), "the expected dose is the first button"
    if "indicator" in expected:
        assert answer.cards[0]["indicator"] == expected["indicator"]
    for inputs, told in (("egfr", "egfr"), ("crcl", "creatinineClearance")):
        shown = answer.assessment.get("inputs", {}).get(told)
        if shown is not None:
            assert float(shown) == vignette[inputs], f"{told}, recomputed by script"


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: str(one["id"]))
def test_vignette_says_what_it_must_and_no_more(vignette: Json) -> None:
    answer = answer_to(vignette)
    text = _text(answer)
    for concept in vignette["expected"]["must_mention"]:
        pattern = TEXTS["must_mention"][concept]
        assert re.search(pattern, text, re.IGNORECASE), f"must mention {concept!r}"
    for concept in vignette["expected"]["must_not"]:
        _must_not(concept, TEXTS["must_not"][concept], answer, text)


def _must_not(concept: str, meaning: dict[str, str], answer: Answer, text: str) -> None:
    if pattern := meaning.get("absent"):
        assert not re.search(pattern, text, re.IGNORECASE), f"must not say {concept!r}"
    if first := meaning.get("first"):
        doses = [button for button in buttons_of(answer) if " g over " in button]
        assert doses[0].removeprefix("* ").startswith(first), concept
        assert dose_of(answer) == first, concept
    match meaning.get("no"):
        case "card":
            assert answer.cards == [], concept
        case "medication order":
            assert not [button for button in buttons_of(answer) if " g over " in button], concept
        case "second order":
            created = [one for one in _actions(answer, "create") if " g over " in one]
            assert not created, concept
        case "automatic order":
            for card in answer.cards:
                assert "systemActions" not in card
            for resource in _resources(answer):
                assert resource["status"] == "draft", concept


def _actions(answer: Answer, kind: str) -> list[str]:
    """What the actions of one type order: without `instead of the draft`, it is one more order."""
    parts = [part for button in buttons_of(answer) for part in button.split("; ")]
    update = "instead of the draft"
    return [part for part in parts if (update in part) == (kind == "update")]


def _resources(answer: Answer) -> list[Json]:
    return [
        action["resource"]
        for card in answer.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]


def _text(answer: Answer) -> str:
    if not answer.cards:
        return "\n".join(one.get("text", "") for one in answer.assessment.get("findings", ()))
    parts = []
    for card in answer.cards:
        parts += [card["summary"], card["detail"]]
        for suggestion in card.get("suggestions", ()):
            parts.append(suggestion["label"])
            parts += [action["description"] for action in suggestion["actions"]]
    return "\n".join(parts)


def test_every_vignette_is_there(figure: Callable[[str], None]) -> None:
    plain = [one for one in VIGNETTES if not one["orders"] and not one["conditions"]]
    assert len({one["id"] for one in VIGNETTES}) == 20
    figure(f"vignettes: {len(VIGNETTES)}, {len(plain)} of them without orders and conditions")
