"""Words become FHIR: the facts of a chart as an `order-select` request.

Everything happens at `NOW`. The specimen of the walk is two hours old. Each part is written once,
sent once through JSON, and shared by all requests: whoever changes what was read is found out.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec

from tests.truth.facts import Facts

Json = dict[str, Any]

NOW: Final = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATIENT: Final = "pat-1"

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED: Final = "http://snomed.info/sct"

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def over_the_wire(value: Any) -> Any:
    """The value as it arrives after a journey as JSON: a copy, its numbers Decimal or int."""
    return _decode(_encode(value))


def ago(hours: float) -> str:
    """A moment so many hours before `NOW`."""
    return (NOW - timedelta(hours=hours)).isoformat()


def searchset(resources: Iterable[Json]) -> Json:
    """A Bundle as a search answers."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


# ---------------------------------------------------------------------------------------- results

_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "magnesium": ("19123-9", "2601-3"),
    "potassium": ("2823-3", "2823-3"),
    "creatinine": ("2160-0", "14682-9"),
    "weight": ("29463-7", "29463-7"),
    "qtc": ("8636-3", "8636-3"),
    "egfr": ("98979-8", "98979-8"),
}


def observation(
    analyte: str,
    value: str,
    *,
    hours: float = 2,
    status: str = "final",
    code: str | None = None,
    name: str = "1",
    note: str | None = None,
) -> Json:
    """A result: `value` is a number with a unit and perhaps a comparator, or a bare number."""
    number, _, unit = value.partition(" ")
    digits = number.lstrip("<>=")
    quantity: Json = {"value": Decimal(digits)}
    if digits != number:
        quantity["comparator"] = number[: -len(digits)]
    if unit:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    mass, moles = _CODES[analyte]
    fitting = mass if unit in {"mg/dL", "kg", ""} else moles
    found: Json = {
        "resourceType": "Observation",
        "id": f"{analyte}-{name}",
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": code or fitting}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": ago(hours),
        "valueQuantity": quantity,
    }
    return found if note is None else {**found, "note": [{"text": note}]}


#: What is put beside a typical value of the same band.
_SIBLING: Final = {
    "severe": "1.1 mg/dL",
    "moderate": "1.3 mg/dL",
    "mild": "1.55 mg/dL",
    "normal": "2.0 mg/dL",
    "high": "3.2 mg/dL",
}

#: In mmol/L and in the band, to be sent under a code of mass per volume.
_MOLES: Final = {
    "severe": "0.45 mmol/L",
    "moderate": "0.55 mmol/L",
    "mild": "0.65 mmol/L",
    "normal": "0.85 mmol/L",
    "high": "1.3 mmol/L",
}


@cache
def _magnesium(level: str, value: str, result: str, hours: float) -> Json:
    def one(said: str = value, **more: Any) -> Json:
        return observation("magnesium", said, **{"hours": hours, **more})

    other = _SIBLING[level]
    match result:
        case "final":
            found = [one()]
        case "preliminary":
            found = [one(status="preliminary")]
        case "newer preliminary":
            found = [one(other, hours=hours + 6, name="0"), one(status="preliminary")]
        case "newer preliminary, normal":
            newer = one("1.9 mg/dL", hours=hours - 0.5, status="preliminary", name="2")
            found = [one(), newer]
        case "stale":
            found = [one(hours=25)]
        case "unit missing":
            found = [one(value.partition(" ")[0])]
        case "only ionized":
            found = [one("0.45 mmol/L", code="2600-5")]
        case "none":
            found = []
        case "tie":
            found = [one(), one(other, name="2")]
        case "newer unusable, same draw":
            bare = other.partition(" ")[0]
            found = [one(hours=hours + 0.5, name="0"), one(bare, name="2")]
        case "code against unit":
            found = [one(_MOLES[level], code="19123-9")]
        case _:
            raise ValueError(f"no such result: {result}")
    return _sent(searchset(found))


