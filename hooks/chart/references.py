"""FHIR references: whom a resource belongs to, and what a reference points at."""

import re
from typing import Any, Final

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
    path = text.partition("/_history/")[0]
    return path == f"Patient/{patient_id}" or path.endswith(f"/Patient/{patient_id}")


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
    return text.isprintable() and _ID.fullmatch(text) is not None and text not in {".", ".."}
