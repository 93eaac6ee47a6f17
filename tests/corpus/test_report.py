"""The evidence pages in docs/ are what the command would write."""

from pathlib import Path

import pytest

from tests.corpus import report


@pytest.mark.parametrize("name", report.PAGES)
def test_the_page_is_what_the_command_writes(shared: Path, name: str) -> None:
    written = (report.EVIDENCE / name).read_text(encoding="utf-8")
    assert written == report.PAGES[name](shared), (
        f"docs/evidence/{name} is out of date: run `python -m tests.corpus.report`"
    )