@cache
def _potassium(said: str) -> Json:
    match said:
        case "missing":
            found = []
        case "hemolyzed 3.0":
            found = [observation("potassium", "3.0 mmol/L", note="Specimen hemolyzed")]
        case _:
            found = [observation("potassium", f"{said.removeprefix('exactly ')} mmol/L")]
    return _sent(searchset(found))


# ---------------------------------------------------------------------------------------- kidneys
#
# A woman of 62 with 70 kg, or a man of 62 where a clearance must be met to the point: his
# Cockcroft-Gault is 78 x kg / (72 x creatinine), by clinical 3.2, and his CKD-EPI well above it.

_Kidneys = tuple[str, str | None, list[Json]]


def _kidneys_of(said: str) -> _Kidneys:
    """Sex, weight in kg, and the creatinine results."""

    def now(value: str, **more: Any) -> Json:
        return observation("creatinine", value, **more)

    ordinary: Mapping[str, str] = {
        "standard": "0.8 mg/dL",
        "30 to 60": "1.3 mg/dL",
        "15 to 30": "2.4 mg/dL",
        "below 15": "6.8 mg/dL",
        "dialysis": "0.8 mg/dL",
    }
    exact: Mapping[str, tuple[str, str]] = {
        "exactly 60": ("72", "1.3 mg/dL"),
        "just below 60": ("71.9", "1.3 mg/dL"),
        "exactly 30": ("36", "1.3 mg/dL"),
        "just below 30": ("35.9", "1.3 mg/dL"),
        "exactly 15": ("36", "2.6 mg/dL"),
        "just below 15": ("35.9", "2.6 mg/dL"),
    }
    if said in ordinary:
        return "female", "70", [now(ordinary[said])]
    if said in exact:
        weight, creatinine = exact[said]
        return "male", weight, [now(creatinine)]
    match said:
        case "no weight":
            return "female", None, [now("0.8 mg/dL")]
        case "falling creatinine":
            return "male", "80", [now("1.6 mg/dL", hours=30, name="0"), now("1.0 mg/dL")]
        case "AKI by 0.3 in 48 h":
            return "female", "70", [now("0.5 mg/dL", hours=40, name="0"), now("0.8 mg/dL")]
        case "AKI by half in 7 days":
            return "female", "70", [now("0.4 mg/dL", hours=100, name="0"), now("0.6 mg/dL")]
        case "creatinine stale":
            return "female", "70", [now("0.8 mg/dL", hours=49)]
        case "creatinine missing" | "dialysis, creatinine missing":
            return "female", "70", []
        case "creatinine preliminary":
            return "female", "70", [now("0.8 mg/dL", status="preliminary")]
        case "creatinine code against unit":
            return "female", "70", [now("71 umol/L", code="2160-0")]
        case _:
            raise ValueError(f"no such kidneys: {said}")


@cache
def _renal(kidneys: str, age: str) -> Json:
    sex, weight, creatinine = _kidneys_of(kidneys)
    born = {"adult": "1964-05-14", "minor": "2008-11-24", "18 today": "2008-11-23"}.get(age)
    human: Json = {"resourceType": "Patient", "id": PATIENT, "gender": sex}
    if born is not None:
        human["birthDate"] = born
    weighed = [] if weight is None else [observation("weight", f"{weight} kg", hours=20)]
    return _sent(
        {
            "patient": human,
            "creatinine": searchset(creatinine),
            "weight": searchset(weighed),
        }
    )


# ------------------------------------------------------------------------------------- conditions

_CONDITION_CODES: Final[Mapping[str, list[str]]] = {
    "none": [],
    "pregnancy": ["Z33.1"],
    "pre-eclampsia": ["O14.13"],
    "torsades": ["I47.21"],
    "myasthenia": ["G70.00"],
    "AV block": ["I44.1"],
    "AV block with pacemaker": ["I44.2", "Z95.0"],
    "N18.5 alone": ["N18.5"],
}


