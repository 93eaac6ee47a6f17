"""The second example: a ward that gives no magnesium faster than 1 g/h, by its file alone."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
import pytest

from hooks.order_select import Answer
from hooks.protocol import load
from hooks.protocol.difference import compare
from service import explanation, fixture
from service.settings import Settings
from tests.protocol.edit import STRICT_WARD
from tests.protocol.orders import FIXTURES, ask, doses, infusion

STRICT: Final = Settings(protocol=STRICT_WARD)
SHIPPED: Final = Settings()

#: What the service refuses whatever the protocol says: not R4, and no draft.
REFUSED: Final = frozenset({"sandbox-dstu2", "sandbox-tab-clicked"})

TWENTY_MINUTES: Final = re.compile(r"(?<![\d:-])20[ -]?min", re.IGNORECASE)


def everything(answer: Answer) -> str:
    """All that leaves: cards with their orders, and the assessment."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return encoder.encode([answer.cards, answer.assessment]).decode()


def test_it_loads_and_is_a_draft_of_its_own() -> None:
    ours, shipped = load(STRICT_WARD).document.protocol, load().document.protocol
    assert ours.status == "draft"
    assert {ours.id, ours.version, ours.label}.isdisjoint(
        {shipped.id, shipped.version, shipped.label}
    )


def test_it_is_the_shipped_file_but_for_what_it_says_at_its_head() -> None:
    """Where this fails after a change of the shipped file, carry the change over to the example."""
    sections = compare(load(), load(STRICT_WARD))
    said = {section.title: list(section.changes) for section in sections}
    assert list(said) == [
        "About the protocol",
        "Doses",
        "Infusion rate",
        "Wording",
        "Sources",
    ], "carry the change of the shipped file over to examples/strict-ward.toml"
    assert said["Doses"] == [
        "severe, standard renal function (DT1): 2 g over 20 min (100 mg/min, 6 g/h) becomes"
        " 2 g over 120 min (16.7 mg/min, 1 g/h)",
        "severe, standard renal function (DT1): the option 2 g over 120 min (16.7 mg/min, 1 g/h)"
        " if asymptomatic and stable is gone",
        "severe, reduced renal function (DT2): 1 g over 60 min (16.7 mg/min, 1 g/h) becomes"
        " 1 g over 120 min (8.33 mg/min, 0.5 g/h)",
    ]
    assert said["Infusion rate"] == [
        "Rate ceiling of the site: 150 mg/min (9 g/h) becomes 1 g/h (16.7 mg/min)"
    ]
    assert [sentence.partition(":")[0] for sentence in said["Wording"]] == [
        "rows.DT1.caveat",
        "rows.DT1.quotes",
    ], "carry the change of the shipped file over to examples/strict-ward.toml"


def test_the_seed_patient_gets_two_grams_over_two_hours() -> None:
    answer = ask(STRICT, "seed-mg-1.2")
    assert answer.assessment["protocol"]["id"] == "org.example.strict-ward-magnesium"
    assert answer.assessment["rule"] == "DT1"
    assert answer.assessment["dose"] == {"grams": 2, "minutes": 120}
    assert doses(answer) == [("create", 2, 120)], "one dose and no option"
    (card,) = answer.cards
    assert "2 g magnesium sulfate IV over 120 minutes" in card["summary"]
    assert card["source"]["label"] == "Strict ward magnesium protocol (example) (draft)"
    labels = [suggestion["label"] for suggestion in card["suggestions"]]
    assert labels == [
        "Order 2 g magnesium sulfate IV over 120 minutes and repeat magnesium 4-6 h after",
        "Order only the repeat magnesium, 23 Nov 16:00-18:00 (UTC)",
    ]
    assert answer.assessment["recheck"] == {
        "start": "2026-11-23T16:00:00+00:00",
        "end": "2026-11-23T18:00:00+00:00",
    }, "4 to 6 h after the end of two hours"


def test_by_the_shipped_protocol_the_same_patient_is_offered_twenty_minutes() -> None:
    answer = ask(SHIPPED, "seed-mg-1.2")
    assert doses(answer)[0] == ("create", 2, 20)
    assert TWENTY_MINUTES.search(everything(answer)), (
        "the pattern of this test finds what it looks for"
    )


@pytest.mark.parametrize(
    "path", [path for path in FIXTURES if path.stem not in REFUSED], ids=lambda path: path.stem
)
def test_nobody_is_offered_more_than_1_g_an_hour(path: Path) -> None:
    case = fixture.load(path)
    assert case.now
    answer = explanation.decide(case.request, case.now, STRICT)
    for _, grams, minutes in doses(answer):
        assert Decimal(grams) * 60 <= minutes, f"{grams} g over {minutes} min"
    assert not TWENTY_MINUTES.search(everything(answer))


@pytest.mark.parametrize(
    ("name", "grams"), [("renal-reduced", 1), ("kidney-injury", 1), ("moderate", 2)]
)
def test_the_other_rows_keep_to_the_ceiling_too(name: str, grams: int) -> None:
    assert doses(ask(STRICT, name)) == [("create", grams, 120)]


def test_a_draft_over_20_minutes_is_too_fast_and_is_corrected() -> None:
    answer = ask(STRICT, "seed-mg-1.2", **infusion(2, 20))
    assert answer.assessment["rule"] == "G6"
    found = {finding["id"]: finding.get("text") for finding in answer.assessment["findings"]}
    assert found["rate-high"].startswith(
        "**Rate too fast:** 2 g over 20 minutes is 6 g/h, above 1 g/h"
    )
    assert "1 g/h" in found["rate-high"]
    assert doses(answer) == [("update", 2, 120)]
    (card,) = answer.cards
    assert card["indicator"] == "warning"
    assert "too fast" in card["summary"]
    update = card["suggestions"][0]["actions"][0]["resource"]
    assert update["id"] == "draft-1"
    assert update["note"] == [{"text": "bed 4"}], "the draft comes back whole"
    assert card["suggestions"][0]["label"].startswith(
        "Change the draft to 2 g magnesium sulfate IV over 120 minutes"
    )


def test_by_the_shipped_protocol_that_draft_is_right() -> None:
    answer = ask(SHIPPED, "seed-mg-1.2", **infusion(2, 20))
    assert "rate-high" not in {finding["id"] for finding in answer.assessment["findings"]}
    assert doses(answer) == []


def test_a_draft_at_the_ceiling_is_right() -> None:
    answer = ask(STRICT, "seed-mg-1.2", **infusion(2, 120))
    assert "rate-high" not in {finding["id"] for finding in answer.assessment["findings"]}
    assert doses(answer) == []


def test_a_draft_just_above_the_ceiling_is_too_fast() -> None:
    """2 g over 119 minutes are 1.008 g/h: compared exactly, not as rounded for reading."""
    answer = ask(STRICT, "seed-mg-1.2", **infusion(2, 119))
    assert "rate-high" in {finding["id"] for finding in answer.assessment["findings"]}
    assert doses(answer) == [("update", 2, 120)]
