"""FHIR references: whom a resource belongs to, and what a reference points at."""

import re
from typing import Any, Final
from urllib.parse import quote

_NO_PATIENT_ID: Final = re.compile(r"[\x00-\x1f\x7f-\x9f,/]")

_ID: Final = re.compile(r"[^\s<>\"{}|\\^`/,]+")


def reference_of(value: object) -> str | None:
    """The text of a FHIR Reference, `Type/id` or a URL; None where there is none."""
    text = value.get("reference") if isinstance(value, dict) else None
    return text if isinstance(text, str) and text else None


def belongs_to(subject: Any, patient_id: str) -> bool:
    """Whether a subject is the patient: `Patient/id`, a URL that ends so, or a version of it.

    A reference by identifier or by display alone names nobody that could be compared.
    """
    text = reference_of(subject)
    if text is None:
        return False
    if text.startswith("urn:"):
        return text.rpartition(":")[2] == patient_id
    if text == f"Patient/{patient_id}":
        return True
    path = text.partition("/_history/")[0]
    own = (f"Patient/{patient_id}", patient(patient_id))
    return path in own or path.endswith(tuple(f"/{reference}" for reference in own))


def to(kind: str, identity: object) -> str | None:
    """The reference `kind/identity`; None if the identity cannot stand in a reference.

    Real ids are longer than FHIR allows and hold dots and other alphabets; what no URL can hold
    is no id.
    """
    if isinstance(identity, str) and is_id(identity):
        return f"{kind}/{identity}"
    return None


def is_id(text: str) -> bool:
    """Whether a text can stand as an id in a reference or in a query."""
    if text.isascii() and text.replace("-", "").isalnum():
        return True
    return text.isprintable() and _ID.fullmatch(text) is not None and text not in {".", ".."}


def is_patient_id(text: str) -> bool:
    """Whether a text can be the id of a Patient (settled 27)."""
    return bool(text.strip()) and text not in {".", ".."} and not _NO_PATIENT_ID.search(text)


def patient(patient_id: str) -> str:
    """The reference to a patient; what no URL can hold is percent-encoded."""
    return f"Patient/{patient_id if is_id(patient_id) else quote(patient_id, safe='')}"
