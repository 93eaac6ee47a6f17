"""Requests for tests, written in a line: `"1.2 mg/dL, 3 h ago, preliminary"` is a result.

A result is a number with an optional comparator and a unit, and after commas what is unusual:
a time (`90 min ago`, `25 h ago`, `2 d ago`, `11 min ahead`), a status, `hemolyzed`, `code 2601-3`
for another LOINC code, `called Magnesium` for a local code with that name, or `value denied` for a
dataAbsentReason beside the value. Without them: one hour old, final, under the code that fits the
unit. Everything happens at `NOW`, ten o'clock.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from hooks import OrderSelect, offered
from hooks.chart.codes import laboratory
from hooks.order_select import Answer
from hooks.protocol import Protocol, load
from tests.hooks import validity

Json = dict[str, Any]

NOW: Final = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATIENT: Final = "pat-1"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"

ANALYTES: Final = ("magnesium", "potassium", "creatinine", "weight")

#: The codes of clinical 6.1 and settled 18: (mass, moles) per volume.
CODES: Final[Mapping[str, tuple[str, str]]] = {
    "magnesium": ("19123-9", "2601-3"),
    "potassium": ("2823-3", "2823-3"),
    "creatinine": ("2160-0", "14682-9"),
    "weight": ("29463-7", "29463-7"),
}

STATUSES: Final = frozenset(
    {
        "registered",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "cancelled",
        "entered-in-error",
        "unknown",
    }
)

_SPANS: Final = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
_VALUE: Final = re.compile(r"(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)\s*(.*)")
_TIME: Final = re.compile(r"(\d+(?:\.\d+)?) (s|min|h|d) (ago|ahead)")

LAB_CODES: Final = laboratory.load()
PROTOCOL: Final = load()
_SERVICE: Final = offered(PROTOCOL, LAB_CODES, None)[0]

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def over_the_wire(value: Any) -> Any:
    """The value as it arrives after a journey as JSON: a copy, its numbers Decimal or int."""
    return _decode(_encode(value))


def at(text: str) -> datetime:
    """`3 h ago` as a moment."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time: {text!r}")
    span = timedelta(**{_SPANS[match[2]]: float(match[1])})
    return NOW - span if match[3] == "ago" else NOW + span


def result(analyte: str, line: str, *, patient: str = PATIENT, identity: str = "r1") -> Json:
    """An Observation from a line."""
    said, *rest = (part.strip() for part in line.split(","))
    match = _VALUE.fullmatch(said)
    if match is None:
        raise ValueError(f"not a result: {line!r}")
    sign, number, unit = match.groups()
    quantity: Json = {"value": Decimal(number)}
    if sign:
        quantity["comparator"] = sign
    if unit:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    mass, moles = CODES[analyte]
    observation: Json = {
        "resourceType": "Observation",
        "id": f"{analyte}-{identity}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": mass if unit == "mg/dL" else moles}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at("1 h ago").isoformat(),
        "valueQuantity": quantity,
    }
    for part in rest:
        if part in STATUSES:
            observation["status"] = part
        elif part == "hemolyzed":
            observation["note"] = [{"text": "Specimen hemolyzed"}]
        elif part == "value denied":
            observation["dataAbsentReason"] = {"coding": [{"code": "error"}]}
        elif part.startswith("called "):
            observation["code"] = {"coding": [{"system": "urn:lab", "code": "L"}], "text": part[7:]}
        elif part.startswith("code "):
            observation["code"] = {"coding": [{"system": LOINC, "code": part[5:]}]}
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", part):
            observation["effectiveDateTime"] = part
        else:
            observation["effectiveDateTime"] = at(part).isoformat()
    return observation


def bundle(resources: Iterable[Any]) -> Json:
    """A searchset."""
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    found: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return {**found, "entry": entries} if entries else found


def person(age: int | None = 62, sex: str | None = "female", patient: str = PATIENT) -> Json:
    """A Patient who had the last birthday in May."""
    human: Json = {"resourceType": "Patient", "id": patient}
    if age is not None:
        human["birthDate"] = f"{NOW.year - age}-05-14"
    if sex is not None:
        human["gender"] = sex
    return human


def order(**changes: Any) -> Json:
    """A draft of a neutral medication, acetaminophen by mouth."""
    text = "Acetaminophen 325 MG Oral Tablet"
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": "313782", "display": text}],
            "text": text,
        },
        "subject": {"reference": f"Patient/{PATIENT}"},
        **changes,
    }


def context(**changes: Any) -> Json:
    """The context of an `order-select` with one neutral draft, selected."""
    return {
        "userId": "Practitioner/dr-example",
        "patientId": PATIENT,
        "encounterId": "visit-1",
        "selections": ["MedicationRequest/draft-1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order()}]},
        **changes,
    }


Lines = str | Sequence[str]


@dataclass
class Case:
    """One patient: results as lines, or as whole Bundles in `bundles`.

    A series that is `known absent` was looked for and not found; one `not sent` was not asked for.
    """

    magnesium: Lines = "1.2 mg/dL"
    potassium: Lines = "4.1 mmol/L"
    creatinine: Lines = "0.8 mg/dL"
    weight: Lines = "70 kg"
    age: int | None = 62
    sex: str | None = "female"
    patient: Json | None = field(default_factory=dict)
    bundles: Mapping[str, Any] = field(default_factory=dict)

    def prefetch(self) -> Json:
        """The prefetch as it arrives."""
        human = person(self.age, self.sex) if self.patient == {} else self.patient
        prefetch: Json = {"patient": human}
        for analyte in ANALYTES:
            lines: Lines = getattr(self, analyte)
            if lines == "not sent":
                continue
            prefetch[analyte] = None if lines == "known absent" else _series(analyte, lines)
        decoded: Json = over_the_wire({**prefetch, **self.bundles})
        return decoded


def _series(analyte: str, lines: Lines) -> Json:
    many = [lines] if isinstance(lines, str) else lines
    return bundle(
        result(analyte, line, identity=f"r{number}") for number, line in enumerate(many, start=1)
    )


def service(protocol: Protocol = PROTOCOL) -> OrderSelect:
    """The hook, by the protocol given."""
    return _SERVICE if protocol is PROTOCOL else offered(protocol, LAB_CODES, None)[0]


def decide(
    case: Case, protocol: Protocol = PROTOCOL, now: datetime = NOW, hook: OrderSelect | None = None
) -> Answer:
    """Read, decide, answer; whatever leaves is checked as strict FHIR R4 on its way."""
    return ask(context(), case.prefetch(), now, hook or service(protocol))


def ask(said: Json, prefetch: Json, now: datetime = NOW, hook: OrderSelect = _SERVICE) -> Answer:
    """One call. The answer is valid, has a card or a reason for silence, and never both."""
    answer = hook.answer(hook.read_context(over_the_wire(said)), prefetch, now)
    complaints = validity.of_cards(answer.cards, PATIENT if said["patientId"] == PATIENT else None)
    assert not complaints, f"what leaves is not valid: {complaints}"
    silent = "silence" in answer.assessment
    assert silent != bool(answer.cards), "a card or a reason for silence, never both or neither"
    return answer


def without_ids(answer: Answer) -> tuple[Any, Any]:
    """Cards and account without what is new in every answer."""
    return _anonymous(answer.cards), answer.assessment


def _anonymous(value: Any, inside: str = "") -> Any:
    if isinstance(value, list):
        return [_anonymous(item, inside) for item in value]
    if isinstance(value, dict):
        return {
            name: _anonymous(member, name)
            for name, member in value.items()
            if name != "uuid" and not (name == "id" and inside == "resource")
        }
    return value
