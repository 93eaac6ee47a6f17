"""The answers to all fixtures are those that were stored and reviewed, to the byte.

Only random ids are numbered. After a change that is meant to change an answer,
`python -m tests.answers` writes them anew, and the difference is what a reviewer reads.
"""

from typing import Final

import pytest

from tests.answers.fixtures import STORED, answers

ANSWERS: Final = dict(answers())


def test_every_fixture_has_a_stored_answer_and_no_other_is_kept() -> None:
    assert {path.stem for path in STORED.glob("*.json")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_is_the_stored_one(name: str) -> None:
    stored = (STORED / f"{name}.json").read_text(encoding="utf-8")
    assert ANSWERS[name] == stored, f"the answer to fixtures/{name}.json has changed"
