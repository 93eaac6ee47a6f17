"""The checker itself: it accepts a good answer and finds each breach, and only that."""

import re
from typing import Any

import pytest

from tests.conformance import shape
from tests.conformance.assertions import demand
from tests.conformance.exchange import read
from tests.conformance.request import (
    LOINC,
    PATIENT_ID,
    RXNORM,
    UCUM,
    Json,
    furosemide,
    magnesium_sulfate,
    order_select,
)

# Draft ids that a client may well send, all beyond what FHIR allows.
LONG_ID = "e" + "-Tx.9" * 34 + "3"
ODD_ID = "order‐2026.11.23"


def good_call() -> Json:
    call = order_select(magnesium_sulfate(2, 5, "mg-1"), furosemide(LONG_ID), furosemide(ODD_ID))
    call["context"]["encounterId"] = "89284"
    call["fhirServer"] = "https://ehr.example/fhir"
    call["fhirAuthorization"] = {"access_token": "opaque-5f1e"}
    return call


def dose() -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d12",
        "status": "draft",
        "intent": "order",
        "priority": "urgent",
        "medicationCodeableConcept": {
            "text": "magnesium sulfate",
            "coding": [{"system": RXNORM, "code": "1658259"}],
        },
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "encounter": {"reference": "Encounter/89284"},
        "requester": {"reference": "Practitioner/abc"},
        "reasonReference": [{"reference": "Observation/magnesium-1"}],
        "dosageInstruction": [
            {
                "text": "2 g intravenously over 20 min, once",
                "timing": {"repeat": {"count": 1, "duration": 20, "durationUnit": "min"}},
                "doseAndRate": [
                    {"doseQuantity": {"value": 2, "unit": "g", "system": UCUM, "code": "g"}}
                ],
            }
        ],
    }


def level() -> Json:
    return {
        "resourceType": "ServiceRequest",
        "id": "6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d13",
        "status": "draft",
        "intent": "order",
        "code": {"text": "Magnesium", "coding": [{"system": LOINC, "code": "19123-9"}]},
        "subject": {"reference": f"Patient/{PATIENT_ID}"},
        "basedOn": [{"reference": "MedicationRequest/6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d12"}],
        "occurrencePeriod": {"start": "2026-11-23T14:20:00Z", "end": "2026-11-23T16:20:00Z"},
    }


def corrected() -> Json:
    order = magnesium_sulfate(2, 20, "mg-1")
    order["dosageInstruction"][0]["doseAndRate"][0]["rateQuantity"] = {
        "value": 100, "unit": "mg/min", "system": UCUM, "code": "mg/min",
    }  # fmt: skip
    return order


def good_answer() -> Json:
    return {
        "cards": [
            {
                "uuid": "6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11",
                "summary": "Magnesium 1.2 mg/dL: consider 2 g magnesium sulfate",
                "indicator": "warning",
                "detail": "**Level** 1.2 mg/dL, &lt;1.3; a &lt;b&gt; is no tag \\<here\\>, 1 < 2",
                "source": {
                    "label": "Adult magnesium",
                    "url": "https://magnesia.example/protocol",
                    "icon": "https://magnesia.example/icon.png",
                    "topic": {"code": "dt1", "system": "https://magnesia.example/topics"},
                },
                "selectionBehavior": "at-most-one",
                "suggestions": [
                    {
                        "label": "2 g over 20 min, and a level",
                        "uuid": "0d0d7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11",
                        "isRecommended": True,
                        "actions": [
                            {"type": "create", "description": "Dose", "resource": dose()},
                            {"type": "create", "description": "Level", "resource": level()},
                        ],
                    },
                    {
                        "label": "Slow the draft down",
                        "uuid": "1d0d7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11",
                        "actions": [
                            {"type": "update", "description": "20 min", "resource": corrected()},
                            {
                                "type": "delete",
                                "description": "Drop furosemide",
                                "resourceId": f"MedicationRequest/{LONG_ID}",
                            },
                        ],
                    },
                ],
                "overrideReasons": [
                    {"code": "given", "system": "https://magnesia.example/r", "display": "Given"}
                ],
                "links": [
                    {"label": "The protocol", "url": "https://a.example/p", "type": "absolute"},
                    {
                        "label": "The app",
                        "url": "https://a.example/launch",
                        "type": "smart",
                        "appContext": "{}",
                        "autolaunchable": False,
                    },
                ],
            }
        ],
        "systemActions": [{"type": "create", "description": "Dose", "resource": dose()}],
        "extension": {"org.magnesia.assessment": {"band": "severe"}},
    }


