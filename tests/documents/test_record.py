"""docs/record.md explains every column of an export, and no other."""

import re
from typing import get_args

import pytest

from service.record import export
from tests.documents.pages import ROOT

PAGE = (ROOT / "docs" / "record.md").read_text()


@pytest.mark.parametrize("what", get_args(export.What))
def test_every_column_of_an_export_is_explained_and_no_other(what: export.What) -> None:
    table = PAGE.partition(f"| of {what} | meaning |")[2].partition("\n\n")[0]
    named = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    columns = export.columns(what, comments=what == "feedback")
    assert sorted(named) == sorted(columns), "docs/record.md and the columns of the export"
