"""The seed call, and the parts that its variants are made of.

Every function builds anew, so a test may edit what it gets.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.conftest import NOW

Json = dict[str, Any]

PATIENT_ID = "pat-7731"
GIVEN_NAME = "Zephyrine"
FAMILY_NAME = "Quillfeather"
RECORD_NUMBER = "MRN-5520917"
DRAFT_ID = "request-123"

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"

LABS: Mapping[str, tuple[str, str]] = {
    "magnesium": ("19123-9", "mg/dL"),
    "potassium": ("2823-3", "mmol/L"),
    "creatinine": ("2160-0", "mg/dL"),
    "weight": ("29463-7", "kg"),
}


def instant(moment: datetime) -> str:
    """The moment as FHIR writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def patient() -> Json:
    """A woman of 62 years."""
    return {
        "resourceType": "Patient",
        "id": PATIENT_ID,
        "identifier": [{"system": "https://hospital.example/mrn", "value": RECORD_NUMBER}],
        "name": [{"family": FAMILY_NAME, "given": [GIVEN_NAME]}],
        "gender": "female",
        "birthDate": "1964-02-03",
    }


def result(
    analyte: str,
    value: float,
    unit: str | None = None,
    *,
    hours_ago: float = 1,
    status: str = "final",
    loinc: str | None = None,
) -> Json:
    """One Observation of the patient; unit and code are the analyte's usual ones."""
    usual_code, usual_unit = LABS[analyte]
    unit = unit or usual_unit
    return {
        "resourceType": "Observation",
        "id": f"{analyte}-1",
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": loinc or usual_code}]},
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "effectiveDateTime": instant(NOW - timedelta(hours=hours_ago)),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def searchset(*resources: Json) -> Json:
    """What a FHIR server answers to a search."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": resource, "search": {"mode": "match"}} for resource in resources],
    }


def medication_request(name: str, rxcui: str, draft_id: str = DRAFT_ID) -> Json:
    """A draft order of the patient."""
    return {
        "resourceType": "MedicationRequest",
        "id": draft_id,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "text": name,
            "coding": [{"system": RXNORM, "code": rxcui, "display": name}],
        },
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "authoredOn": "2026-11-23",
    }


def furosemide(draft_id: str = DRAFT_ID) -> Json:
    """Furosemide 40 mg by mouth, once a day."""
    order = medication_request("Furosemide 40 MG Oral Tablet", "313988", draft_id)
    order["dosageInstruction"] = [
        {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
    ]
    return order


def magnesium_sulfate(grams: float, minutes: float, draft_id: str = DRAFT_ID) -> Json:
    """An intravenous dose of magnesium sulfate over some minutes.

    It carries what a careless update would lose: `meta`, an identifier, a category, an extension
    and in it a number whose digits matter.
    """
    order = medication_request("50 ML magnesium sulfate 40 MG/ML Injection", "1658259", draft_id)
    order |= {
        "meta": {"tag": [{"system": "https://hospital.example/tags", "code": "ward-3"}]},
        "identifier": [{"system": "https://hospital.example/orders", "value": "A-77"}],
        "extension": [{"url": "https://hospital.example/queue", "valueDecimal": Decimal("1.50")}],
        "category": [{"text": "inpatient"}],
        "dosageInstruction": [
            {
                "text": f"{grams} g intravenously over {minutes} min",
                "patientInstruction": "Tell the nurse about warmth or flushing.",
                "timing": {"repeat": {"count": 1, "duration": minutes, "durationUnit": "min"}},
                "route": {
                    "coding": [
                        {
                            "system": "http://snomed.info/sct",
                            "code": "47625008",
                            "display": "Intravenous route",
                        }
                    ]
                },
                "doseAndRate": [
                    {"doseQuantity": {"value": grams, "unit": "g", "system": UCUM, "code": "g"}}
                ],
            }
        ],
    }
    return order


def service_request(draft_id: str = "imaging-1") -> Json:
    """A draft that is no medication order."""
    return {
        "resourceType": "ServiceRequest",
        "id": draft_id,
        "status": "draft",
        "intent": "plan",
        "code": {"text": "CT of the head"},
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
    }


def collection(*resources: Json) -> Json:
    """The Bundle of draft orders."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def order_select(*drafts: Json) -> Json:
    """The seed call, with these drafts, all selected, in place of furosemide.

    A woman of 62 years and 70 kg, magnesium 1.2 mg/dL, potassium 4.1 mmol/L, creatinine
    0.8 mg/dL, all final and one hour old.
    """
    orders = drafts or (furosemide(),)
    return {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/abc",
            "patientId": PATIENT_ID,
            "selections": [f"{order['resourceType']}/{order['id']}" for order in orders],
            "draftOrders": collection(*orders),
        },
        "prefetch": {
            "patient": patient(),
            "magnesium": searchset(result("magnesium", 1.2)),
            "potassium": searchset(result("potassium", 4.1)),
            "creatinine": searchset(result("creatinine", 0.8)),
            "weight": searchset(result("weight", 70)),
        },
    }


def with_results(call: Json, **results: Json | None) -> Json:
    """The call with these results (None: looked for, nothing there) under their keys."""
    for key, resource in results.items():
        call["prefetch"][key] = None if resource is None else searchset(resource)
    return call
