"""NOTICE: every terminology that the data files use is attributed in the words it asks for."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.protocol.edit import PROJECT

NOTICE: Final = " ".join((PROJECT / "NOTICE").read_text(encoding="utf-8").split())

#: The words asked for, copied from the terms of each.
WORDS: Final = {
    "LOINC": "This material contains content from LOINC (http://loinc.org). LOINC is copyright ©"
    " Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC)"
    " Committee and is available at no cost under the license at http://loinc.org/license. LOINC®"
    " is a registered United States trademark of Regenstrief Institute, Inc.",
    "RxNorm": "This product uses publicly available data courtesy of the U.S. National Library of"
    " Medicine (NLM), National Institutes of Health, Department of Health and Human Services; NLM"
    " is not responsible for the product and does not endorse or recommend this or any other"
    " product.",
    "SNOMED CT": "This material includes SNOMED Clinical Terms® (SNOMED CT®) which is used by"
    " permission of SNOMED International. All rights reserved. SNOMED CT®, was originally created"
    ' by The College of American Pathologists. "SNOMED" and "SNOMED CT" are registered trademarks'
    " of SNOMED International.",
    "UCUM": "copyright ©1999-2024, Regenstrief Institute, Inc. All rights reserved.",
    "MIMIC-IV demo": "Bennett, A., Ulrich, H., Wiedekopf, J., Szul, P., Grimes, J., & Johnson, A."
    " (2025). MIMIC-IV Clinical Database Demo on FHIR (version 2.1.0). PhysioNet.",
    "CredibleMeds": "it does not claim to be current.",
}

#: Whose codes a system's are; a system of the project's own needs no attribution.
OWNERS: Final = {
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://snomed.info/sct": "SNOMED CT",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes": "HL7 Terminology",
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-d-labitems": "MIMIC-IV demo",
}


@pytest.mark.parametrize("name", WORDS)
def test_the_words_asked_for_are_there(name: str) -> None:
    assert f"{name} (" in NOTICE, f"no section for {name}"
    assert WORDS[name] in NOTICE


def systems(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("system"), str):
                yield value["system"]
            for member in value.values():
                yield from systems(member)
        case list():
            for member in value:
                yield from systems(member)


@pytest.mark.parametrize(
    "path",
    [*PROJECT.glob("hooks/**/*.toml"), *PROJECT.glob("examples/*.toml")],
    ids=lambda path: path.name,
)
def test_every_code_system_of_a_data_file_has_its_section(path: Path) -> None:
    for system in set(systems(tomllib.loads(path.read_text(encoding="utf-8")))):
        assert system in OWNERS, f"NOTICE says nothing of {system}"
        assert OWNERS[system] in NOTICE


def test_the_files_that_it_names_exist() -> None:
    for name in re.findall(r"\b(?:hooks|examples)/[\w/.-]+\.(?:toml|py)", NOTICE):
        assert (PROJECT / name).is_file(), name
