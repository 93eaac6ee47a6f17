"""The context of the hook: what breaks its contract (400), what cannot be evaluated (422)."""

from typing import Any

import pytest

from hooks.chart.context import read_context
from hooks.errors import HookError, InvalidContext, NotEvaluable
from tests.hooks.chartmaker import PATIENT, Case, ask, context, order, over_the_wire, service

REQUIRED = ["userId", "patientId", "selections", "draftOrders"]


def drafts(*orders: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_member_that_is_missing_breaks_the_contract(name: str) -> None:
    said = context()
    del said[name]
    with pytest.raises(InvalidContext) as caught:
        read_context(said)
    assert caught.value.member == f"context.{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("userId", None),
        ("userId", ""),
        ("userId", "  "),
        ("userId", 7),
        ("userId", ["Practitioner/1"]),
        ("patientId", None),
        ("patientId", 7),
        ("patientId", {}),
        ("patientId", ["pat-1"]),
        ("selections", None),
        ("selections", "MedicationRequest/draft-1"),
        ("selections", {"0": "MedicationRequest/draft-1"}),
        ("selections", 1),
        ("selections", [7]),
        ("selections", ["MedicationRequest/draft-1", None]),
        ("draftOrders", None),
        ("draftOrders", []),
        ("draftOrders", "Bundle"),
        ("draftOrders", {}),
        ("draftOrders", {"resourceType": "MedicationRequest", "id": "draft-1"}),
        ("draftOrders", {"entry": []}),
    ],
)
def test_a_member_of_another_kind_breaks_the_contract(name: str, value: Any) -> None:
    with pytest.raises(InvalidContext) as caught:
        read_context(context(**{name: value}))
    assert caught.value.member == f"context.{name}"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Patient/",
        ".",
        "..",
        "Patient/.",
        "Patient/..",
        "a/b",
        "/pat-1",
        "pat-1/",
        "../Patient/pat-1",
        "Patient/a/b",
        "Patient/Patient/pat-1",
        "pat-1,pat-2",
        "pat\x00-1",
        "pat-1\n",
        "\tpat-1",
        "pat\x7f",
        "pat\x85",
    ],
)
def test_a_patient_id_that_could_lead_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(InvalidContext) as caught:
        read_context(context(patientId=value))
    assert caught.value.member == "context.patientId", "settled 27"
    assert "pat-" not in caught.value.message, "an error repeats nothing of the request"


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ("pat-1", "pat-1"),
        ("Patient/pat-1", "pat-1"),
        ("e" * 170, "e" * 170),
        ("a?b=c&d#e", "a?b=c&d#e"),
        ("eq3.abc_~+=", "eq3.abc_~+="),
        ("...", "..."),
        ("\u00fcber", "\u00fcber"),
    ],
)
def test_any_other_patient_id_is_taken_as_it_is(value: str, bare: str) -> None:
    said = context(patientId=value, draftOrders=drafts(order(subject=None)))
    assert read_context(said).patient_id == bare, "settled 27: the rest is percent-encoded"


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ("visit-1", "visit-1"),
        ("Encounter/visit-1", "visit-1"),
        (None, None),
        ("", None),
        (7, None),
        ("a/b", None),
        ("a b", None),
    ],
)
def test_an_encounter_that_cannot_be_used_is_left_out(value: Any, bare: str | None) -> None:
    assert read_context(context(encounterId=value)).encounter_id == bare


def test_no_encounter_is_no_fault() -> None:
    said = context()
    del said["encounterId"]
    assert read_context(said).encounter_id is None
    answer = ask(said, Case().prefetch())
    for suggestion in answer.cards[0]["suggestions"]:
        for action in suggestion["actions"]:
            assert "encounter" not in action["resource"]


# ------------------------------------------------------------------------------- selected orders


def test_selected_and_unselected_drafts_are_told_apart() -> None:
    said = context(draftOrders=drafts(order(), order(id="draft-2")))
    read = read_context(said)
    assert [draft.reference for draft in read.drafts] == [
        "MedicationRequest/draft-1",
        "MedicationRequest/draft-2",
    ]
    assert [draft.reference for draft in read.selected] == ["MedicationRequest/draft-1"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "x",
        3,
        [],
        {},
        {"resource": None},
        {"resource": "MedicationRequest/draft-1"},
        {"resource": {"resourceType": "MedicationRequest"}},
        {"resource": {"id": "draft-9"}},
        {"resource": {"resourceType": 3, "id": 4}},
    ],
    ids=repr,
)
def test_odd_entries_are_passed_over(odd: Any) -> None:
    bundle = drafts(order())
    bundle["entry"].append(odd)
    assert len(read_context(context(draftOrders=bundle)).drafts) == 1


@pytest.mark.parametrize("kind", [None, "collection", "searchset", "transaction", 3])
def test_the_type_of_the_bundle_is_ignored(kind: Any) -> None:
    assert len(read_context(context(draftOrders={**drafts(order()), "type": kind})).selected) == 1


def test_a_selection_that_is_not_there_is_ignored_beside_one_that_is() -> None:
    said = context(selections=["MedicationRequest/gone", "MedicationRequest/draft-1"])
    assert len(read_context(said).selected) == 1


