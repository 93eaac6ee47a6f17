"""The orders that a card suggests: FHIR R4 resources from templates that were checked at start.

Building and validating a resource with fhir.resources costs more than everything else in a call.
So each order that a protocol can suggest is built and validated once, when the service starts; a
call copies it and sets what belongs to the patient, in places that the template already had.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from hooks.cards.identity import new_id
from hooks.chart import references
from hooks.chart.fact import Fact
from hooks.chart.units import UCUM, Analyte
from hooks.protocol.model import Coding, Dosing, Lab
from hooks.protocol.protocol import Protocol

Json = dict[str, Any]

_PLACEHOLDER_ID: Final = "template"
_PLACEHOLDER_TIME: Final = "2000-01-01T00:00:00+00:00"
_PRACTITIONERS: Final = ("Practitioner", "PractitionerRole")


class Addressee(Fact, frozen=True):
    """Whom an order is for, and who is placing it, when and because of which result."""

    patient_id: str
    encounter_id: str | None
    user_id: str
    because: str | None
    now: datetime

    def members(self) -> Json:
        """What every order for this addressee says, whatever is ordered."""
        members: Json = {
            "subject": {"reference": references.patient(self.patient_id)},
            "authoredOn": self.now.replace(microsecond=0).isoformat(),
        }
        if self.encounter_id is not None:
            members["encounter"] = {"reference": f"Encounter/{self.encounter_id}"}
        kind, _, identity = self.user_id.partition("/")
        requester = references.to(kind, identity) if kind in _PRACTITIONERS else None
        if requester is not None:
            members["requester"] = {"reference": requester}
        if self.because is not None:
            members["reasonReference"] = [{"reference": self.because}]
        return members


@dataclass(frozen=True, slots=True)
class OrderTemplates:
    """Every order that the protocol can suggest, built and validated."""

    medications: Mapping[tuple[Decimal, Decimal, str], Json]
    labs: Mapping[Analyte, Json]

    @classmethod
    def of(cls, protocol: Protocol) -> "OrderTemplates":
        """Build them all. Raises pydantic's ValidationError if the protocol makes invalid FHIR."""
        medications = {
            _key(dosing): _medication(dosing, protocol)
            for _, _, dosing in protocol.document.dosings()
        }
        labs = protocol.document.labs
        return cls(
            medications,
            {
                Analyte.MAGNESIUM: _service(labs.magnesium),
                Analyte.CREATININE: _service(labs.creatinine),
            },
        )

    def medication(self, dosing: Dosing, text: str, priority: str, addressed: Json) -> Json:
        """A draft MedicationRequest for the dose; `text` is the dosage in words, `addressed` what
        the addressee's orders have in common."""
        template = self.medications[_key(dosing)]
        dosage = {**template["dosageInstruction"][0], "text": text}
        return {
            **template,
            **addressed,
            "id": new_id(),
            "priority": priority,
            "dosageInstruction": [dosage],
        }

    def lab(
        self, analyte: Analyte, start: datetime, end: datetime, priority: str, addressed: Json
    ) -> Json:
        """A draft ServiceRequest for a level that is due from `start` to `end`."""
        return {
            **self.labs[analyte],
            **addressed,
            "id": new_id(),
            "priority": priority,
            "occurrencePeriod": {"start": start.isoformat(), "end": end.isoformat()},
        }


def _key(dosing: Dosing) -> tuple[Decimal, Decimal, str]:
    return dosing.dose.value, dosing.over.value, dosing.product


def _coding(coding: Coding) -> Json:
    return {"system": coding.system, "code": coding.code, "display": coding.display}


def quantity(value: Decimal, code: str) -> Json:
    """A FHIR Quantity in a UCUM unit."""
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def _medication(dosing: Dosing, protocol: Protocol) -> Json:
    product = protocol.products[dosing.product]
    dose = quantity(dosing.dose.value, "g")
    resource = MedicationRequest.model_validate(
        {
            "resourceType": "MedicationRequest",
            "id": _PLACEHOLDER_ID,
            "status": "draft",
            "intent": "order",
            "priority": "routine",
            "medicationCodeableConcept": {
                "coding": [_coding(coding) for coding in product.coding],
                "text": product.text,
            },
            "subject": {"reference": f"Patient/{_PLACEHOLDER_ID}"},
            "encounter": {"reference": f"Encounter/{_PLACEHOLDER_ID}"},
            "authoredOn": _PLACEHOLDER_TIME,
            "requester": {"reference": f"Practitioner/{_PLACEHOLDER_ID}"},
            "reasonReference": [{"reference": f"Observation/{_PLACEHOLDER_ID}"}],
            "dosageInstruction": [
                {
                    "text": _PLACEHOLDER_ID,
                    "timing": {
                        "repeat": {
                            "count": 1,
                            "duration": dosing.over.value,
                            "durationUnit": "min",
                        }
                    },
                    "route": {
                        "coding": [_coding(protocol.document.route.coding)],
                    },
                    "doseAndRate": [
                        {
                            "doseQuantity": dose,
                            "rateRatio": {
                                "numerator": dose,
                                "denominator": quantity(dosing.over.value, "min"),
                            },
                        }
                    ],
                }
            ],
        }
    )
    return _strip(resource.model_dump(exclude_none=True))


def _service(lab: Lab) -> Json:
    resource = ServiceRequest.model_validate(
        {
            "resourceType": "ServiceRequest",
            "id": _PLACEHOLDER_ID,
            "status": "draft",
            "intent": "order",
            "priority": "routine",
            "code": {"coding": [_coding(lab.coding)], "text": lab.text},
            "subject": {"reference": f"Patient/{_PLACEHOLDER_ID}"},
            "encounter": {"reference": f"Encounter/{_PLACEHOLDER_ID}"},
            "occurrencePeriod": {"start": _PLACEHOLDER_TIME, "end": _PLACEHOLDER_TIME},
            "authoredOn": _PLACEHOLDER_TIME,
            "requester": {"reference": f"Practitioner/{_PLACEHOLDER_ID}"},
            "reasonReference": [{"reference": f"Observation/{_PLACEHOLDER_ID}"}],
        }
    )
    return _strip(resource.model_dump(exclude_none=True))


def _strip(template: Json) -> Json:
    """The template without what only some calls can give: those are set again or stay away."""
    for name in ("encounter", "requester", "reasonReference"):
        del template[name]
    return template
