"""What a pharmacist is told of a file: mistakes by name and line, and what to look at."""

import re
from typing import Any

import pytest

from hooks.chart.codes.laboratory import load as load_lab_codes
from hooks.errors import CodeListError, ProtocolError
from hooks.protocol import load, parse
from tests.hooks.casefiles import cases
from tests.protocol.conftest import Run, Write
from tests.protocol.edit import SHIPPED, STRICT_WARD, edited

#: What a site's copy begins with.
OWN_ID = ('id = "org.magnesia.adult-magnesium"', 'id = "org.example.ward"')


@pytest.mark.parametrize("case", cases("protocol_mistakes.toml"))
def test_a_mistake_by_name_and_in_plain_words(case: dict[str, Any]) -> None:
    text = edited((case["replace"], case["by"]), text=SHIPPED)
    with pytest.raises(ProtocolError) as caught:
        parse(text, "site.toml")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if case["line"] in line]
    number = lines[1 if case.get("second") else 0] - (1 if case.get("above") else 0)
    told = "\n".join(caught.value.problems)
    assert f"line {number}: {case['says']}" in caught.value.problems, told
    assert not re.search(r"Input should|Field required|Extra inputs", told), told


@pytest.mark.parametrize("case", cases("protocol_remarks.toml"))
def test_what_to_look_at(case: dict[str, Any]) -> None:
    changes = (OWN_ID, *(tuple(change) for change in case["change"]))
    text = edited(*changes, text=SHIPPED)
    said = parse(text, "site.toml").remarks
    numbers = [int(remark.split(":")[0].removeprefix("line ")) for remark in said]
    assert numbers == sorted(numbers)
    assert [remark.partition(": ")[2] for remark in said] == case["says"]


@pytest.mark.parametrize("path", [None, STRICT_WARD], ids=["shipped", "strict ward"])
def test_nothing_to_look_at_in_our_own_files(path: Any) -> None:
    assert load(path).remarks == ()


def test_check_says_what_to_look_at_and_the_file_is_fine(run: Run, site: Write) -> None:
    path = site(OWN_ID, ('caveat = "IV is an option', 'caveat = "At most 2 g. IV is an option'))
    result = run("protocol", "check", str(path))
    assert result.exit_code == 0, "a remark is no mistake"
    first, second, third = result.stdout.splitlines()
    assert first.startswith(f"{path} is fine: ")
    assert second == "Look at this:"
    line = next(
        number for number, text in enumerate(path.read_text().splitlines(), 1) if "At most" in text
    )
    assert third.startswith(f"  line {line}: rows.DT3.caveat: 2 g stands in the sentence")


def test_a_directory_is_called_one(run: Run) -> None:
    result = run("protocol", "check", ".")
    assert result.exit_code == 2
    assert result.stdout == ". has 1 mistake:\n  that is a directory, not a file\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[code]]\nanalyte = "magnesum"\nsystem = "urn:x"\ncode = "MG"\n',
            r"line 2: code\.MG\.analyte: must be one of magnesium, potassium.*"
            r"found 'magnesum'; did you mean magnesium\?",
        ),
        ('[[code]]\nanalyt = "magnesium"\n', r"line 2: code\.number 1\.analyt: is not known; did"),
        ('x = "1\n', "line 1: not valid TOML: a text is not closed"),
    ],
)
def test_laboratory_codes_too(tmp_path: Any, text: str, said: str) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(text)
    with pytest.raises(CodeListError) as caught:
        load_lab_codes(path)
    assert any(re.match(said, problem) for problem in caught.value.problems), caught.value.problems
