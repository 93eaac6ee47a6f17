"""Code systems of conditions: the names they go by, and their codes in a list."""

from typing import Final

from hooks.chart.codes.files import Entry, Text

ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
#: Other names of a system.
_NAMES: Final = {
    "urn:oid:2.16.840.1.113883.6.90": ICD,
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
}
#: Other editions, whose codes mean the same as far as they are listed here.
EDITIONS: Final = dict.fromkeys(
    (
        "http://hl7.org/fhir/sid/icd-10",
        "urn:oid:2.16.840.1.113883.6.3",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "http://fhir.de/CodeSystem/dimdi/icd-10-gm",
        "http://hl7.org/fhir/sid/icd-10-gm",
        "http://hl7.org/fhir/sid/icd-10-am",
    ),
    ICD,
)


class Codes(Entry):
    """Codes of one system, as a code list writes them."""

    system: Text
    codes: tuple[Text, ...]
    source: Text
    verified: bool = True
    only_this_edition: bool = False


def home_of(system: str) -> str:
    """The system under whose name the codes of this one are listed here."""
    return _NAMES.get(system) or EDITIONS.get(system, system)


def bare(code: str) -> str:
    """A code without the dots that only some systems write."""
    return code.strip().replace(".", "").upper()