def test_a_good_answer_has_no_problem() -> None:
    answer = good_answer()
    assert [str(problem) for problem in shape.problems(answer, good_call())] == []


def test_no_cards_are_no_problem() -> None:
    assert shape.problems({"cards": []}, order_select()) == []


# Each breach: the assertions that it breaks, its name, and the edit that makes it. `@` stands for
# the first card, `@d` the created dose, `@l` the created level, `@u` the update, `@x` the delete.
PLACES = {
    "@": "cards[0]",
    "@s": "cards[0].suggestions[0]",
    "@a": "cards[0].suggestions[0].actions[0]",
    "@d": "cards[0].suggestions[0].actions[0].resource",
    "@l": "cards[0].suggestions[0].actions[1].resource",
    "@u": "cards[0].suggestions[1].actions[0].resource",
    "@x": "cards[0].suggestions[1].actions[1]",
    "@p": "cards[0].links[0]",
    "@q": "cards[0].links[1]",
}
GONE = "(gone)"

Breach = tuple[set[int], str, Any]

# Where what is broken is a resource that another one refers to, 42 falls with it.
BREACHES: list[Breach] = [
    ({20}, "cards", GONE),
    ({20}, "cards", {"0": "x"}),
    ({20}, "@", "a card"),
    ({20, 22}, "cards", None),
    ({22}, "extension", {}),
    ({22}, "extension.org_magnesia_note", None),
    ({22}, "@.note", ""),
    ({22, 23}, "systemActions", []),
    ({22, 37}, "@.links", []),
    ({22, 36}, "@.overrideReasons", []),
    ({22, 27}, "@.detail", ""),
    ({22, 28}, "@.suggestions", []),
    ({22, 31}, "@s.actions", []),
    ({23}, "systemActions", {"type": "create"}),
    ({23}, "systemActions[0]", "create"),
    ({24}, "@.summary", GONE),
    ({24}, "@.summary", " "),
    ({24}, "@.summary", "x" * 140),
    ({24}, "@.summary", "two\nlines"),
    ({24}, "@.summary", 7),
    ({25}, "@.indicator", GONE),
    ({25}, "@.indicator", "Warning"),
    ({25}, "@.indicator", "hard-stop"),
    ({25}, "@.indicator", "error"),
    ({26}, "@.source", GONE),
    ({26}, "@.source", "Adult magnesium"),
    ({26}, "@.source.label", " "),
    ({26}, "@.source.url", "/protocol"),
    ({26}, "@.source.url", "javascript:alert(1)"),
    ({26}, "@.source.icon", "https://"),
    ({26}, "@.source.topic", "dt1"),
    ({26}, "@.source.topic.system", GONE),
    ({26}, "@.source.topic.code", 1),
    ({27}, "@.detail", "  "),
    ({27}, "@.detail", ["x"]),
    ({27}, "@.detail", "a <b>bold</b> level"),
    ({27}, "@.detail", "<table><tr><td>1</td></tr></table>"),
    ({27}, "@.detail", "a <!-- comment -->"),
    ({27}, "@.detail", "reported as <LOD>"),
    ({28}, "@.selectionBehavior", GONE),
    ({28}, "@.selectionBehavior", "all"),
    ({28}, "@.suggestions", {"0": "x"}),
    ({28}, "@.suggestions[1]", "x"),
    ({29}, "@.suggestions[1].isRecommended", True),
    ({30}, "@s.label", GONE),
    ({30}, "@s.label", "\t"),
    ({30}, "@s.isRecommended", "true"),
    ({30}, "@s.isRecommended", 1),
    ({31, 42}, "@a.type", "CREATE"),
    ({31, 42}, "@a.type", GONE),
    ({31}, "@s.actions", {"type": "create"}),
    ({31, 42}, "@s.actions[0]", "create"),
    ({32}, "@a.description", GONE),
    ({32}, "@a.description", " "),
    ({32}, "systemActions[0].description", GONE),
    ({33, 42}, "@a.resource", '{"resourceType": "MedicationRequest"}'),
    ({33, 42}, "@a.resource", GONE),
    ({33, 42}, "@d.resourceType", GONE),
    ({33}, "@u.id", GONE),
    ({34}, "@u.id", "mg-2"),
    ({34}, "@u.resourceType", "ServiceRequest"),
    ({34}, "@u.meta", GONE),
    ({34}, "@u.identifier", GONE),
    ({34}, "@u.extension", GONE),
    ({34}, "@u.extension[0].valueDecimal", 1.5),
    ({34}, "@u.status", "active"),
    ({34}, "@u.medicationCodeableConcept.text", "magnesium"),
    ({34}, "@u.dosageInstruction", GONE),
    ({34}, "@u.dosageInstruction[0].route", GONE),
    ({34}, "@u.dosageInstruction[0].timing.repeat.durationUnit", GONE),
    ({34}, "@u.dosageInstruction[0].doseAndRate", {"doseQuantity": {"value": 2}}),
    ({34}, "@u.hospitalBed", "3-14"),
    ({34}, "@u.dosageInstruction[0].patientInstruction", "Relax."),
    ({35}, "@x.resourceId", GONE),
    ({35}, "@x.resourceId", LONG_ID),
    ({35}, "@x.resourceId", "MedicationRequest/other"),
    ({35}, "@x.resource", {"resourceType": "MedicationRequest"}),
    ({36}, "@.overrideReasons", ["given"]),
    ({36}, "@.overrideReasons[0].code", GONE),
    ({36}, "@.overrideReasons[0].system", GONE),
    ({36}, "@.overrideReasons[0].display", GONE),
    ({37}, "@p.label", GONE),
    ({37}, "@p.url", "/protocol"),
    ({37}, "@p.url", "ftp://a.example/p"),
    ({37}, "@p.url", GONE),
    ({37}, "@p.type", GONE),
    ({37}, "@p.type", "Absolute"),
    ({37}, "@p", "https://a.example"),
    ({38}, "@p.appContext", "x"),
    ({38}, "@q.appContext", {"x": 1}),
    ({38}, "@q.autolaunchable", "false"),
    ({39}, "@s.actionSelectionBehavior", "all"),
    ({40}, "@.uuid", GONE),
    ({40}, "@.uuid", "6F1C7F5E-6C0C-4A53-9A0E-9F6F5A0B7D11"),
    ({40}, "@.uuid", "urn:uuid:6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11"),
    ({40}, "@s.uuid", GONE),
    ({40}, "@s.uuid", "6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11"),
    ({41}, "@d.status", GONE),
    ({41}, "@d.status", "active"),
    ({41}, "@d.status", "Draft"),
    ({41}, "@d.intent", "suggest"),
    ({41}, "@d.priority", "STAT"),
    ({41}, "@d.subject", GONE),
    ({41}, "@d.subject.reference", "Patient/another"),
    ({41, 42}, "@d.subject.reference", PATIENT_ID),
    ({41, 42}, "@d.encounter.reference", "Encounter/7"),
    ({41, 42}, "@d.requester.reference", "Practitioner/<b>"),
    ({41, 42}, "@d.requester.reference", "Practitioner/a b"),
    ({41, 42}, "@d.requester.reference", "Practitioner/a/b"),
    ({41, 42}, "@d.requester.reference", "Practitioner/a\u202eb"),
    ({41}, "@d.insurance", [{"reference": "Patient/another"}]),
    ({41}, "@d.medication", "magnesium"),
    ({41}, "@d.dosageInstruction[0].route", "IV"),
    ({41}, "@d.dosageInstruction[0].timing.repeat.durationUnit", "minutes"),
    ({41}, "@d.dosageInstruction[0].timing.repeat.durationUnit", GONE),
    ({41}, "@d.dosageInstruction[0].timing.repeat.duration", -20),
    ({41}, "@d.dosageInstruction[0].timing.repeat.period", 1),
    ({41}, "@d.dosageInstruction[0].timing.repeat.count", 1.5),
    ({41}, "@d.dosageInstruction[0].doseAndRate[0].doseQuantity.system", GONE),
    ({41}, "@d.dosageInstruction[0].doseAndRate[0].doseQuantity.value", "2"),
    ({41}, "@d.dosageInstruction[0].doseAndRate", {}),
    ({41}, "@d.note", []),
    ({41}, "@d.authoredOn", None),
    ({41}, "@d.authoredOn", "2026-02-30"),
    ({41, 42}, "@d.id", "x" * 65),
    ({41}, "@d.supportingInformation", [{"reference": "#missing"}]),
    ({41}, "@l.code", GONE),
    ({41}, "@l.category", {"text": "laboratory"}),
    ({41}, "@l.occurrencePeriod.end", "2026-11-23T14:00:00Z"),
    ({41}, "@l.resourceType", "Immunization"),
    ({42}, "@d.id", "mg-1"),
    ({42}, "@l.basedOn[0].reference", "MedicationRequest/nowhere"),
    ({42}, "@d.reasonReference[0].reference", "Observation/nowhere"),
    ({42}, "@d.requester.reference", "Practitioner/somebody"),
    ({43}, "@x.resourceId", f"MedicationRequest/{LONG_ID[:64]}"),
    ({43}, "@x.resourceId", f"MedicationRequest/{LONG_ID.lower()}"),
    ({43}, "@x.resourceId", f"MedicationRequest/{ODD_ID.replace('‐', '-')}"),
    ({43}, "@x.resourceId", "MedicationRequest/order%E2%80%902026.11.23"),
    ({43}, "@u.id", "MG-1"),
    ({44}, "@d.medicationCodeableConcept.text", GONE),
    ({44}, "@d.medicationCodeableConcept.coding", GONE),
    ({44}, "@d.medicationCodeableConcept.coding[0].system", GONE),
    ({44}, "@d.medicationCodeableConcept.coding[0].code", GONE),
    ({45}, "@.detail", "Read with opaque-5f1e."),
    ({45}, "@.summary", "eyJhbGciOiJFUzM4NCJ9"),
]  # fmt: skip


