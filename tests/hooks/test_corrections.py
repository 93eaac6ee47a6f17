"""What is corrected in a drafted order and what is only said: the cases of `corrections.toml`."""

import json
from typing import Any

import pytest

from tests.hooks import validity
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import PATIENT, Case, ask, bundle, context, order
from tests.hooks.ordermaker import asked


@pytest.mark.parametrize("case", cases("corrections.toml", "sent"))
def test_a_corrected_draft_is_sent_as_its_case_says(case: dict[str, Any]) -> None:
    """The update of a draft, as it leaves: valid, with what stays and without what must not."""
    (card,) = asked(case["drafts"]).cards
    (update,) = (
        action["resource"]
        for suggestion in card["suggestions"]
        for action in suggestion["actions"]
        if action["type"] == "update"
    )
    assert validity.of_cards([card]) == [], case["because"]
    text = json.dumps(update, default=str)
    for word in case["stays"]:
        assert word in text, f"{case['because']}: {word} stays"
    for word in case["goes"]:
        assert word not in text, f"{case['because']}: {word} goes"


@pytest.mark.parametrize(
    ("authored", "repeated"),
    [
        ("2026-10-18T08:00:00", True),
        ("2026-11-23T08:00:00", False),
        ("2026-11-23T11:00:00Z", False),
    ],
)
def test_a_level_without_a_zone_is_ordered_on_its_day(authored: str, repeated: bool) -> None:
    dosage = [
        {
            "timing": {"repeat": {"count": 1, "duration": 20, "durationUnit": "min"}},
            "route": {"text": "IV"},
            "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "g"}}],
        }
    ]
    draft = order(medicationCodeableConcept={"text": "magnesium sulfate"}, dosageInstruction=dosage)
    level = {
        "resourceType": "ServiceRequest",
        "id": "level-1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "19123-9"}]},
        "authoredOn": authored,
    }
    drafts = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    series = Case(bundles={"labOrders": bundle([level])}).prefetch()
    answer = ask(context(draftOrders=drafts), series)
    told = "settled 8: a level of five weeks ago is no repeat level, one of today may be"
    assert bool(answer.cards) == repeated, told
