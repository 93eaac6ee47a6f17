"""The tables of a protocol: what a pharmacist reads is what the service follows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from hooks.errors import ProtocolError
from hooks.protocol import gates, load
from hooks.protocol.notation import limit
from hooks.protocol.quantity import Rate
from hooks.protocol.required import GATES
from hooks.protocol.scale import short
from hooks.protocol.summary import summary
from hooks.protocol.table import Table, tables
from service import explanation, fixture
from service.settings import Settings
from tests.protocol.edit import PROJECT, SHIPPED, VERSION, protocol


def by_title(*changes: tuple[str, str]) -> dict[str, Table]:
    return {table.title: table for table in tables(protocol(*changes))}


def lines(table: Table) -> dict[str, str]:
    """A table of names and what stands behind them."""
    return {name: said for name, said, *_ in table.rows}


def named(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


def test_bands_in_three_units() -> None:
    """clinical 1.2 and 2.4: 0.50 mmol/L is 1.21525 mg/dL is 1 mEq/L, 1.5 mg/dL is 0.6172 mmol/L."""
    table = by_title()["Bands of total magnesium"]
    assert table.columns == ("Band", "mg/dL", "mmol/L", "mEq/L", "Card", "Sources")
    assert [row[:5] for row in table.rows] == [
        ("severe", "<1.21525", "<0.50", "<1", "warning"),
        ("moderate", "1.21525 to <1.5", "0.50 to <0.6172", "1 to <1.2343", "info"),
        ("mild", "1.5 to <1.7", "0.6172 to <0.6994", "1.2343 to <1.3989", "info"),
        ("normal", "1.7 to 2.6", "0.6994 to 1.0697", "1.3989 to 2.1395", "info"),
        ("high", ">2.6", ">1.0697", ">2.1395", "warning"),
    ]


def test_a_band_that_ends_with_its_limit() -> None:
    table = by_title(
        ('below = "0.50 mmol/L"', 'to = "1.2 mg/dL"'),
        ('from = "0.50 mmol/L"', 'above = "1.2 mg/dL"'),
        ('to = "2.6 mg/dL"', 'below = "2.6 mg/dL"'),
        ('above = "2.6 mg/dL"', 'from = "2.6 mg/dL"'),
    )["Bands of total magnesium"]
    assert [row[1] for row in table.rows] == [
        "to 1.2",
        ">1.2 to <1.5",
        "1.5 to <1.7",
        "1.7 to <2.6",
        "from 2.6",
    ]


def test_doses_with_their_rates() -> None:
    """clinical 9: 2 g over 20 min is 100 mg/min or 6 g/h; 1 g over 60 min 16.7 mg/min or 1 g/h."""
    assert by_title()["Doses"].rows == (
        ("DT1", "severe", "standard", "2 g", "20 min", "100", "6"),
        ("", "", "or, if asymptomatic and stable", "2 g", "120 min", "16.7", "1"),
        ("DT2", "severe", "reduced", "1 g", "60 min", "16.7", "1"),
        ("DT3", "moderate", "standard", "2 g", "120 min", "16.7", "1"),
        ("DT4", "moderate", "reduced", "1 g", "120 min", "8.33", "0.5"),
        ("DT5", "mild", "any", "none", "", "", ""),
        ("DT6", "normal", "any", "none", "", "", ""),
        ("DT7", "high", "any", "none", "", "", ""),
    )


def test_what_stands_behind_a_row() -> None:
    row = by_title()["Row DT1: severe, standard renal function"]
    assert row.columns == ()
    said = lines(row)
    assert said["Dose"] == "2 g over 20 min (100 mg/min, 6 g/h)"
    assert said["Repeat level"] == "4-6 h after the end, 4 h 20 min to 6 h 20 min after the start"
    assert said["Option"] == (
        "2 g over 120 min (16.7 mg/min, 1 g/h) if asymptomatic and stable (9, R5, P8)"
    )
    assert said[""] == "repeat level 4-6 h after the end, 6 h to 8 h after the start"
    assert said["Priority"] == "urgent"
    assert said["Product"] == "bag-2g"
    assert said["Monitoring"].startswith("Continuous ECG")
    assert "emergency rate" in said["Caveat"]
    assert said["Sources"].startswith("S1, S2, S3")


def test_a_row_without_a_dose() -> None:
    assert by_title()["Row DT5: mild"].rows == (("Dose", "none"), ("Sources", "S12, S16, P5, P7"))


def test_the_repeat_level_of_a_short_infusion() -> None:
    shown = by_title(
        ('[recheck]\nfrom = "4 h"\nto = "6 h"', '[recheck]\nfrom = "250 min"\nto = "350 min"')
    )["Row DT1: severe, standard renal function"]
    assert lines(shown)["Repeat level"] == (
        "250-350 min after the end, 4 h 30 min to 6 h 10 min after the start"
    )


def test_every_gate_in_the_order_in_which_it_is_asked() -> None:
    """Whatever the order in the file: the trace of a real decision is the witness."""
    case = fixture.load(PROJECT / "fixtures" / "seed-mg-1.2.json")
    assert case.now
    decision = explanation.decide(case.request, case.now, Settings()).decision
    assert decision
    asked = [step.id for step in decision.trace if step.id in GATES]
    assert list(gates.ASKED) == asked
    shown = next(table for table in tables(load()) if table.title.startswith("Gates"))
    assert [row[0] for row in shown.rows] == asked


def test_a_gates_question_holds_the_files_own_numbers() -> None:
    table = next(
        table
        for table in tables(
            protocol(('creatinine = { value = "48 h"', 'creatinine = { value = "36 h"'))
        )
        if table.title.startswith("Gates")
    )
    gates = named(table)
    assert gates["G9"][0] == "Is renal function known from a creatinine of the last 36 h?"
    assert gates["G7"][:2] == (
        "Is renal function 15 mL/min or above, without dialysis?",
        "[condition]",
    )
    assert gates["G5"][1:] == ("the newest result is preliminary", "8, settled-16")


def test_windows_and_limits_are_called_by_a_name_each() -> None:
    for table in tables(load()):
        for row in table.rows:
            assert "windows." not in row[0], row
            assert "plausible." not in row[0], row
            assert "target." not in row[0], row


def test_windows_and_limits() -> None:
    shown = by_title()
    assert named(shown["Time windows"])["A creatinine counts for"] == ("48 h", "8")
    assert named(shown["Plausible values"])["Magnesium"] == ("0.3 mg/dL to 15 mg/dL", "8")
    assert named(shown["Infusion rate"]) == {
        "Absolute rate limit": ("150 mg/min (9 g/h)", "R3, S21"),
        "Rate ceiling of the site": ("150 mg/min (9 g/h)", "R3"),
    }
    renal = named(shown["Renal function"])
    assert renal["No dose below"] == ("15 mL/min", "S13, G7, P2, R7")
    assert renal["Reduced dose below"] == ("30 mL/min", "S13, P3, P5")
    assert renal["Same dose with caution below"] == ("60 mL/min", "S13, M7")
    assert renal["Acute kidney injury"][0] == (
        "creatinine higher by 0.3 mg/dL within 48 h, or 1.5 times within 7 d:"
        " the reduced dose at best"
    )
    other = named(shown["Other limits"])
    assert other["Magnesium worth a look at the specimen"][0] == "below 0.5 mg/dL or above 6 mg/dL"
    assert other["Repeat level after the end of the dose"][0] == "4-6 h"


def test_head_orders_reasons_and_sources() -> None:
    shown = by_title()
    head = named(shown["Adult magnesium replacement"])
    assert head["Status"] == ("draft: no clinician or site has approved it",)
    assert head["For"] == ("patients of 18 y to 115 y (sources: scope, 8)",)
    assert shown["Override reasons"].rows[0] == (
        "Contraindicated for this patient",
        "patient-contraindication",
    )
    assert ("Level of magnesium", "19123-9 Magnesium [Mass/volume] in Serum or Plasma", "6.1") in (
        shown["Orders"].rows
    )
    assert named(shown["Sources"])["S2"] == ("give 2 g magnesium sulfate IV",)


def test_the_sources_come_with_their_origin_and_in_the_order_of_their_numbers() -> None:
    shown = by_title()
    origins = named(shown["Where the sources come from, by what their codes begin with"])
    assert origins["S"][0].startswith("Commissioning text: ")
    assert "AI-generated page of Dr.Oracle" in origins["S"][0]
    assert "pending human review" in origins["S"][0]
    assert "choice" in origins["D, settled, scope, sandbox"][0].lower()
    codes = [code for code, _ in shown["Sources"].rows]
    assert sorted(codes) == sorted(load().document.sources), "each of them once"
    assert [code for code in codes if code[0] == "S"][:4] == ["S1", "S2", "S3", "S4"]
    assert codes.index("S9") + 1 == codes.index("S10")
    assert codes.index("S25") + 1 == codes.index("P1")
    assert codes.index("P10") + 1 == codes.index("R3")
    assert codes.index("settled-8") + 1 == codes.index("settled-10")
    assert codes.index("9") + 1 == codes.index("10.1")


def test_a_file_that_does_not_say_where_its_sources_come_from() -> None:
    begin, end = SHIPPED.index("[[origins]]"), SHIPPED.index("[sources]")
    shown = {table.title: table for table in tables(protocol((SHIPPED[begin:end], "")))}
    assert not [title for title in shown if title.startswith("Where the sources")]
    assert len(shown["Sources"].rows) == len(load().document.sources)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('begins = ["R"]', 'begins = ["X"]'), r"sources\.R3: no entry of \[\[origins\]\] says"),
        (('begins = ["R"]', 'begins = ["R", "S"]'), r"origins: S stands twice"),
    ],
)
def test_an_origin_for_every_source(change: tuple[str, str], said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        protocol(change)


def test_an_approved_protocol_says_by_whom() -> None:
    shown = by_title(
        ('status = "draft"', 'status = "approved"'),
        ('approved_by = ""', 'approved_by = "Pharmacy, 2026-12-01"'),
    )
    head = named(shown["Adult magnesium replacement"])
    assert head["Status"] == ("approved by Pharmacy, 2026-12-01",)


def test_every_source_that_a_table_names_is_explained() -> None:
    explained = set(named(by_title()["Sources"]))
    for table in tables(load()):
        if table.columns and table.columns[-1] == "Sources":
            for row in table.rows:
                assert {code for code in row[-1].split(", ") if code} <= explained, row


def test_one_line_about_the_whole() -> None:
    read = protocol((f'version = "{VERSION}"', 'version = "7"'))
    assert summary(read) == (
        f"Adult magnesium replacement protocol 7 (draft, digest {read.digest}); 5 bands, 7 rows"
        " with 5 doses, the fastest 2 g over 20 min (100 mg/min, 6 g/h), ceiling 150 mg/min; repeat"
        " level 4-6 h after the dose."
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("100", "100"),
        ("16.66666666666666666666666667", "16.7"),
        ("8.333333333333333333333333333", "8.33"),
        ("0.09920634920634920634920634921", "0.0992"),
        ("1333.333333333333333333333333", "1333"),
        ("6.00", "6"),
    ],
)
def test_a_number_for_reading(value: str, shown: str) -> None:
    assert short(Decimal(value)) == shown


def test_a_limit_of_the_rate_in_both_units() -> None:
    ceiling = Rate(Decimal(1000), Decimal(60), "1 g/h")
    assert limit(ceiling) == "1 g/h (16.7 mg/min)"
    assert limit(replace(ceiling, written="16.7 mg/min")) == "16.7 mg/min (1 g/h)"
