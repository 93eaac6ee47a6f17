"""What `magnesia protocol diff` says: each change made by hand, each sentence written by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import BaseModel

from hooks.protocol import Protocol, load
from hooks.protocol.difference import Section, compare
from hooks.protocol.document import Document
from hooks.protocol.quantity import Quantity, Rate
from tests.protocol.edit import Change, protocol

Said = dict[str, list[str]]

MODERATE_2_G = "2 g over 120 min (16.7 mg/min, 1 g/h)"
MODERATE_1_G = "1 g over 120 min (8.33 mg/min, 0.5 g/h)"

#: The option of row DT1, as the file writes it.
OPTION = """[[rows.options]]
id = "slow"
dose = "2 g"
over = "120 min"
product = "bag-2g"
when = "if asymptomatic and stable"
source = ["9", "R5", "P8"]
"""
ONE_HOUR = OPTION.replace('"slow"', '"hour"').replace('"120 min"', '"60 min"')

PATIENT_REFUSES = """[[override_reasons]]
code = "patient-refuses"
system = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
display = "Patient refuses"
"""
DISAGREE = """[[override_reasons]]
code = "recipient-disagrees-evidence"
system = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
display = "Disagree with the recommendation"
"""
BAG_1G = """[[products]]
id = "bag-1g"
holds = "1 g"
"""
SITE_BAG = """[[products]]
id = "syringe-1g"
holds = "1 g"
coding = [{ system = "urn:site", code = "MG1", display = "Magnesium sulfate 1 g syringe" }]
text = "magnesium sulfate 1 g syringe"
source = ["5.1"]

"""
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def row(name: str, **changes: str) -> Change:
    """A change of a row's dose and time: the lines that follow its id, up to its product."""
    lines = {
        "DT1": ("severe", "standard", "2 g", "20 min", "bag-2g", "urgent"),
        "DT2": ("severe", "reduced", "1 g", "60 min", "bag-1g", "urgent"),
        "DT3": ("moderate", "standard", "2 g", "120 min", "bag-2g", "routine"),
        "DT4": ("moderate", "reduced", "1 g", "120 min", "bag-1g", "routine"),
    }
    members = ("id", "band", "tier", "dose", "over", "product", "priority")
    values = dict(zip(members, (name, *lines[name]), strict=True))

    def written(**other: str) -> str:
        return "\n".join(f'{key} = "{value}"' for key, value in {**values, **other}.items())

    return written(), written(**changes)


def said(before: Protocol, after: Protocol) -> Said:
    return {section.title: list(section.changes) for section in compare(before, after)}


@dataclass(frozen=True)
class Case:
    name: str
    changes: tuple[Change, ...]
    expect: Said
    words_only: bool = False