@pytest.mark.parametrize("selection", ["MedicationRequest/gone", "ServiceRequest/draft-1"])
def test_selections_of_which_none_is_there_cannot_be_evaluated(selection: str) -> None:
    with pytest.raises(NotEvaluable) as caught:
        read_context(context(selections=[selection]))
    assert caught.value.member == "context.selections"


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/pat-2"},
        {"reference": "https://ehr.example.org/fhir/Patient/pat-2"},
        {"reference": "Group/pat-1"},
        {"identifier": {"value": "pat-1"}},
    ],
)
def test_an_order_of_somebody_else_alone_cannot_be_evaluated(subject: Any) -> None:
    with pytest.raises(NotEvaluable) as caught:
        read_context(context(draftOrders=drafts(order(subject=subject))))
    assert caught.value.member == "context.draftOrders"


def test_an_order_of_somebody_else_beside_the_patients_is_never_used() -> None:
    other = order(id="draft-2", subject={"reference": "Patient/pat-2"})
    said = context(
        selections=["MedicationRequest/draft-1", "MedicationRequest/draft-2"],
        draftOrders=drafts(other, order()),
    )
    assert [draft.reference for draft in read_context(said).drafts] == ["MedicationRequest/draft-1"]


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {"reference": "Patient/pat-1"},
        {"reference": "https://ehr.example.org/fhir/Patient/pat-1"},
        {"reference": "Patient/pat-1/_history/1"},
    ],
)
def test_an_order_of_the_patient_is_used(subject: Any) -> None:
    assert len(read_context(context(draftOrders=drafts(order(subject=subject)))).selected) == 1


@pytest.mark.parametrize(
    "kind", ["MedicationOrder", "ProcedureRequest", "DiagnosticOrder", "DeviceUseRequest"]
)
def test_orders_of_another_fhir_version_cannot_be_evaluated(kind: str) -> None:
    said = context(selections=[f"{kind}/draft-1"], draftOrders=drafts(order(resourceType=kind)))
    with pytest.raises(NotEvaluable):
        read_context(said)


# --------------------------------------------------------------- when nothing needs to be looked at


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"selections": []}, id="nothing selected"),
        pytest.param(
            {"draftOrders": {"resourceType": "Bundle"}, "selections": []}, id="no draft at all"
        ),
        pytest.param(
            {"draftOrders": {"resourceType": "Bundle", "entry": []}}, id="an empty list of drafts"
        ),
        pytest.param(
            {
                "selections": ["ServiceRequest/draft-1"],
                "draftOrders": drafts(order(resourceType="ServiceRequest")),
            },
            id="an imaging order",
        ),
        pytest.param(
            {"draftOrders": drafts(order(medicationCodeableConcept=None))}, id="a blank draft"
        ),
        pytest.param(
            {
                "selections": ["ServiceRequest/draft-2"],
                "draftOrders": drafts(order(), order(resourceType="ServiceRequest", id="draft-2")),
            },
            id="the medication is not the selected one",
        ),
    ],
)
def test_no_medication_selected_is_silence_and_needs_no_data(changes: dict[str, Any]) -> None:
    said = context(**changes)
    hook = service()
    read = hook.read_context(over_the_wire(said))
    assert hook.needs_data(read) is False
    answer = ask(said, {})
    assert answer.cards == []
    assert answer.assessment["silence"]


@pytest.mark.parametrize(
    "medication",
    [
        {"medicationCodeableConcept": {"text": "x"}},
        {"medicationCodeableConcept": {"coding": [{"code": "1"}]}},
        {"medicationReference": {"display": "Magnesium sulfate"}},
        {"medicationReference": {"reference": "Medication/1"}},
    ],
)
def test_a_medication_however_it_is_named_needs_data(medication: dict[str, Any]) -> None:
    draft = {**order(medicationCodeableConcept=None), **medication}
    hook = service()
    assert hook.needs_data(hook.read_context(over_the_wire(context(draftOrders=drafts(draft)))))


def test_every_refusal_is_of_one_family() -> None:
    assert issubclass(InvalidContext, HookError)
    assert issubclass(NotEvaluable, HookError)
    assert PATIENT not in str(InvalidContext("x", "context.patientId"))


def test_a_bare_id_selects_the_one_draft_that_has_it() -> None:
    """real-world 4 (CRD 168, 173): some EHRs select by the id alone."""
    found = read_context(context(selections=["draft-1"]))
    assert [draft.reference for draft in found.selected] == ["MedicationRequest/draft-1"]


def test_a_bare_id_of_two_drafts_selects_neither() -> None:
    level = {"resourceType": "ServiceRequest", "id": "draft-1", "subject": order()["subject"]}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order()}, {"resource": level}]}
    with pytest.raises(NotEvaluable) as refused:
        read_context(context(selections=["draft-1"], draftOrders=drafts))
    assert refused.value.member == "context.selections", "which of two is not guessed"


def test_a_bare_id_of_no_draft_selects_nothing() -> None:
    with pytest.raises(NotEvaluable):
        read_context(context(selections=["draft-9"]))
