"""The checker of discovery itself: it accepts a good document and finds each breach."""

from typing import Any

import pytest

from tests.conformance import directory
from tests.conformance.request import Json

GOOD_TEMPLATES = [
    "Patient/{{context.patientId}}",
    "Encounter/{{context.encounterId}}",
    "{{context.userId}}",
    "Practitioner/{{userPractitionerId}}",
    "Observation?patient={{context.patientId}}&code=http://loinc.org|19123-9,http://loinc.org|2601-3"
    "&_sort=-date&_count=5",
    "Condition?patient={{context.patientId}}&clinical-status=active",
    "Observation?patient={{context.patientId}}&code:in=http://a.example/set&date=ge2026-01-01",
]


def document() -> Json:
    return {
        "services": [
            {
                "hook": "order-select",
                "id": "magnesium-replacement",
                "title": "Magnesium replacement",
                "description": "Suggests a dose.",
                "usageRequirements": "Needs a magnesium.",
                "prefetch": {f"key{index}": text for index, text in enumerate(GOOD_TEMPLATES)},
                "version": "2.0.1",
                "hookVersion": "1.0",
                "extension": {"org.magnesia.protocol": "adult"},
            }
        ]
    }


def found(edits: Json) -> set[int]:
    broken = document()
    broken["services"][0] |= edits
    return {problem.assertion for problem in directory.problems(broken)}


def test_a_good_document_has_no_problem() -> None:
    assert [str(problem) for problem in directory.problems(document())] == []
    assert directory.problems({"services": []}) == []


@pytest.mark.parametrize("services", [None, {}, "x"])
def test_services_that_are_no_array_are_found(services: Any) -> None:
    assert {problem.assertion for problem in directory.problems({"services": services})} == {3}


def test_the_same_pair_twice_is_found() -> None:
    twice = document()
    twice["services"] *= 2
    assert {problem.assertion for problem in directory.problems(twice)} == {9}
    twice["services"][1] = twice["services"][0] | {"hook": "order-sign"}
    assert directory.problems(twice) == []


@pytest.mark.parametrize(
    ("expected", "edits"),
    [
        ({4, 11}, {"hook": 7}),
        ({4}, {"description": " "}),
        ({4, 10}, {"id": " "}),
        ({5}, {"title": " "}),
        ({6, 8}, {"prefetch": {}}),
        ({6}, {"prefetch": {"patient": " "}}),
        ({6}, {"prefetch": ["Patient/1"]}),
        ({7}, {"usageRequirements": " "}),
        ({7}, {"version": "2.0"}),
        ({7}, {"hookVersion": "1.1"}),
        ({8, 14}, {"extension": None}),
        ({8}, {"note": ""}),
        ({10}, {"id": "magnesium/replacement"}),
        ({14}, {"extension": {"protocol": "adult"}}),
        ({14}, {"extension": "adult"}),
        ({17}, {"name": "Magnesium"}),
        ({17}, {"user": "x"}),
    ],
)
def test_a_broken_service_is_found(expected: set[int], edits: Json) -> None:
    assert found(edits) == expected


@pytest.mark.parametrize(
    ("expected", "template"),
    [
        ({11}, "Patient/{{context.patient}}"),
        ({11}, "MedicationRequest?_id={{context.selections}}"),
        ({11}, "Patient/{{context.patientId}"),
        ({11}, "Patient/{{ context.patientId }}"),
        ({12}, "https://ehr.example/Patient/{{context.patientId}}"),
        ({12}, "/Patient/{{context.patientId}}"),
        ({12}, "Observation/$lastn?patient={{context.patientId}}"),
        ({12}, "?patient={{context.patientId}}"),
        ({12}, "Observation?patient={{context.patientId}}&code=19123-9"),
        ({12}, "Observation?patient={{context.patientId}}&date=ge2020-01-01&date=le2030-01-01"),
        ({12}, "Observation?patient={{context.patientId}}&date=ap2020-01-01"),
        ({12}, "Observation?patient={{context.patientId}}&code:not=http://loinc.org|1"),
        ({12}, "Observation?patient.name={{context.patientId}}"),
        ({12}, "Observation?patient={{context.patientId}}&_include=Observation:subject"),
        ({12}, "Observation?patient={{context.patientId}}&_elements=code"),
        ({13}, "Patient/{{Patient.id}}"),
        ({12, 13}, "{{user}}"),
        ({13}, "Observation?patient={{context.patientId}}&date=ge{{today()}}"),
        ({13}, "Patient/{{%patient.id}}"),
    ],
)
def test_a_broken_template_is_found(expected: set[int], template: str) -> None:
    assert found({"prefetch": {"key": template}}) == expected
