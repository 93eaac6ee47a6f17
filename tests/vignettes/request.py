"""A vignette as the request that an EHR would send: `order-select` with every prefetch key."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
INTRAVENOUS = "47625008"

BODY_WEIGHT = "29463-7"
# The vignettes tell no age of the weight; settled 18 takes any of the last 30 days.
WEIGHED = timedelta(hours=20)
ANALYTES = {"mg": "magnesium", "k": "potassium", "creat": "creatinine"}
UNSIGNED = {"draftOrders", "selections"}


def vignettes() -> list[Json]:
    """All vignettes, in the order of the file."""
    found: list[Json] = json.loads(Path(__file__).with_name("vignettes.json").read_text("utf-8"))
    return found


def request_of(vignette: Json, now: datetime) -> Json:
    """The call for the patient of a vignette; its draft, or a neutral one, is selected."""
    patient = vignette["id"].lower()
    orders = [order(patient, said, index, now) for index, said in enumerate(vignette["orders"])]
    drafts = [one for one in orders if one["status"] == "draft"] or [acetaminophen(patient)]
    recorded = [one for one in orders if one["status"] != "draft"]
    problems = [condition(patient, said, n) for n, said in enumerate(vignette["conditions"])]
    call = order_select(patient, drafts)
    call["prefetch"] = prefetch_of(vignette, patient, now) | {
        "medications": searchset(*recorded),
        "labOrders": searchset(),
        "conditions": searchset(*problems),
    }
    return call


def prefetch_of(vignette: Json, patient: str, now: datetime) -> Json:
    """The patient and the results of a vignette, under the id of a patient."""
    return {
        "patient": {
            "resourceType": "Patient",
            "id": patient,
            "gender": vignette["sex"],
            "birthDate": f"{now.year - vignette['age']}-01-01",
        },
        **{
            analyte: searchset(*_results(patient, analyte, vignette[short], now))
            for short, analyte in ANALYTES.items()
        },
        "weight": searchset(weight(patient, vignette["weight_kg"], now)),
    }


def order_select(patient: str, drafts: list[Json]) -> Json:
    """The call of somebody who selects these drafts, without prefetch."""
    return {
        "hook": "order-select",
        "hookInstance": "7d1c2f64-1c1e-4f5a-9b55-0a3c6f0f9f01",
        "fhirServer": "https://ehr.example.org/fhir",
        "context": {
            "userId": "Practitioner/example",
            "patientId": patient,
            "encounterId": "89284",
            "selections": [f"{draft['resourceType']}/{draft['id']}" for draft in drafts],
            "draftOrders": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": draft} for draft in drafts],
            },
        },
    }


def searchset(*resources: Json) -> Json:
    """What a FHIR server answers to a search; without `entry` where it found nothing."""
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        bundle["entry"] = [
            {"resource": resource, "search": {"mode": "match"}} for resource in resources
        ]
    return bundle


def observation(patient: str, analyte: str, said: Json, now: datetime) -> Json:
    """A result as a vignette writes it: value, unit, LOINC code or none, age, status, flags."""
    quantity: Json = {"value": said["value"]}
    if "comparator" in said:
        quantity["comparator"] = said["comparator"]
    if said["unit"] is not None:
        quantity |= {"unit": said["unit"], "system": UCUM, "code": said["unit"]}
    code: Json = {"text": analyte.capitalize()}
    if said["loinc"] is not None:
        code["coding"] = [{"system": LOINC, "code": said["loinc"]}]
    result: Json = {
        "resourceType": "Observation",
        "id": f"{analyte}-1",
        "status": said["status"],
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": (now - timedelta(hours=said["specimen_age_hours"])).isoformat(),
        "valueQuantity": quantity,
    }
    if said.get("hemolyzed"):
        result["note"] = [{"text": "Specimen hemolyzed"}]
    return result


def weight(patient: str, kilograms: float, now: datetime) -> Json:
    """A body weight."""
    return {
        "resourceType": "Observation",
        "id": "weight-1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": BODY_WEIGHT}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": (now - WEIGHED).isoformat(),
        "valueQuantity": {"value": kilograms, "unit": "kg", "system": UCUM, "code": "kg"},
    }


def order(patient: str, said: Json, index: int, now: datetime) -> Json:
    """An order as a vignette writes it: drafted, active or completed."""
    request: Json = {
        "resourceType": "MedicationRequest",
        "id": f"order-{index + 1}",
        "status": "draft" if said["where"] in UNSIGNED else said["where"],
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{name: said[name] for name in ("system", "code", "display")}],
            "text": said["display"],
        },
        "subject": {"reference": f"Patient/{patient}"},
    }
    if "authored_hours_ago" in said:
        authored = now - timedelta(hours=said["authored_hours_ago"])
        request["authoredOn"] = authored.isoformat()
    if "dose_g" in said:
        request["dosageInstruction"] = [dosage(said["dose_g"], said["duration_min"])]
    return request


def dosage(grams: float, minutes: float) -> Json:
    """One intravenous dose over a time."""
    return {
        "text": f"{grams} g over {minutes} min",
        "timing": {"repeat": {"count": 1, "duration": minutes, "durationUnit": "min"}},
        "route": {"coding": [{"system": SNOMED, "code": INTRAVENOUS}]},
        "doseAndRate": [
            {"doseQuantity": {"value": grams, "unit": "g", "system": UCUM, "code": "g"}}
        ],
    }


def condition(patient: str, said: Json, index: int) -> Json:
    """A problem of the patient."""
    return {
        "resourceType": "Condition",
        "id": f"condition-{index + 1}",
        "clinicalStatus": {"coding": [{"system": CLINICAL_STATUS, "code": said["clinicalStatus"]}]},
        "code": {"coding": [{name: said[name] for name in ("system", "code", "display")}]},
        "subject": {"reference": f"Patient/{patient}"},
    }


def acetaminophen(patient: str) -> Json:
    """The neutral draft of a vignette that names none."""
    return {
        "resourceType": "MedicationRequest",
        "id": "order-1",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [
                {"system": RXNORM, "code": "313782", "display": "Acetaminophen 325 MG Oral Tablet"}
            ],
            "text": "Acetaminophen 650 mg by mouth",
        },
        "subject": {"reference": f"Patient/{patient}"},
        "dosageInstruction": [
            {
                "text": "650 mg by mouth once",
                "doseAndRate": [
                    {"doseQuantity": {"value": 650, "unit": "mg", "system": UCUM, "code": "mg"}}
                ],
            }
        ],
    }


def _results(patient: str, analyte: str, said: Json | None, now: datetime) -> list[Json]:
    return [] if said is None else [observation(patient, analyte, said, now)]