CASES: Final = (
    Case(
        "a narrower moderate band",
        (
            ('below = "1.5 mg/dL"', 'below = "1.45 mg/dL"'),
            ('from = "1.5 mg/dL"', 'from = "1.45 mg/dL"'),
        ),
        {
            "Bands": [
                "magnesium 1.45 to below 1.50 mg/dL: moderate becomes mild",
                "magnesium 1.45 to below 1.50 mg/dL, standard renal function: "
                f"{MODERATE_2_G} becomes no dose",
                "magnesium 1.45 to below 1.50 mg/dL, reduced renal function: "
                f"{MODERATE_1_G} becomes no dose",
            ]
        },
    ),
    Case(
        "severe below 1.2 mg/dL, which leaves 1.2 itself out",
        (
            ('below = "0.50 mmol/L"', 'below = "1.2 mg/dL"'),
            ('from = "0.50 mmol/L"', 'from = "1.2 mg/dL"'),
        ),
        {
            "Bands": [
                "magnesium 1.2 to below 1.21525 mg/dL (0.50 mmol/L): severe becomes moderate",
                "magnesium 1.2 to below 1.21525 mg/dL (0.50 mmol/L), standard renal function: "
                f"2 g over 20 min (100 mg/min, 6 g/h) becomes {MODERATE_2_G}",
                "magnesium 1.2 to below 1.21525 mg/dL (0.50 mmol/L), reduced renal function: "
                f"1 g over 60 min (16.7 mg/min, 1 g/h) becomes {MODERATE_1_G}",
            ]
        },
    ),
    Case(
        "severe up to and including 1.2 mg/dL",
        (
            ('below = "0.50 mmol/L"', 'to = "1.2 mg/dL"'),
            ('from = "0.50 mmol/L"', 'above = "1.2 mg/dL"'),
            row("DT1", over="120 min"),
            row("DT2", over="120 min"),
        ),
        {
            "Bands": [
                "magnesium above 1.2 to below 1.21525 mg/dL (0.50 mmol/L): severe becomes moderate",
                "magnesium above 1.2 to below 1.21525 mg/dL (0.50 mmol/L), standard renal "
                f"function: 2 g over 20 min (100 mg/min, 6 g/h) becomes {MODERATE_2_G}",
                "magnesium above 1.2 to below 1.21525 mg/dL (0.50 mmol/L), reduced renal "
                f"function: 1 g over 60 min (16.7 mg/min, 1 g/h) becomes {MODERATE_1_G}",
            ],
            "Doses": [
                "severe, standard renal function (DT1): "
                f"2 g over 20 min (100 mg/min, 6 g/h) becomes {MODERATE_2_G}",
                "severe, reduced renal function (DT2): "
                f"1 g over 60 min (16.7 mg/min, 1 g/h) becomes {MODERATE_1_G}",
            ],
        },
    ),
    Case(
        "one single value",
        (
            ('below = "1.5 mg/dL"', 'to = "1.5 mg/dL"'),
            ('from = "1.5 mg/dL"', 'above = "1.5 mg/dL"'),
        ),
        {
            "Bands": [
                "magnesium exactly 1.5 mg/dL: mild becomes moderate",
                "magnesium exactly 1.5 mg/dL, standard renal function: "
                f"no dose becomes {MODERATE_2_G}",
                "magnesium exactly 1.5 mg/dL, reduced renal function: "
                f"no dose becomes {MODERATE_1_G}",
            ]
        },
    ),
    Case(
        "a band without a dose",
        (
            ('to = "2.6 mg/dL"', 'to = "2.55 mg/dL"'),
            ('above = "2.6 mg/dL"', 'above = "2.55 mg/dL"'),
        ),
        {"Bands": ["magnesium above 2.55 to 2.60 mg/dL: normal becomes high"]},
    ),
    Case(
        "the same limit in another unit",
        (
            ('below = "0.50 mmol/L"', 'below = "1.00 mEq/L"'),
            ('from = "0.50 mmol/L"', 'from = "1.00 mEq/L"'),
        ),
        {
            "Wording": [
                'bands.severe.below: "0.50 mmol/L" is now written "1.00 mEq/L", the same value',
                'bands.moderate.from: "0.50 mmol/L" is now written "1.00 mEq/L", the same value',
            ]
        },
        words_only=True,
    ),
    Case(
        "how a band's card looks",
        (
            (
                'below = "0.50 mmol/L"\nindicator = "warning"',
                'below = "0.50 mmol/L"\nindicator = "info"',
            ),
        ),
        {"Bands": ["severe, indicator: warning becomes info"]},
    ),
    Case(
        "a slower severe dose",
        (row("DT1", over="30 min"),),
        {
            "Doses": [
                "severe, standard renal function (DT1): 2 g over 20 min (100 mg/min, 6 g/h) "
                "becomes 2 g over 30 min (66.7 mg/min, 4 g/h)"
            ]
        },
    ),
    Case(
        "a larger dose of another product, less urgent",
        (row("DT2", dose="2 g", over="4 h", product="bag-2g", priority="routine"),),
        {
            "Doses": [
                "severe, reduced renal function (DT2): 1 g over 60 min (16.7 mg/min, 1 g/h) "
                "becomes 2 g over 4 h (8.33 mg/min, 0.5 g/h)",
                "severe, reduced renal function (DT2): product: bag-1g becomes bag-2g",
                "severe, reduced renal function (DT2): priority: urgent becomes routine",
            ]
        },
    ),
    Case(
        "the same time in hours",
        (row("DT3", over="2 h"),),
        {"Wording": ['rows.DT3.over: "120 min" is now written "2 h", the same value']},
        words_only=True,
    ),
    Case(
        "another name for a row",
        (row("DT3", id="M1"),),
        {"Doses": ["moderate, standard renal function: row DT3 is now called M1"]},
    ),
    Case(
        "no option",
        ((OPTION, ""),),
        {
            "Doses": [
                "severe, standard renal function (DT1): the option "
                f"{MODERATE_2_G} if asymptomatic and stable is gone"
            ]
        },
    ),
    Case(
        "a second option, offered first",
        ((OPTION, f"{ONE_HOUR}\n{OPTION}"),),
        {
            "Doses": [
                "severe, standard renal function (DT1): the option "
                "2 g over 60 min (33.3 mg/min, 2 g/h) if asymptomatic and stable is new"
            ]
        },
    ),
    Case(
        "an option for others, and slower",
        (
            (
                OPTION,
                OPTION.replace("asymptomatic and stable", "asymptomatic").replace(
                    '"120 min"', '"4 h"'
                ),
            ),
        ),
        {
            "Doses": [
                f"severe, standard renal function (DT1): the option {MODERATE_2_G} if asymptomatic "
                "and stable becomes 2 g over 4 h (8.33 mg/min, 0.5 g/h) if asymptomatic"
            ]
        },
    ),
    Case(
        "a later repeat level",
        (('[recheck]\nfrom = "4 h"\nto = "6 h"', '[recheck]\nfrom = "6 h"\nto = "8 h"'),),
        {"Doses": ["repeat level after the end of every dose: 4-6 h becomes 6-8 h"]},
    ),
    Case(
        "a wider reduced tier",
        (('reduced_below = { value = "30 mL/min"', 'reduced_below = { value = "40 mL/min"'),),
        {
            "Renal function": [
                "renal function 30 to below 40 mL/min: standard dose becomes reduced dose",
                "renal function 30 to below 40 mL/min, severe: 2 g over 20 min (100 mg/min, 6 g/h)"
                " becomes 1 g over 60 min (16.7 mg/min, 1 g/h)",
                "renal function 30 to below 40 mL/min, moderate: 2 g over 120 min (16.7 mg/min,"
                " 1 g/h) becomes 1 g over 120 min (8.33 mg/min, 0.5 g/h)",
            ]
        },
    ),
    Case(
        "more patients without a dose, fewer with caution",
        (
            ('excluded_below = { value = "15 mL/min"', 'excluded_below = { value = "20 mL/min"'),
            ('caution_below = { value = "60 mL/min"', 'caution_below = { value = "50 mL/min"'),
        ),
        {
            "Renal function": [
                "renal function 15 to below 20 mL/min: reduced dose becomes no dose",
                "renal function 15 to below 20 mL/min, severe: 1 g over 60 min (16.7 mg/min, 1 g/h)"
                " becomes no dose",
                "renal function 15 to below 20 mL/min, moderate: 1 g over 120 min (8.33 mg/min,"
                " 0.5 g/h) becomes no dose",
                "renal function 50 to below 60 mL/min: caution becomes no caution",
            ]
        },
    ),
    Case(
        "when the kidneys count as injured",
        (
            (
                'rise = "0.3 mg/dL"',
                'beyond = "Decided by nephrology, 1 Nov 2026."\nrise = "0.5 mg/dL"',
            ),
            ('ratio_within = "7 d"', 'ratio_within = "2 d"'),
        ),
        {
            "Renal function": [
                "Acute kidney injury: creatinine higher by: 0.3 mg/dL becomes 0.5 mg/dL",
                "Acute kidney injury: the factor within: 7 d becomes 2 d",
                "Acute kidney injury, beyond the bounds of the service: "
                '"Decided by nephrology, 1 Nov 2026." is new',
            ]
        },
    ),
    Case(
        "who is an adult",
        (('age = { from = "18 y", to = "115 y"', 'age = { from = "21 y", to = "110 y"'),),
        {
            "For whom": [
                "age 18 to below 21 y: advice becomes no advice",
                "age above 110 to 115 y: advice becomes no advice",
            ]
        },
    ),
    Case(
        "who is an adult, beyond the bounds",
        (
            (
                'age = { from = "18 y"',
                'age = { beyond = "Decided by the drug committee.", from = "16 y"',
            ),
        ),
        {
            "For whom": [
                "age 16 to below 18 y: no advice becomes advice",
                'Ages, beyond the bounds of the service: "Decided by the drug committee." is new',
            ]
        },
    ),
    Case(
        "a slow dose, beyond the bounds",
        (row("DT1", over='24 h"\nbeyond = "Decided by the drug committee.'),),
        {
            "Doses": [
                "severe, standard renal function (DT1): 2 g over 20 min (100 mg/min, 6 g/h) "
                "becomes 2 g over 24 h (1.39 mg/min, 0.0833 g/h)",
                "rows.DT1, beyond the bounds of the service: "
                '"Decided by the drug committee." is new',
            ]
        },
    ),
    Case(
        "which orders are looked at",
        (('types = ["MedicationRequest"]', 'types = ["MedicationRequest", "ServiceRequest"]'),),
        {
            "For whom": [
                "Selected orders that are looked at: MedicationRequest becomes "
                "MedicationRequest, ServiceRequest"
            ]
        },
    ),
    Case(
        "the time windows",
        (
            ('creatinine = { value = "48 h"', 'creatinine = { value = "24 h"'),
            ('infusion = { value = "24 h"', 'infusion = { value = "1 d"'),
            ('date_zone = { value = "+00:00"', 'date_zone = { value = "+10:00"'),
        ),
        {
            "Time windows": [
                "A creatinine counts for: 48 h becomes 24 h",
                "Midnight of a date without a time is at UTC: +00:00 becomes +10:00",
            ],
            "Wording": ['windows.infusion.value: "24 h" is now written "1 d", the same value'],
        },
    ),
    Case(
        "a lower rate ceiling",
        (('ceiling = { value = "150 mg/min"', 'ceiling = { value = "6 g/h"'),),
        {
            "Infusion rate": [
                "Rate ceiling of the site: 150 mg/min (9 g/h) becomes 6 g/h (100 mg/min)"
            ]
        },
    ),
    Case(
        "the same ceiling in the other unit",
        (('ceiling = { value = "150 mg/min"', 'ceiling = { value = "9 g/h"'),),
        {"Wording": ['rate.ceiling.value: "150 mg/min" is now written "9 g/h", the same value']},
        words_only=True,
    ),
    Case(
        "limits of other results",
        (
            (
                'low_below = { value = "3.5 mmol/L", source = ["S15", "M1"',
                'low_below = { value = "3.6 mmol/L", source = ["S15", "M1"',
            ),
            ('long_from = { value = "500 ms"', 'long_from = { value = "480 ms"'),
            ('redose_below = { value = "1.5 mg/dL"', 'redose_below = { value = "1.6 mg/dL"'),
            ('deficient_below = { value = "1.3 mEq/L"', 'deficient_below = { value = "1.6 mg/dL"'),
            ('above = { value = "1.5 mg/dL"', 'above = { value = "1.7 mg/dL"'),
            (
                'magnesium = { from = "0.3 mg/dL", to = "15 mg/dL"',
                'magnesium = { from = "0.3 mg/dL", to = "12 mg/dL"',
            ),
            ('qtc = { from = "200 ms"', 'qtc = { from = "250 ms"'),
            ('magnesium = { below = "0.5 mg/dL"', 'magnesium = { below = "0.6 mg/dL"'),
            ('percent = "5"', 'percent = "10"'),
        ),
        {
            "Limits": [
                "magnesium after a dose 1.5 to below 1.6 mg/dL: no additional dose becomes "
                "additional dose considered",
                "magnesium 1.579825 (1.3 mEq/L) to below 1.6 mg/dL: "
                "not deficient becomes deficient",
                "potassium 3.5 to below 3.6 mmol/L: not low becomes low",
                "QTc 480 to below 500 ms: not long becomes long",
                "magnesium 0.5 to below 0.6 mg/dL: not extreme becomes extreme",
                "magnesium above 12 to 15 mg/dL: plausible becomes not plausible",
                "QTc 200 to below 250 ms: plausible becomes not plausible",
                "Target above: 1.5 mg/dL becomes 1.7 mg/dL",
                "A drafted dose is the row's within this many percent: 5 becomes 10",
            ]
        },
    ),
    Case(
        "a gate's question, and what it says",
        (
            (
                'asks = "Is the magnesium result more than preliminary?"',
                'asks = "Is the magnesium result final?"',
            ),
            ('next = "wait for the final result."', 'next = "wait."'),
        ),
        {
            "Gates": [
                'G5, asks: "Is the magnesium result more than preliminary?" becomes '
                '"Is the magnesium result final?"'
            ],
            "Wording": ['gates.G5.next: "wait for the final result." becomes "wait."'],
        },
    ),
    Case(
        "how loud a finding is",
        (
            (
                '[findings.duplicate]\nrule = "G6"',
                '[findings.duplicate]\nrule = "G6"\nindicator = "critical"',
            ),
            (
                'has no level since."\nindicator = "warning"\n',
                'has no level since."\n',
            ),
        ),
        {"Findings": ["finding duplicate, indicator: warning becomes critical"]},
    ),
    Case(
        "another product, and a site's own code first",
        (
            (BAG_1G, f"{SITE_BAG}{BAG_1G}"),
            (
                'holds = "2 g"\ncoding = [',
                'holds = "2 g"\ncoding = [\n'
                '  { system = "urn:site", code = "MG2", display = "Magnesium sulfate 2 g bag" },',
            ),
        ),
        {
            "Orders": [
                f"product bag-2g, codes: {RXNORM}|1658259 becomes urn:site|MG2, {RXNORM}|1658259",
                "product syringe-1g, 1 g, is new",
            ]
        },
    ),
    Case(
        "another code for the repeat level",
        (('system = "http://loinc.org", code = "19123-9"', 'system = "urn:site", code = "MG"'),),
        {
            "Orders": [
                "labs.magnesium.coding.system: http://loinc.org becomes urn:site",
                "labs.magnesium.coding.code: 19123-9 becomes MG",
            ]
        },
    ),
    Case(
        "the override reasons",
        (
            (PATIENT_REFUSES, ""),
            (DISAGREE, DISAGREE.replace("Disagree with the recommendation", "I disagree")),
        ),
        {
            "Override reasons": ['"Patient refuses" (patient-refuses) is gone'],
            "Wording": [
                "override_reasons.recipient-disagrees-evidence.display: "
                '"Disagree with the recommendation" becomes "I disagree"'
            ],
        },
    ),
    Case(
        "the override reasons in another order",
        ((PATIENT_REFUSES, ""), (DISAGREE, f"{PATIENT_REFUSES}\n{DISAGREE}")),
        {"Override reasons": ["the reasons stand in another order"]},
    ),
    Case(
        "sentences and sources",
        (
            ('not-checked = "symptoms, ECG,', 'not-checked = "symptoms, the ECG,'),
            ('caveat = "IV is an option: oral', 'caveat = "Oral'),
            ('source = ["S11", "P1", "P8", "R5"]', 'source = ["S11", "P8"]'),
            ('S25 = "no substitute', 'S26 = "a site\'s own"\nS25 = "never a substitute'),
        ),
        {
            "Wording": [
                'rows.DT3.caveat: "IV is an option: oral magnesium is reasonable if asymptomatic."'
                ' becomes "Oral magnesium is reasonable if asymptomatic."',
                'words.not-checked: "symptoms, ECG, urine output, allergies" becomes'
                ' "symptoms, the ECG, urine output, allergies"',
            ],
            "Sources": [
                "rows.DT3: S11, P1, P8, R5 becomes S11, P8",
                'S25: "no substitute for judgment; verify" becomes'
                ' "never a substitute for judgment; verify"',
                'S26: "a site\'s own" is new',
            ],
        },
        words_only=True,
    ),
    Case(
        "lines of a card: those that change, and no others",
        (
            (
                "**Pitfalls:** underdosing; more than {ceiling} (hypotension, flushing); no repeat"
                " level.\n",
                "**Pitfalls:** underdosing.\nCall the pharmacy.\n",
            ),
        ),
        {
            "Wording": [
                'cards.dose.detail: "**Pitfalls:** underdosing; more than {ceiling} (hypotension,'
                ' flushing); no repeat level." becomes "**Pitfalls:** underdosing."',
                'cards.dose.detail: "Call the pharmacy." is new',
            ]
        },
        words_only=True,
    ),
    Case(
        "where sources come from",
        (
            ('title = "Labels and literature"', 'title = "Labels"'),
            ('articles."\ncited = true\n', 'articles."\n'),
        ),
        {
            "Sources": [
                'where R comes from, title: "Labels and literature" becomes "Labels"',
                'where R comes from, cited: "True" becomes "False"',
            ]
        },
        words_only=True,
    ),
    Case(
        "the clock of the cards",
        (("# shown_zone = {", "shown_zone = {"),),
        {
            "Time windows": ["Cards tell times in the zone of: America/Chicago is new"],
            "Sources": ["windows.shown_zone: D is new"],
        },
    ),
    Case(
        "an approval",
        (
            ('status = "draft"', 'status = "approved"'),
            ('approved_by = ""', 'approved_by = "Pharmacy, 2026-12-01"'),
        ),
        {
            "About the protocol": [
                "status: draft becomes approved",
                'approved by: "Pharmacy, 2026-12-01" is new',
            ]
        },
        words_only=True,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_is_said_in_words(case: Case) -> None:
    sections = compare(load(), protocol(*case.changes))
    assert {section.title: list(section.changes) for section in sections} == case.expect
    assert any(section.decides for section in sections) is not case.words_only


def test_the_way_back_is_said_too() -> None:
    changed = protocol((OPTION, ""), (PATIENT_REFUSES, ""), (BAG_1G, f"{SITE_BAG}{BAG_1G}"))
    assert said(changed, load()) == {
        "Doses": [
            "severe, standard renal function (DT1): the option "
            f"{MODERATE_2_G} if asymptomatic and stable is new"
        ],
        "Orders": ["product syringe-1g, 1 g, is gone"],
        "Override reasons": ['"Patient refuses" (patient-refuses) is new'],
    }


def test_options_in_another_order() -> None:
    before = protocol((OPTION, f"{ONE_HOUR}\n{OPTION}"))
    after = protocol((OPTION, f"{OPTION}\n{ONE_HOUR}"))
    assert said(before, after) == {
        "Doses": ["severe, standard renal function (DT1): the options stand in another order"]
    }


def test_the_order_of_rows_and_gates_in_the_file_is_nobodys_concern() -> None:
    before = load()
    document = before.document
    turned = document.model_copy(
        update={
            "rows": document.rows[::-1],
            "gates": document.gates[::-1],
            "bands": document.bands[::-1],
            "products": document.products[::-1],
        }
    )
    assert compare(before, Protocol(turned)) == ()


def test_nothing_changed() -> None:
    assert compare(load(), protocol()) == ()


#: What cannot change alone in a file that is accepted: a band ends where the next begins, and the
#: names of bands and tiers are fixed.
FIXED: Final = {
    ("bands", "id"),
    ("bands", "below"),
    ("bands", "to"),
    ("rows", "band"),
    ("rows", "tier"),
}


def mutants(document: Document) -> Iterator[tuple[str, Document]]:
    """The document with one single value changed, for every value that it has."""
    for place, changed in _mutated(document, ()):
        if (place[0], place[-1]) not in FIXED:
            yield ".".join(place), changed


def _mutated(part: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    match part:
        case BaseModel():
            for name in type(part).model_fields:
                for where, member in _mutated(getattr(part, name), (*place, name)):
                    yield where, part.model_copy(update={name: member})
        case dict():
            for name, old in part.items():
                for where, member in _mutated(old, (*place, str(name))):
                    yield where, {**part, name: member}
        case ():
            return
        case tuple() if not isinstance(part[0], str):
            for index, old in enumerate(part):
                for where, member in _mutated(old, (*place, str(index))):
                    yield where, (*part[:index], member, *part[index + 1 :])
        case tuple():
            yield place, (*part, "another")
        case Quantity():
            yield place, Quantity(part.value + 1, "another")
        case Rate():
            yield place, replace(part, milligrams=part.milligrams + 1)
        case Decimal():
            yield place, part + 1
        case str():
            yield place, f"{part}x"


def test_no_change_goes_unsaid() -> None:
    """Each of the file's values is changed alone: one sentence at least tells of it."""
    shipped = load()
    count = 0
    unsaid = []
    for place, document in mutants(shipped.document):
        count += 1
        if not compare(shipped, Protocol(document)) or not compare(Protocol(document), shipped):
            unsaid.append(place)
    assert count > 500, "the walk has missed most of the file"
    assert unsaid == []


def test_a_section_has_sentences() -> None:
    sections = compare(
        load(), protocol(row("DT1", over="30 min"), ('percent = "5"', 'percent = "6"'))
    )
    assert [type(section) for section in sections] == [Section, Section]
    assert [section.title for section in sections] == ["Doses", "Limits"]
    assert all(section.changes for section in sections)
