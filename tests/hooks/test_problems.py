"""What is read of a problem list, and what a card says of it: `cases/problems.toml`."""

import re
from collections.abc import Iterable
from typing import Any, Final

import pytest

from hooks.chart.codes import conditions
from hooks.chart.problems import read_problems
from hooks.order_select import Answer
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import NOW, PATIENT, Case, Json, bundle, decide, over_the_wire

ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
CODES: Final = conditions.load()
EXPECTED: Final = {"reads", "unread", "rule", "found", "lacks", "says"}
PROBLEM: Final = {
    "system",
    "code",
    "display",
    "text",
    "status",
    "verified",
    "dates",
    "sex",
    "categories",
    "members",
    "beside",
}


def problem(case: Json) -> Json:
    """A Condition from a case's table; a member that a case does not have is not sent."""
    concept: Json = {}
    if "code" in case:
        concept["coding"] = [{"system": case.get("system", ICD), "code": case["code"]}]
        if "display" in case:
            concept["coding"][0]["display"] = case["display"]
    if "text" in case:
        concept["text"] = case["text"]
    made: Json = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
    made |= case.get("dates", {})
    if (status := case.get("status", "active")) != "not sent":
        made["clinicalStatus"] = {"coding": [{"code": status}]}
    if concept:
        made["code"] = concept
    if "categories" in case:
        made["category"] = [{"coding": [{"code": code}]} for code in case["categories"]]
    if "verified" in case:
        made["verificationStatus"] = {"coding": [{"code": case["verified"]}]}
    made |= case.get("members", {})
    return made


def answered(problems: Iterable[Json], **patient: Any) -> Answer:
    """The answer for a patient with these problems."""
    return decide(Case(bundles={"conditions": bundle(problems)}, **patient))


def text_of(answer: Answer) -> str:
    return "\n".join(card["detail"] for card in answer.cards)


def finding_ids(answer: Answer) -> set[str]:
    return {finding["id"] for finding in answer.assessment.get("findings", ())}


@pytest.mark.parametrize("case", [*cases("problems.toml"), *cases("problem_names.toml")])
def test_a_problem_is_read_as_its_case_says(case: Json) -> None:
    unknown = case.keys() - PROBLEM - EXPECTED - {"name", "because"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    assert case.keys() & EXPECTED, "a case expects something"
    made, because = problem(case), case["because"]
    sex = case.get("sex", "female")
    read = read_problems(over_the_wire(bundle([made])), PATIENT, CODES, NOW)
    if "reads" in case:
        wanted = [] if case["reads"] == "nothing" else [case["reads"]]
        assert [condition.id for condition in read.known] == wanted, because
    assert list(read.unread) == ([case["unread"]] if "unread" in case else []), because
    others = [problem({"code": code}) for code in case.get("beside", ())]
    answer = answered([made, *others], sex=sex)
    if "rule" in case:
        assert answer.assessment["rule"] == case["rule"], because
    assert set(case.get("found", ())) <= finding_ids(answer), because
    assert not set(case.get("lacks", ())) & finding_ids(answer), because
    for pattern in case.get("says", ()):
        assert re.search(pattern, text_of(answer)), f"{because}: the card must say {pattern!r}"


def test_one_object_where_a_list_of_codes_belongs_is_read() -> None:
    dialysis = {"system": ICD, "code": "Z99.2"}
    made = problem({}) | {"code": {"coding": dialysis}}
    assert answered([made]).assessment["rule"] == "G7", "real problem lists are not valid FHIR"
    past = made | {"clinicalStatus": {"coding": {"code": "resolved"}}}
    assert answered([past]).assessment["rule"] != "G7", "a status is read as a code is"


def test_three_of_many_problems_are_named_and_the_others_counted() -> None:
    texts = ["one", "two", "two", "three", "four", "five"]
    problems = [problem({"text": text}) for text in texts] + [problem({}), problem({})]
    told = text_of(answered(problems))
    assert "(one, two, three, 2 more, 2 without a name)" in told, "clinical 10.1"


@pytest.mark.parametrize("magnesium", ["1.6 mg/dL", "1.9 mg/dL", "3.0 mg/dL"])
def test_an_unread_problem_alone_is_no_reason_for_a_card(magnesium: str) -> None:
    answer = answered([problem({"text": "Dialysis"})], magnesium=magnesium)
    assert answer.cards == [], "clinical 10.2, settled 14: silence where silence is the rule"


def test_an_unread_problem_is_not_said_where_a_gate_has_decided() -> None:
    answer = answered([problem({"text": "something"}), problem({"code": "N18.6"})])
    assert answer.assessment["rule"] == "G7"
    assert "problems-unread" not in finding_ids(answer), "no dose depends on it"


def test_the_diagnosis_is_not_said_again_where_creatinine_says_it() -> None:
    creatinine = ["1.3 mg/dL", "0.8 mg/dL, 30 h ago"]
    answer = answered([problem({"code": "N17.9"})], creatinine=creatinine)
    assert answer.assessment["rule"] == "DT2"
    assert "kidney-injury" in finding_ids(answer)
    assert "injury-on-the-list" not in finding_ids(answer), "once is enough"
