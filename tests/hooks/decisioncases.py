"""The cases about decisions: the lines that they expect of an answer, and how each is checked."""

import re
from collections.abc import Callable
from typing import Any

from hooks.order_select import Answer
from tests.hooks.chartmaker import Json

PATIENT_MEMBERS = {"magnesium", "potassium", "creatinine", "weight", "age", "sex"}


def dose_of(answer: Answer) -> str:
    dose = answer.assessment.get("dose")
    return "none" if dose is None else f"{dose['grams']} g over {dose['minutes']} min"


def _band(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.assessment["band"] == wanted, rule


def _rule(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.assessment["rule"] == wanted, rule


def _tier(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.assessment["inputs"]["renalTier"] == wanted, rule


def _dose(answer: Answer, wanted: str, rule: str) -> None:
    assert dose_of(answer) == wanted, rule
    ordered = [
        part for button in buttons_of(answer) for part in button.split("; ") if " g " in part
    ]
    if wanted == "none":
        assert ordered == [], f"{rule}: no order of magnesium sulfate may be offered"
    else:
        assert ordered[0].removeprefix("* ") == wanted, f"{rule}: the row's dose comes first"


def _reference(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.decision is not None
    told = answer.decision.reference
    found = "none" if told is None else f"{told.dose.value} g over {told.over.value} min"
    assert found == wanted, rule


def _recheck(answer: Answer, wanted: str, rule: str) -> None:
    assert span_of(answer.assessment.get("recheck")) == wanted, rule


def _findings(answer: Answer, wanted: list[str], rule: str) -> None:
    assert set(wanted) <= finding_ids(answer), rule


def _no_findings(answer: Answer, wanted: list[str], rule: str) -> None:
    assert not set(wanted) & finding_ids(answer), rule


def _findings_say(answer: Answer, wanted: list[str], rule: str) -> None:
    texts = [finding.get("text", "") for finding in answer.assessment.get("findings", ())]
    for pattern in wanted:
        assert any(re.search(pattern, text) for text in texts), f"{rule}: {pattern!r} in {texts}"


def _indicator(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.cards[0]["indicator"] == wanted, rule


def _card(answer: Answer, wanted: str, rule: str) -> None:
    assert len(answer.cards) == {"yes": 1, "no": 0}[wanted], rule


def _silence(answer: Answer, wanted: str, rule: str) -> None:
    assert answer.decision is not None
    assert answer.decision.silence == wanted, rule
    assert answer.assessment["silence"].endswith("."), "silence is explained in a sentence"


def _buttons(answer: Answer, wanted: list[str], rule: str) -> None:
    found = buttons_of(answer)
    assert [button.removeprefix("* ") for button in found] == [
        button.removeprefix("* ") for button in wanted
    ], rule
    for mine, button in zip(found, wanted, strict=True):
        if button.startswith("* "):
            assert mine.startswith("* "), f"{rule}: {button} is the recommended one"
    if any(button.startswith("* ") for button in wanted):
        assert sum(button.startswith("* ") for button in found) == 1, f"{rule}: only one of them"


def _says(answer: Answer, wanted: list[str], rule: str) -> None:
    for pattern in wanted:
        assert re.search(pattern, text_of(answer)), f"{rule}: the card must say {pattern!r}"


def _says_not(answer: Answer, wanted: list[str], rule: str) -> None:
    for pattern in wanted:
        assert not re.search(pattern, text_of(answer)), f"{rule}: the card must not say {pattern!r}"


CHECKS: dict[str, Callable[[Answer, Any, str], None]] = {
    "band": _band,
    "rule": _rule,
    "tier": _tier,
    "dose": _dose,
    "reference": _reference,
    "recheck": _recheck,
    "findings": _findings,
    "no_findings": _no_findings,
    "findings_say": _findings_say,
    "indicator": _indicator,
    "card": _card,
    "silence": _silence,
    "buttons": _buttons,
    "says": _says,
    "says_not": _says_not,
}


def text_of(answer: Answer) -> str:
    return "\n".join(f"{card['summary']}\n{card['detail']}" for card in answer.cards)


def finding_ids(answer: Answer) -> set[str]:
    return {finding["id"] for finding in answer.assessment.get("findings", ())}


def span_of(recheck: Json | None) -> str:
    """Two moments of the day of the call."""
    if recheck is None:
        return "none"
    assert recheck["start"][:10] == recheck["end"][:10] == "2026-11-23"
    return f"{recheck['start'][11:16]}-{recheck['end'][11:16]}"


def buttons_of(answer: Answer) -> list[str]:
    """What each suggestion orders, read from its resources; the recommended one with a star."""
    return [
        ("* " if suggestion.get("isRecommended") else "")
        + "; ".join(
            ("instead of the draft " if action["type"] == "update" else "")
            + _ordered(action["resource"])
            for action in suggestion["actions"]
        )
        for card in answer.cards
        for suggestion in card.get("suggestions", ())
    ]


def _ordered(resource: Json) -> str:
    if resource["resourceType"] == "MedicationRequest":
        return _medication(resource)
    (coding,) = resource["code"]["coding"]
    name = {"19123-9": "magnesium", "2160-0": "creatinine"}[coding["code"]]
    span = span_of(resource["occurrencePeriod"])
    return f"{name} now" if span == "10:00-10:00" else f"{name} {span}"


def _medication(resource: Json) -> str:
    """The dose; the same in the quantity, the timing, the rate, the product and the words."""
    (dosage,) = resource["dosageInstruction"]
    (amount,) = dosage["doseAndRate"]
    dose, repeat = amount["doseQuantity"], dosage["timing"]["repeat"]
    assert dose["unit"] == dose["code"] == "g"
    assert repeat["durationUnit"] == "min"
    assert repeat["count"] == 1
    minutes = repeat["duration"]
    rate = amount["rateRatio"]
    assert rate["numerator"] == dose
    assert (rate["denominator"]["value"], rate["denominator"]["code"]) == (minutes, "min")
    (product,) = resource["medicationCodeableConcept"]["coding"]
    assert product["code"] == {1: "829757", 2: "1658259"}[int(dose["value"])], "clinical 5.1"
    assert dosage["route"]["coding"][0]["code"] == "47625008"
    assert f"{dose['value']} g IV" in dosage["text"]
    assert f"over {minutes} minutes" in dosage["text"]
    return f"{dose['value']} g over {minutes} min"
