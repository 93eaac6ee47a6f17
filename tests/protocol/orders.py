"""Requests for tests of a site's own files: a fixture with another draft in it."""

from copy import deepcopy
from datetime import datetime
from typing import Any, Final

import msgspec

from hooks.order_select import Answer
from service import explanation, fixture
from service.settings import Settings
from tests.protocol.edit import PROJECT

Json = dict[str, Any]

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM: Final = "http://unitsofmeasure.org"
_encoder = msgspec.json.Encoder(decimal_format="number")

FIXTURES: Final = sorted(PROJECT.glob("fixtures/*.json"))


def request(name: str, **draft: Any) -> tuple[Json, datetime]:
    """A fixture's request and moment; `draft` changes the members of its drafted order."""
    case = fixture.load(PROJECT / "fixtures" / f"{name}.json")
    assert case.now, f"{name} names no moment of its own"
    asked = deepcopy(case.request)
    asked["context"]["draftOrders"]["entry"][0]["resource"].update(draft)
    return asked, case.now


def encoded(asked: Json) -> bytes:
    """A request as it is sent: numbers with their digits."""
    return _encoder.encode(asked)


def ask(settings: Settings, name: str, **draft: Any) -> Answer:
    """What the service of a site answers to a fixture."""
    asked, now = request(name, **draft)
    return explanation.decide(asked, now, settings)


def medication(text: str, code: str | None = None) -> Json:
    """A drug by its name, and by its RxNorm code if there is one."""
    coding = [{"system": RXNORM, "code": code, "display": text}] if code else []
    return {"text": text, "coding": coding}


def infusion(grams: int, minutes: int) -> Json:
    """The members of a draft of IV magnesium sulfate."""
    quantity = {"value": grams, "unit": "g", "system": UCUM, "code": "g"}
    return {
        "medicationCodeableConcept": medication(
            "50 ML magnesium sulfate 40 MG/ML Injection", "1658259"
        ),
        "note": [{"text": "bed 4"}],
        "dosageInstruction": [
            {
                "text": f"{grams} g IV over {minutes} minutes",
                "timing": {"repeat": {"duration": minutes, "durationUnit": "min"}},
                "doseAndRate": [{"doseQuantity": quantity}],
            }
        ],
    }


def doses(answer: Answer) -> list[tuple[str, Any, Any]]:
    """Every magnesium order that the cards suggest: what happens to it, its grams, its minutes."""
    found = []
    for card in answer.cards:
        for suggestion in card.get("suggestions", []):
            for action in suggestion["actions"]:
                resource = action["resource"]
                if resource["resourceType"] == "MedicationRequest":
                    (dosage,) = resource["dosageInstruction"]
                    quantity = dosage["doseAndRate"][0]["doseQuantity"]
                    assert quantity["unit"] == "g"
                    repeat = dosage["timing"]["repeat"]
                    assert repeat["durationUnit"] == "min"
                    found.append((action["type"], quantity["value"], repeat["duration"]))
    return found
