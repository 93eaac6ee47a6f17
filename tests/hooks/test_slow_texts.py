"""Texts made to be slow: each must be read in about the time of any other text of its length."""

import re
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.correction import correct
from hooks.chart.codes import conditions, drugs
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import Named
from hooks.chart.codes.words import whole_words
from hooks.chart.labs import _is_hemolyzed
from hooks.chart.pace import speaks_of_other_time
from hooks.chart.timing import read_timing
from hooks.protocol import protocol

LONG = 1_000_000
CODES = drugs.load()
DOSING = next(row.dosing for row in protocol.load().rows.values() if row.dosing is not None)


@pytest.mark.parametrize(
    "text",
    [
        "magnesium sulfate" + " " * LONG + "x",
        "magnesium sulfate " + "1" * LONG,
        "magnesium sulfate 1" + " " * LONG,
        "magnesium sulfate 1 mg" + " " * LONG,
        "mag " + "- " * (LONG // 2),
        "mag" + " / a" * (LONG // 4),
        "mg sulfat " * (LONG // 10),
        "mg 1" + ",1" * (LONG // 2),
        "a" + " / magnesium oxid" * (LONG // 17),
        "in " * (LONG // 3) + " / magnesium",
        "magnesium_sulfate_" * (LONG // 18),
        "magnesium sulfate " + "a." * (LONG // 2) + "ab",
        "magnesium sulfate" + " + a" * (LONG // 4),
        "magnesium sulfate" + " and mg 1" * (LONG // 9),
        "mag 2 g and " * (LONG // 12),
        "magnesium sulfate" + "/a" * (LONG // 2),
        "magnesium sulfate " + "1% " * (LONG // 3),
        "magnesium sulfate " + "ns 1" * (LONG // 4),
        "magnesium sulfate " + "1" * LONG + " mL",
        "magnesium sulfate " + "1" * LONG + "%",
        "magnesium sulfate " + "\u0301\u0316" * (LONG // 2),
        "check Mg " * (LONG // 9),
        "KCl Mg " + "1" * LONG,
        "Mg 1 to 1 to " * (LONG // 13),
        "esomeprazole as as as magnesium " * (LONG // 32),
        "omeprazole (as (as " * (LONG // 19) + "magnesium",
    ],
    ids=[
        "spaces",
        "digits",
        "number",
        "unit",
        "hyphens",
        "slashes",
        "symbols",
        "amount",
        "list",
        "carriers",
        "underscores",
        "stops",
        "pluses",
        "joined",
        "amounts",
        "parts",
        "percents",
        "diluents",
        "volume",
        "percent",
        "marks",
        "levels",
        "value",
        "values",
        "salts",
        "salt",
    ],
)
def test_the_name_of_a_drug(text: str) -> None:
    began = process_time()
    CODES.recognize((), (text,), None)
    CODES.recognize((), (text,), Route.INTRAVENOUS)
    assert process_time() - began < 4, "a name of a megabyte holds the process"


@pytest.mark.parametrize(
    "text",
    [
        "hemolysis" + " " * LONG,
        "hemolysis index" + " " * LONG + ":" + " " * LONG,
        "no" + " " * LONG + "word" + " " * LONG,
        "no " * (LONG // 3),
    ],
    ids=["spaces", "index", "denied", "denials"],
)
def test_the_note_of_a_laboratory(text: str) -> None:
    began = process_time()
    assert _is_hemolyzed({"note": [{"text": text}]}) == text.startswith("hemolysis")
    assert process_time() - began < 2, "a note of a megabyte holds the process"


@pytest.mark.parametrize(
    "text",
    [
        "as" + " " * LONG,
        "as " * (LONG // 3),
        "continuous " * (LONG // 11) + "x" * LONG,
        "q" + "1" * LONG,
        "qa" * (LONG // 2),
        "repeat" + " " * LONG,
    ],
    ids=["spaces", "as", "continuous", "digits", "letters", "repeat"],
)
def test_the_text_of_a_dosage(text: str) -> None:
    began = process_time()
    assert read_timing({"text": text}).recurring == text.startswith(("continuous", "q1"))
    assert process_time() - began < 2, "a dosage text of a megabyte holds the process"


@pytest.mark.parametrize(
    "text",
    [
        "over" + " " * LONG,
        "over " * (LONG // 5),
        "1" * LONG,
        "1 " * (LONG // 2),
        "push" * (LONG // 4),
        "1,111" * (LONG // 5),
        "1 g / " * (LONG // 6),
    ],
    ids=["spaces", "over", "digits", "numbers", "push", "thousands", "strengths"],
)
def test_the_note_of_a_draft(text: str) -> None:
    draft = {
        "resourceType": "MedicationRequest",
        "note": [{"text": text}],
        "medicationCodeableConcept": {"text": text},
        "dosageInstruction": [{"timing": {"code": {"text": text}}}],
    }
    began = process_time()
    correct(draft, DOSING, "2 g over 20 minutes")
    assert process_time() - began < 2, "a note of a megabyte holds the process"


def test_a_drug_with_ten_thousand_names() -> None:
    names = tuple(f"magnesium oxide a{number}" for number in range(10_000))
    began = process_time()
    CODES.recognize((), names, None)
    assert process_time() - began < 2


def test_a_drug_with_ten_thousand_ingredients() -> None:
    ingredients = [Named((), (f"magnesium oxide a{number}",)) for number in range(10_000)]
    began = process_time()
    CODES.recognize((), (), Route.INTRAVENOUS, ingredients)
    assert process_time() - began < 2


NAMES = ("iv", "iv push", "ivpb", "oral", "or", "by mouth", "x")


@given(st.lists(st.sampled_from([*NAMES, "IV", "-", "--", " ", "/", "p", "s"]), max_size=8))
def test_names_are_found_as_by_trying_each_of_them(parts: list[str]) -> None:
    text = "".join(parts)
    each = "|".join(map(re.escape, sorted(NAMES, key=len, reverse=True)))
    expected = re.findall(rf"(?<!\w)(?<!\w-)(?:{each})(?!-?\w)", text, re.IGNORECASE)
    assert whole_words(NAMES).findall(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "no dialysis " * (LONG // 12),
        "family history of eclampsia" + " eclampsia" * (LONG // 10),
        "history of" + " a" * (LONG // 2) + " pregnancy",
        "dialysis" * (LONG // 8),
        "- " * (LONG // 2),
        "." * LONG,
        "end stage " * (LONG // 10),
    ],
    ids=["denied", "family", "far", "one-word", "dashes", "stops", "beginnings"],
)
def test_the_name_of_a_problem(text: str) -> None:
    cautions = conditions.load().cautions
    began = process_time()
    cautions.named(text)
    assert process_time() - began < 4, "a name of a megabyte holds the process"


@pytest.mark.parametrize(
    "text",
    [
        "then check " * (LONG // 11) + "redose",
        "check, " * (LONG // 7) + "redose",
        "then monitor " * (LONG // 13),
        "1 g/h " * (LONG // 6),
        "over 1 h 1 g 1 g/h " * (LONG // 38),
        " ".join(f"{n % 9999} g/h over {n} h {n} g" for n in range(LONG // 28)),
        "max " * (LONG // 4) + "1 g/h",
        "followed by a a a a " * (LONG // 20),
        "infuse a a a " * (LONG // 13),
        "monitor bp" + ", hr" * (LONG // 4) + " q6h",
        "monitor, give a " * (LONG // 16) + "if low",
        "check. give " + "a" * LONG,
        "kontroll" * (LONG // 8),
        "kontroll " * (LONG // 9),
        "flush 1 ml a a " * (LONG // 15) + "prn",
        "notify md a a " * (LONG // 14) + "whenever mg",
        "start: mon " * (LONG // 11) + "1 ml/h",
        "hr < 1 " * (LONG // 7) + "1 ml/min",
        "max 1 g/h in icu, 1 g/h in icu, " * (LONG // 32),
        "max 1 g/h in icu" + ", 1 g/h in icu" * (LONG // 14),
        "1/1/" * (LONG // 4),
        "1 - 1 - " * (LONG // 8),
        "mon mon" * (LONG // 7),
        "am, " * (LONG // 4),
        "doses " * (LONG // 6),
        "drip (" * (LONG // 6),
        "for abcdef " * (LONG // 11),
        "q twenty" * (LONG // 8),
        "keep mg > " * (LONG // 10),
        "during the infusion " * (LONG // 20),
    ],
    ids=range(30),
)
def test_the_text_of_a_rate_or_of_what_is_watched(text: str) -> None:
    began = process_time()
    read_timing({"text": text})
    assert process_time() - began < 4, "a text of a megabyte holds the process"


@pytest.mark.parametrize(
    "text",
    [
        "hr " + "aaaaaaaa " * (LONG // 9) + "4 h",
        "hr aaaaaaaa aaaaaaaa aaaaaaaa aaaaaaaa " * (LONG // 40) + "4 h",
        "hold " * (LONG // 5) + "4 h",
        "hold. " * (LONG // 6) + "4 h",
        "k chloride chloride chloride " * (LONG // 30) + "4 h",
        "1-1 " * (LONG // 4) + "4 h",
        "4 h " * (LONG // 4),
        "over 4 h. " * (LONG // 10),
        "1" * LONG + " h",
        "a hour one " * (LONG // 11),
        "perfus" + "a" * LONG + " 4 h",
        "monitor over 4 h " * (LONG // 17),
        "max a a a " * (LONG // 10) + "4 h",
        ":(" * (LONG // 2) + "4 h",
        "over: for x in a an the " * (LONG // 24) + "4 h",
        "infuse over the next 4 " * (LONG // 23) + "h",
        "max 1 g/h in icu" + ", 1 g/h in icu" * (LONG // 14),
        "usual rate: " * (LONG // 12) + "4 h",
    ],
    ids=range(18),
)
def test_the_text_of_a_time(text: str) -> None:
    for known in ([], [Decimal(20)]):
        began = process_time()
        speaks_of_other_time(text, known, None)
        assert process_time() - began < 4, "a text of a megabyte holds the process"