def edited(answer: Json, path: str, value: Any) -> Json:
    """The answer with the value at the path, or without what is there."""
    place, _, rest = path.partition(".")
    keys = re.findall(r"[^.\[\]]+", ".".join(filter(None, [PLACES.get(place, place), rest])))
    steps = [int(key) if key.isdigit() else key for key in keys]
    holder: Any = answer
    for step in steps[:-1]:
        holder = holder[step]
    if value == GONE:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = value
    return answer


@pytest.mark.parametrize(
    ("broken", "path", "value"),
    BREACHES,
    ids=[
        f"a{'-a'.join(map(str, sorted(broken)))}-{path}-{str(value)[:30]}"
        for broken, path, value in BREACHES
    ],
)
def test_each_breach_is_found_and_nothing_else(broken: set[int], path: str, value: Any) -> None:
    answer = good_answer()
    found = shape.problems(edited(answer, path, value), good_call(), {"eyJhbGciOiJFUzM4NCJ9"})
    assert {problem.assertion for problem in found} == broken, "\n".join(
        ["what the checker found:", *map(str, found), "what it should have found:"]
        + [demand(number) for number in broken]
    )


def test_each_assertion_about_the_shape_has_a_breach() -> None:
    tried = {number for broken, _, _ in BREACHES for number in broken}
    about_data = {21}
    assert set(range(20, 46)) - about_data - tried == set()


def test_an_update_may_put_an_element_into_the_list_that_r4_demands() -> None:
    call = good_call()
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    order["category"] = order["category"][0]
    assert [str(problem) for problem in shape.problems(good_answer(), call)] == []


def test_an_update_keeps_what_r4_does_not_know() -> None:
    call = good_call()
    call["context"]["draftOrders"]["entry"][0]["resource"]["hospitalBed"] = "3-14"
    assert {problem.assertion for problem in shape.problems(good_answer(), call)} == {34}


def test_an_encounter_that_the_call_does_not_name_is_found() -> None:
    call = good_call()
    del call["context"]["encounterId"]
    assert {problem.assertion for problem in shape.problems(good_answer(), call)} == {41, 42}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"",
        b"{",
        b'"cards"',
        b'{"cards": [],}',
        b'{"cards": [], "cards": []}',
        b'{"cards": [], "extension": {"org.x": NaN}}',
        b'{"cards": ["\xff"]}',
    ],
)
def test_a_body_that_is_no_strict_json_object_is_found(body: bytes) -> None:
    with pytest.raises(AssertionError, match="assertion 19"):
        read(body)
