"""Which ordered level is the repeat level, and which comes too late: `cases/levels.toml`."""

import re
from typing import Any

import pytest

from hooks.order_select import Answer
from tests.hooks import validity
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import LOINC, NOW, PATIENT, Case, Json, ask, bundle, context
from tests.hooks.ordermaker import prescription, problem

_PATIENT_PARTS = {"magnesium", "creatinine"}
_KNOWN = _PATIENT_PARTS | {"name", "because", "drafts", "problems", "levels"}
_EXPECTED = {"rule", "offered", "later", "label", "silence"}
_MEMBERS = {"analyte", "at", "status", "authored", "occurrence"}
_CODES = {"magnesium": "19123-9", "creatinine": "2160-0"}
#: What is ordered where a case has no draft: it has to do with no magnesium.
_NEUTRAL = {"text": "acetaminophen 650 mg tablet", "route": "PO"}


@pytest.mark.parametrize("case", cases("levels.toml"))
def test_wanted_level(case: dict[str, Any]) -> None:
    assert not case.keys() - _KNOWN - _EXPECTED
    answer = _asked(case)
    because = case["because"]
    assert validity.of_cards(answer.cards) == [], because
    assert answer.assessment["rule"] == case.get("rule", answer.assessment["rule"]), because
    later = [one["text"] for one in answer.assessment["findings"] if one["id"] == "level-later"]
    if "silence" in case:
        assert answer.cards == [], because
        assert answer.assessment["silence"] == case["silence"], because
        assert later == [], because
        return
    (card,) = answer.cards
    assert _offered(card) == case["offered"], because
    if "later" in case:
        (said,) = later
        assert re.search(case["later"], said), because
        assert said in card["detail"], f"{because}: it is said on the card"
    else:
        assert later == [], because
    if "label" in case:
        assert case["label"] in [one["label"] for one in card["suggestions"]], because


def _asked(case: dict[str, Any]) -> Answer:
    made = [
        prescription(draft, f"draft-{number}")
        for number, draft in enumerate(case.get("drafts") or [_NEUTRAL], start=1)
    ]
    levels = [_level(one, f"level-{number}") for number, one in enumerate(case["levels"], start=1)]
    drafted = [level for level in levels if level["status"] == "draft"]
    said = context(
        draftOrders={
            "resourceType": "Bundle",
            "entry": [{"resource": one} for one in (*made, *drafted)],
        },
        selections=[f"MedicationRequest/{one['id']}" for one in made],
    )
    patient = Case(
        bundles={
            "medications": bundle([]),
            "labOrders": bundle(level for level in levels if level["status"] == "active"),
            "conditions": bundle(problem(code) for code in case.get("problems", ())),
        },
        **{name: case[name] for name in _PATIENT_PARTS & case.keys()},
    )
    return ask(said, patient.prefetch())


def _level(said: dict[str, Any], identity: str) -> Json:
    assert not said.keys() - _MEMBERS
    made: Json = {
        "resourceType": "ServiceRequest",
        "id": identity,
        "status": said.get("status", "active"),
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"coding": [{"system": LOINC, "code": _CODES[said.get("analyte", "magnesium")]}]},
        "authoredOn": said.get("authored", "2026-11-23T08:00:00Z"),
    }
    if "at" in said:
        start, _, end = said["at"].partition(" to ")
        if end:
            made["occurrencePeriod"] = {"start": start, "end": end}
        else:
            made["occurrenceDateTime"] = start
    return made | dict(said.get("occurrence", {}))


def _offered(card: Json) -> list[str]:
    """The levels that buttons order: `creatinine now`, `magnesium 14:00-16:00`."""
    analytes = {code: analyte for analyte, code in _CODES.items()}
    offered = []
    for suggestion in card.get("suggestions", ()):
        for action in suggestion["actions"]:
            resource = action["resource"]
            assert resource["resourceType"] == "ServiceRequest"
            (coding,) = resource["code"]["coding"]
            due = resource["occurrencePeriod"]
            window = f"{due['start'][11:16]}-{due['end'][11:16]}"
            when = "now" if due["start"] == due["end"] == NOW.isoformat() else window
            offered.append(f"{analytes[coding['code']]} {when}")
    return offered
