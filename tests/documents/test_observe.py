"""docs/observe.md lists what the log and the counts can say."""

import re
from typing import get_args

from service.observability import STAGES
from service.trust import entrance
from tests.documents.pages import ROOT

PAGE = (ROOT / "docs" / "observe.md").read_text()


def test_every_reason_for_turning_a_caller_away_is_explained_and_no_other() -> None:
    table = PAGE.partition("### Who is turned away")[2].partition("\n## ")[0]
    named = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([\w-]+)`", line.split("|")[1])
    ]
    assert sorted(named) == sorted(get_args(entrance.Reason))


def test_every_stage_of_a_call_is_explained() -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `ms`, `stages` |")]
    assert not [stage for stage in STAGES if f"`{stage}`" not in row]
