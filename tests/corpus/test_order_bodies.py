"""Real request bodies: none breaks the service, each refusal says why, none is misunderstood."""

from collections import Counter
from pathlib import Path

import pytest

from tests.conformance import shape
from tests.corpus import bodies
from tests.corpus.bodies import Outcome

NO_HOOK = (400, "This service answers the hook `order-select` and no other.")
NO_INSTANCE = (400, "`hookInstance` must be a UUID.")
NO_USER = (400, "context.userId must be a text such as Practitioner/id.")
NO_SELECTIONS = (400, "context.selections must be a list of Type/id texts.")
NO_DRAFTS = (400, "context.draftOrders must be a FHIR Bundle.")
NO_PATIENT = (412, "The prefetch `patient` is needed and was not sent.")
NO_PREFETCH = (
    412,
    "The prefetch `magnesium` is needed and was not sent."
    " The prefetch `patient` is needed and was not sent.",
)
FOREIGN = (422, "The selected orders do not name the patient of the context by reference.")
NOT_ORDERED = (200, "Silent: No medication order is selected.")

# What became of each body of a public repository. A change of this table is a change of what the
# service accepts; docs/evidence/order-bodies.md has to be written anew with it.
PUBLIC: dict[str, dict[tuple[int, str], int]] = {
    "as posted": {
        NO_HOOK: 44,
        NO_PREFETCH: 8,
        NO_USER: 3,
        NO_INSTANCE: 2,
        NOT_ORDERED: 2,
        FOREIGN: 1,
    },
    "as order-select": {
        NO_SELECTIONS: 28,
        NO_USER: 19,
        NO_PREFETCH: 8,
        NO_INSTANCE: 2,
        NOT_ORDERED: 2,
        FOREIGN: 1,
    },
    "completed": {
        (200, "Card: severe, DT1, not-received"): 32,
        (200, "Card: severe, DT1, not-received, digoxin"): 3,
        (200, "Card: severe, DT1, not-received, wasting-drug"): 1,
        NOT_ORDERED: 10,
        NO_DRAFTS: 10,
        FOREIGN: 4,
    },
}

# The bodies in Epic's shapes and the Belgian one. Completed: the labs of the first are another
# patient's, the second's searches found nothing, the Belgian magnesium is in mmol/L under a mass
# code (settled 9), and all four order magnesium sulfate.
WRITTEN: dict[str, dict[str, tuple[int, str]]] = {
    "as posted": {
        "derived-epic-01-medication-as-entry.json": NO_PATIENT,
        "derived-epic-03-empty-search-is-outcome.json": NO_PATIENT,
        "derived-epic-05-no-prefetch.json": NO_PREFETCH,
        "bodies/derived-belgium-ghent.json": NO_PATIENT,
    },
    "as order-select": {
        "derived-epic-01-medication-as-entry.json": NO_PATIENT,
        "derived-epic-03-empty-search-is-outcome.json": NO_PATIENT,
        "derived-epic-05-no-prefetch.json": NO_PREFETCH,
        "bodies/derived-belgium-ghent.json": NO_PATIENT,
    },
    "completed": {
        "derived-epic-01-medication-as-entry.json": (
            200,
            "Card: indeterminate, G4, potassium-unknown, level-wanted",
        ),
        "derived-epic-03-empty-search-is-outcome.json": (
            200,
            "Card: indeterminate, G4, potassium-unknown, level-wanted",
        ),
        "derived-epic-05-no-prefetch.json": (
            200,
            "Card: severe, G6, rate-unreadable, duration-assumed, dose-unreadable",
        ),
        "bodies/derived-belgium-ghent.json": (
            200,
            "Card: indeterminate, G4, report-time, level-wanted",
        ),
    },
}

# The bodies whose drafts are all for somebody else, as the corpus notes of each.
OTHER_PATIENTS = {
    "044-order-sign-cds-hooks-proto-scenario1.json",
    "058-order-sign-clinical-reasoning-aslpcrdservicerequest.json",
    "114-order-select-opioid-cds-r4-request-example-rec-11-opioid-trigger-without-benzo.json",
    "120-order-sign-davinci-crd-test-kit-order-sign-hook-request.json",
}

every_way = pytest.mark.parametrize("way", bodies.WAYS)


@pytest.fixture(scope="module")
def played(shared: Path) -> dict[str, list[Outcome]]:
    """Every body of the corpus in every way."""
    names = (bodies.PUBLIC, *bodies.WRITTEN)
    return {way: list(bodies.played(shared, way, *names)) for way in bodies.WAYS}


@every_way
def test_every_body_is_answered_or_refused_in_words(
    played: dict[str, list[Outcome]], way: str
) -> None:
    assert len(played[way]) == 64
    for one in played[way]:
        assert one.status < 500, f"{one.file}: {one.status}"
        if one.status == 200:
            assert isinstance(one.answer["cards"], list), one.file
            continue
        assert one.answer["resourceType"] == "OperationOutcome", one.file
        for issue in one.answer["issue"]:
            assert issue["severity"] == "error", one.file
            assert issue["expression"], f"{one.file}: the member at fault is not named"
            assert issue["details"]["text"], one.file


@every_way
def test_public_bodies_by_status_and_reason(played: dict[str, list[Outcome]], way: str) -> None:
    public = [one for one in played[way] if one.file not in WRITTEN[way]]
    assert len(public) == 60
    assert bodies.counted(public) == Counter(PUBLIC[way])


@every_way
def test_added_bodies_one_by_one(played: dict[str, list[Outcome]], way: str) -> None:
    written = {one.file: (one.status, one.reason) for one in played[way]}
    assert {file: written[file] for file in WRITTEN[way]} == WRITTEN[way]


@every_way
def test_orders_for_another_patient_never_lead_to_advice(
    played: dict[str, list[Outcome]], way: str
) -> None:
    foreign = [one for one in played[way] if bodies.is_foreign(one.call)]
    assert {one.file for one in foreign} == OTHER_PATIENTS
    for one in foreign:
        assert one.cards == [], one.file
    if way == "completed":
        assert {(one.status, one.reason) for one in foreign} == {FOREIGN}


@every_way
def test_what_leaves_is_valid(played: dict[str, list[Outcome]], way: str) -> None:
    for one in played[way]:
        if one.status == 200:
            problems = shape.problems(one.answer, bodies.bare_encounter(one.call))
            assert [str(problem) for problem in problems] == [], one.file
