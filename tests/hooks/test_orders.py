"""What a drafted order is taken for, and what is never made of it (settled 2, 6 and 7)."""

from typing import Any

import pytest

from tests.hooks.chartmaker import Case, Json, ask, context, order

INTRAVENOUS = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}


def _dosage(grams: int, minutes: int, **repeat: Any) -> list[Json]:
    return [
        {
            "timing": {"repeat": {"duration": minutes, "durationUnit": "min", **repeat}},
            "route": INTRAVENOUS,
            "doseAndRate": [{"doseQuantity": {"value": grams, "unit": "g"}}],
        }
    ]


def _decided(draft: Json, **bundles: Json) -> Any:
    drafts = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    return ask(context(draftOrders=drafts), Case(bundles=bundles).prefetch())


def _draft(text: str, dosage: list[Json] | None = None) -> Json:
    draft = order(medicationCodeableConcept={"text": text})
    draft.pop("dosageInstruction", None)
    if dosage is not None:
        draft["dosageInstruction"] = dosage
    return draft


@pytest.mark.parametrize(
    "text",
    [
        "Magnesium 2 g IVPB",
        "Mag sulfate 2 g IV",
        "magnesium sulf 2g/50ml",
        "magnesium (as sulfate) 2 g",
        "magnesium sulfate 2 g / D5W 50 mL",
        "glucose 50 MG/ML / magnesium sulfate 10 MG/ML Injection",
        "magnesium sulfate 2 g IV powder for injection",
        "Magnesium Sulfate--MAG2PM--00409672924_Bag--BAG50",
    ],
)
def test_magnesium_by_any_of_its_names_gets_no_second_dose(text: str) -> None:
    assert _decided(_draft(text)).assessment["rule"] == "G6", "settled 6: never a second order"


@pytest.mark.parametrize(
    "text",
    [
        "Magnesium Oxide 400 mg tablet",
        "multivitamin with magnesium tablet",
        "Milk of magnesia",
        "magnesium 250 mg tablet",
        "amoxicillin 500 mg",
    ],
)
def test_what_only_sounds_like_it_is_no_replacement(text: str) -> None:
    assert _decided(_draft(text)).assessment["rule"] == "DT1", "oral magnesium replaces nothing"


def test_a_draft_that_repeats_is_never_raised() -> None:
    draft = _draft(
        "magnesium sulfate", _dosage(1, 20, count=4, frequency=1, period=1, periodUnit="h")
    )
    answer = _decided(draft)
    assert "dose" not in answer.assessment, "four doses of 2 g would be 8 g"
    assert "repeats" in {finding["id"] for finding in answer.assessment["findings"]}


def test_a_stated_rate_that_cannot_be_read_is_not_replaced_by_the_duration() -> None:
    dosage = _dosage(2, 20, count=1)
    dosage[0]["doseAndRate"][0]["rateQuantity"] = {"value": 1200, "unit": "mL/h"}
    found = _decided(_draft("magnesium sulfate", dosage)).assessment["findings"]
    assert "rate-unreadable" in {finding["id"] for finding in found}


def test_minutes_in_words_are_minutes() -> None:
    dosage = _dosage(2, 20, count=1)
    dosage[0]["doseAndRate"][0]["rateRatio"] = {
        "numerator": {"value": 2, "unit": "g"},
        "denominator": {"value": 5, "unit": "minutes", "code": "min"},
    }
    found = _decided(_draft("magnesium sulfate", dosage)).assessment["findings"]
    assert "rate-high" in {finding["id"] for finding in found}, "2 g in 5 minutes is 400 mg/min"


def test_end_stage_disease_under_another_name_of_the_code_system() -> None:
    problem = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.90", "code": "N186"}]},
    }
    bundle = {"resourceType": "Bundle", "entry": [{"resource": problem}]}
    assert _decided(_draft("amoxicillin 500 mg"), conditions=bundle).assessment["rule"] == "G7"


def test_two_drafts_of_one_id_are_not_corrected() -> None:
    fast = _draft("magnesium sulfate", _dosage(2, 5, count=1))
    entries = [{"resource": fast}, {"resource": _draft("acetaminophen")}]
    drafts = {"resourceType": "Bundle", "entry": entries}
    (card,) = ask(context(draftOrders=drafts), Case().prefetch()).cards
    kinds = [action["type"] for each in card["suggestions"] for action in each["actions"]]
    assert "update" not in kinds, "nobody can tell which of the two would change"


def test_a_correction_that_cannot_be_sent_back_is_not_announced() -> None:
    fast = _draft("magnesium sulfate", _dosage(2, 5, count=1)) | {"note": [{"text": 7}]}
    answer = _decided(fast)
    (card,) = answer.cards
    assert "update" not in {
        action["type"] for each in card["suggestions"] for action in each["actions"]
    }, "what is not valid R4 does not leave"
    assert "Change the draft to" not in card["detail"], "the card announces no button that it lacks"
    assert "change the draft to **" not in card["detail"]
    assert "change it by hand" in card["detail"], "the card says what is left to do"
    assert "Rate too fast" in card["detail"]
    assert "dose" not in answer.assessment, "no dose leaves, so none is told as suggested"
    assert "not-corrected" in {finding["id"] for finding in answer.assessment["findings"]}
    assert [each.get("isRecommended", False) for each in card["suggestions"]] == [True]


def test_a_draft_that_says_its_dose_twice_is_not_corrected() -> None:
    (dosage,) = _dosage(2, 5, count=1)
    (each,) = dosage["doseAndRate"]
    for types in (("ordered", "calculated"), ("ordered", "ordered")):
        doses = [each | {"type": {"coding": [{"code": code}]}} for code in types]
        answer = _decided(_draft("magnesium sulfate", [dosage | {"doseAndRate": doses}]))
        (card,) = answer.cards
        assert "update" not in {
            action["type"] for one in card["suggestions"] for action in one["actions"]
        }, "an EHR that adds the doses up would give twice the dose"
        assert "Rate too fast" in card["detail"]


@pytest.mark.parametrize("kind", [None, [], {}, ["MedicationRequest"], 7, True])
def test_a_type_that_is_none_spoils_its_entry_alone(kind: Any) -> None:
    """Among the running orders, the drafts and the problems."""
    odd = {"resource": order(id="odd", status="active", resourceType=kind)}
    recorded = {"resourceType": "Bundle", "entry": [odd]}
    drafts = {"resourceType": "Bundle", "entry": [odd, {"resource": order()}]}
    prefetch = Case(bundles={"medications": recorded, "conditions": recorded}).prefetch()
    answer = ask(context(draftOrders=drafts), prefetch)
    assert answer.assessment["rule"] == "DT1", "an entry of no type is passed over"