def condition(code: str) -> Json:
    """An active problem."""
    return {
        "resourceType": "Condition",
        "id": f"condition-{code}",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": {"coding": [{"system": ICD, "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


@cache
def _conditions(said: str, kidneys: str) -> Json:
    codes = list(_CONDITION_CODES[said])
    if kidneys.startswith("dialysis"):
        codes.append("N18.6")
    return _sent(searchset(condition(code) for code in codes))


# ----------------------------------------------------------------------------------------- orders

IV_BAG: Final = ("1658259", "50 ML magnesium sulfate 40 MG/ML Injection")
DRUGS: Final[Mapping[str, tuple[str, str]]] = {
    "acetaminophen": ("313782", "Acetaminophen 325 MG Oral Tablet"),
    "haloperidol, a QT drug": ("5093", "haloperidol"),
    "digoxin": ("3407", "digoxin"),
    "potassium chloride": ("1860239", "100 ML potassium chloride 0.2 MEQ/ML Injection"),
    "furosemide, wastes magnesium": ("4603", "furosemide"),
    "magnesium oxide by mouth": ("198741", "magnesium oxide 400 MG Oral Tablet"),
}


def medication(
    drug: tuple[str, str],
    *,
    name: str = "draft-1",
    status: str = "draft",
    hours: float | None = None,
    grams: str | None = None,
    minutes: str | None = None,
    pills: bool = False,
    reason: str | None = None,
    by_vein: bool = False,
) -> Json:
    """A MedicationRequest; with a dose, a duration or `by_vein` it is given intravenously."""
    code, text = drug
    order: Json = {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code, "display": text}],
            "text": text,
        },
        "subject": {"reference": f"Patient/{PATIENT}"},
        "note": [{"text": "central line, left"}],
    }
    if hours is not None:
        order["authoredOn"] = ago(hours)
    if reason is not None:
        order["reasonCode"] = [{"coding": [{"system": ICD, "code": reason}], "text": "Asthma"}]
    if grams or minutes or pills or by_vein:
        dosage: Json = {
            "text": "as ordered",
            "route": {"coding": [{"system": SNOMED, "code": "47625008"}]},
        }
        if minutes:
            dosage["timing"] = {
                "repeat": {"count": 1, "duration": Decimal(minutes), "durationUnit": "min"}
            }
        if grams:
            quantity = {"value": Decimal(grams), "unit": "g", "system": UCUM, "code": "g"}
            dosage["doseAndRate"] = [{"doseQuantity": quantity}]
        if pills:
            dosage["doseAndRate"] = [
                {"doseQuantity": {"value": 1, "system": UCUM, "code": "{pill}"}}
            ]
        order["dosageInstruction"] = [dosage]
    return order


def context(drafts: list[Json], selected: list[str]) -> Json:
    """The context of a call."""
    return {
        "userId": "Practitioner/dr-example",
        "patientId": PATIENT,
        "encounterId": "visit-1",
        "selections": [f"MedicationRequest/{name}" for name in selected],
        "draftOrders": {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft} for draft in drafts],
        },
    }


