"""What of an answer goes into the record, whatever the answer is: no failure, and not too much."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from service.decision import entry
from service.observability import Call
from service.record.entries import DecisionEntry
from service.record.tables import CARD, SHORT
from tests.record.conftest import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
PARTS = ("band", "rule", "row", "protocol", "dose", "findings", "unusable", "silence")
CARD_PARTS = ("uuid", "indicator", "source", "suggestions")


@dataclass
class Answer:
    cards: list[dict[str, Any]] = field(default_factory=list)
    assessment: dict[str, Any] = field(default_factory=dict)
    chart: Any = None


def recorded(answer: Answer) -> DecisionEntry:
    call = Call("tea", NOW, answer=answer)
    return entry(call, 200, 1.0)


def test_a_dose_keeps_its_digits_and_a_text_its_length() -> None:
    account = {"dose": {"grams": Decimal("1.50"), "minutes": 20}, "rule": "x" * 500}
    kept = recorded(Answer(assessment=account))
    assert (kept.dose_grams, kept.dose_minutes) == (Decimal("1.5"), Decimal(20))
    assert kept.rule == "x" * SHORT


def test_the_texts_of_findings_and_results_are_not_kept() -> None:
    account = {
        "findings": [{"id": "wasting-drug", "rule": "M5", "text": "Mrs. Example takes furosemide"}],
        "unusable": [
            {"analyte": "potassium", "reasons": ["hemolyzed"], "reported": "Mrs. Example"}
        ],
        "inputs": {"magnesium": {"value": 1, "reference": "Observation/of-mrs-example"}},
    }
    kept = recorded(Answer(assessment=account))
    assert kept.findings == [{"id": "wasting-drug", "rule": "M5"}]
    assert kept.unusable == [{"analyte": "potassium", "reasons": ["hemolyzed"]}]
    assert "xample" not in str(kept)


def test_of_an_order_only_its_kind_and_code_are_kept() -> None:
    resource = {
        "resourceType": "MedicationRequest",
        "subject": {"reference": "Patient/example"},
        "medicationCodeableConcept": {
            "text": "for Mrs. Example",
            "coding": [{"system": "http://rx.example", "code": "1", "display": "for Mrs. Example"}],
        },
    }
    action = {"type": "update", "description": "for Mrs. Example", "resource": resource}
    suggestion = {"uuid": "s", "label": "Change the draft", "actions": [action]}
    kept = recorded(Answer(cards=[{"uuid": "c", "suggestions": [suggestion]}]))
    assert kept.cards[0].suggestions[0].actions == [
        {
            "type": "update",
            "resourceType": "MedicationRequest",
            "system": "http://rx.example",
            "code": "1",
        }
    ]
    assert "xample" not in str(kept).replace("http://rx.example", "")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, JSON)),
    st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(CARD_PARTS, JSON)), max_size=2),
)
def test_no_answer_makes_the_record_fail(
    account: dict[str, Any], cards: list[dict[str, Any]]
) -> None:
    kept = recorded(Answer(cards, account))
    assert msgspec.json.decode(msgspec.json.encode(kept), type=DecisionEntry) == kept
    assert len(kept.cards) == len(cards)
    assert all(0 < len(card.id) <= CARD for card in kept.cards)
    assert "\0" not in str(kept)
