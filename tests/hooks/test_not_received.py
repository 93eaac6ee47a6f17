"""What is said of optional prefetch keys that did not come: `cases/not_received.toml`."""

import re
from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import Case, ask, bundle, context
from tests.hooks.ordermaker import prescription

PARTS = {"name", "because", "drafts", "received", "creatinine", "expect"}
EXPECTED = {"finds", "says", "says_not", "trace"}


@pytest.mark.parametrize("case", cases("not_received.toml"))
def test_not_received(case: dict[str, Any]) -> None:
    unknown = (case.keys() - PARTS) | (case["expect"].keys() - EXPECTED)
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    because, expect = case["because"], case["expect"]
    drafts = [prescription(one, "draft-1") for one in case["drafts"]]
    said = context(
        draftOrders={"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]}
    )
    received = {key: bundle([]) for key in case.get("received", ())}
    patient = Case(creatinine=case.get("creatinine", "0.8 mg/dL"), bundles=received)
    answer = ask(said, patient.prefetch())
    found = {finding["id"] for finding in answer.assessment["findings"]}
    assert ("not-received" in found) == expect["finds"], because
    detail = answer.cards[0]["detail"]
    for pattern in expect.get("says", ()):
        assert re.search(pattern, detail, re.MULTILINE), f"{because}: {pattern!r}\n{detail}"
    for pattern in expect.get("says_not", ()):
        assert not re.search(pattern, detail), f"{because}: {pattern!r} is said\n{detail}"
    assert detail.count("problem list (dialysis") <= 1, "it is said once"
    assert answer.decision is not None
    trace = {step.id: step.because for step in answer.decision.trace}
    for gate, words in expect.get("trace", {}).items():
        assert trace[gate] == words, because