def level(status: str) -> Json:
    """A magnesium level that is due in five hours."""
    return {
        "resourceType": "ServiceRequest",
        "id": "level-1",
        "status": status,
        "intent": "order",
        "code": {"coding": [{"system": LOINC, "code": "19123-9"}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "occurrencePeriod": {"start": ago(-4.5), "end": ago(-5)},
        "authoredOn": ago(0.5),
    }


def _two(*doses: tuple[str, str]) -> list[Json]:
    return [
        medication(IV_BAG, name=f"draft-{number}", grams=grams, minutes=minutes)
        for number, (grams, minutes) in enumerate(doses, start=1)
    ]


_Orders = tuple[list[Json], list[str], list[Json]]


def _orders_of(said: str) -> _Orders:
    """Drafts, which of them are selected, and the recorded orders."""
    for words in (", magnesium ordered", ", repeat level ordered"):
        if said.endswith(words):
            return _orders_of(said.removesuffix(words))
    if said.endswith(", repeat level drafted"):
        drafts, selected, past = _orders_of(said.removesuffix(", repeat level drafted"))
        return [*drafts, level("draft")], selected, past
    neutral = medication(DRUGS["acetaminophen"])
    if said in DRUGS:
        return [medication(DRUGS[said])], ["draft-1"], []

    def recorded(status: str, hours: float, grams: str, minutes: str) -> _Orders:
        order = medication(
            IV_BAG, name="past-1", status=status, hours=hours, grams=grams, minutes=minutes
        )
        return [neutral], ["draft-1"], [order]

    match said:
        case "draft, dose unreadable":
            return [medication(IV_BAG, minutes="20", pills=True)], ["draft-1"], []
        case "draft, rate unreadable":
            return [medication(IV_BAG, grams="2")], ["draft-1"], []
        case "draft of magnesium chloride by vein":
            chloride = ("311422", "magnesium chloride 200 MG/ML Injectable Solution")
            return [medication(chloride, grams="2", by_vein=True)], ["draft-1"], []
        case "draft 2 g / 20 min for asthma":
            asthma = medication(IV_BAG, grams="2", minutes="20", reason="J45.901")
            return [asthma], ["draft-1"], []
        case "two drafts of 2 g / 20 min":
            return _two(("2", "20"), ("2", "20")), ["draft-1"], []
        case "two drafts of 1 g / 20 min, both selected":
            return _two(("1", "20"), ("1", "20")), ["draft-1", "draft-2"], []
        case "drafts of 2 g / 20 min and 2 g / 5 min, both selected":
            return _two(("2", "20"), ("2", "5")), ["draft-1", "draft-2"], []
        case "draft 1 g / 20 min beside a running dose":
            draft = medication(IV_BAG, grams="1", minutes="20")
            return [draft], ["draft-1"], recorded("active", 1, "2", "20")[2]
        case "running, ordered after the specimen":
            return recorded("active", 1, "2", "20")
        case "running, ordered before the specimen, not over":
            return recorded("active", 3, "4", "480")
        case "running, ordered before the specimen, over":
            return recorded("active", 6, "2", "20")
        case "given after the specimen":
            return recorded("completed", 1, "2", "20")
        case "given before the specimen":
            return recorded("completed", 6, "2", "20")
        case "running, recheck already past":
            return recorded("active", 12, "2", "20")
    beside = said.startswith("draft not selected, ")
    said = said.removeprefix("draft not selected, ").removeprefix("draft ")
    grams, _, minutes = said.removesuffix(" min").partition(" g / ")
    draft = medication(IV_BAG, name="draft-iv", grams=grams, minutes=minutes)
    return ([neutral, draft], ["draft-1"], []) if beside else ([draft], ["draft-iv"], [])


@cache
def _orders(said: str) -> tuple[Json, Json, Json]:
    drafts, selected, recorded = _orders_of(said)
    levels = [level("active")] if said.endswith(("magnesium ordered", "level ordered")) else []
    parts = context(drafts, selected), searchset(recorded), searchset(levels)
    return _sent(parts[0]), _sent(parts[1]), _sent(parts[2])


def request(facts: Facts) -> tuple[Json, Json]:
    """The context and the prefetch of a chart."""
    said, medications, levels = _orders(facts.order)
    hours = 20 if facts.order == "running, recheck already past" else 2
    prefetch = {
        **_renal(facts.kidneys, facts.age),
        "magnesium": _magnesium(facts.level, facts.value, facts.result, hours),
        "potassium": _potassium(facts.potassium),
        "medications": medications,
        "labOrders": levels,
        "conditions": _conditions(facts.condition, facts.kidneys),
    }
    return said, prefetch


def _sent(value: Json) -> Json:
    sent: Json = over_the_wire(value)
    return sent
