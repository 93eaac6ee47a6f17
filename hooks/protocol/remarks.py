"""What a protocol file is allowed to say and its owner should look at: remarks, no mistakes."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from hooks.lines import Path
from hooks.protocol.blanks import CARDS, filled
from hooks.protocol.bounds import Problem
from hooks.protocol.document import Document
from hooks.protocol.model import Dosing
from hooks.protocol.template import literal, names_in

_UNITS: Final = (
    *("mg/dL", "mmol/L", "mEq/L", "mg/min", "mL/min", "mg/h", "mL/h", "g/min", "g/h", "g/day"),
    *("grams?", "g", "mg", "mmol", "mEq", "mL", "ms", "kg"),
    *("minutes?", "min", "hours?", "hrs?", "h", "days?", "d", "weeks?"),
)
_NUMBER: Final = r"\d{1,9}(?:[.,]\d{1,9})?"
#: An amount or a time with its unit: `20 minutes`, `4-8 g`, `1.5 mg/dL`.
_AMOUNT: Final = re.compile(
    rf"(?<![\w.]){_NUMBER}(?: ?(?:-|\N{{EN DASH}}|to) ?{_NUMBER})?"
    rf"[ -]?(?:{'|'.join(_UNITS)})(?![\w/])"
)
#: What a clinician does not read, or reads as a name; `beyond` answers for a number beside it.
_UNREAD: Final = frozenset(
    {
        *("protocol", "sources", "origins", "products", "labs", "route"),
        *("id", "code", "system", "product", "source", "beyond", "above_label", "quotes"),
    }
)
_ABOUT_A_DOSE: Final = frozenset({"dose", "ordered"})
#: The names by which a card tells what keeps the patient safe, on which cards, and what is lost
#: without them.
_SAFETY: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "findings": (
        CARDS - {"emergency", "obstetric"},
        "what was found in this patient, warnings included",
    ),
    "monitoring": (_ABOUT_A_DOSE, "what to watch while the dose runs"),
    "review": (CARDS, "whether anybody has approved the protocol, and that a clinician decides"),
}


def remarks(document: Document) -> Iterator[Problem]:
    """What to look at: where it stands, and why, in a sentence."""
    yield from _amounts(document)
    yield from _reductions(document)
    yield from _options(document)
    yield from _order_of_bands(document)
    yield from _target(document)
    yield from _safety(document)
    yield from _blanks(document)


def _amounts(document: Document) -> Iterator[Problem]:
    """Amounts that stand in a sentence as numbers: no change of a dose or limit reaches them."""
    quoted: dict[Path, tuple[str, ...]] = {
        ("rows", index): row.quotes for index, row in enumerate(document.rows)
    }
    for path, sentence in _sentences(document, ()):
        allowed = quoted.get(path[:2], ()) if path[0] == "rows" else ()
        for amount in dict.fromkeys(_AMOUNT.findall(literal(sentence))):
            if amount not in allowed:
                yield (
                    path,
                    f"{amount} stands in the sentence as a number, which stays when the protocol's"
                    " own changes; write the {name} of what it repeats"
                    + (", or list it in `quotes` if others say it" if path[0] == "rows" else ""),
                )


def _sentences(part: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text of the file that a card may carry."""
    match part:
        case BaseModel():
            for name, field in type(part).model_fields.items():
                if name not in _UNREAD:
                    yield from _sentences(getattr(part, name), (*path, field.alias or name))
        case dict():
            for name, member in part.items():
                yield from _sentences(member, (*path, str(name)))
        case tuple():
            for index, member in enumerate(part):
                yield from _sentences(member, (*path, index))
        case str():
            yield path, part


def _reductions(document: Document) -> Iterator[Problem]:
    """A reduced dose that is none: the cards call it reduced all the same."""
    standard = {row.band: row for row in document.rows if row.tier == "standard"}
    tier = {row.id: row for row in document.rows if row.tier == "reduced"}
    for place, name, dosing in document.dosings():
        other = standard.get(tier[name].band) if name in tier else None
        if other is None or other.dosing is None:
            continue
        if dosing.dose.value >= other.dosing.dose.value:
            yield (
                (*place, "dose"),
                f"{dosing.dose} is no less than in row {other.id}, and the cards call it a reduced"
                " dose",
            )


def _options(document: Document) -> Iterator[Problem]:
    """Options that are offered beside the same dose, or beside a slower one as the slower way."""
    for index, row in enumerate(document.rows):
        if row.dosing is None:
            continue
        offered: list[tuple[str, Dosing]] = [("the row", row.dosing)]
        for number, option in enumerate(row.options):
            place: Path = ("rows", index, "options", number)
            same = next((name for name, other in offered if _is_the_same(option, other)), None)
            if same is not None:
                yield (
                    place,
                    f"{option.dose} over {option.over} is the dose of {same} too: the card offers"
                    " it twice",
                )
            elif option.rate.exceeds(row.dosing.rate):
                yield (
                    (*place, "over"),
                    f"{option.rate} is faster than the row's {row.dosing.rate}, which is suggested"
                    f' first; the option is offered "{option.when}"',
                )
            offered.append((f"option {option.id}", option))


def _is_the_same(one: Dosing, other: Dosing) -> bool:
    return one.dose.value == other.dose.value and one.over.value == other.over.value


def _order_of_bands(document: Document) -> Iterator[Problem]:
    """A severe level that is treated less than a moderate one with the same kidneys."""
    moderate = {row.tier: row for row in document.rows if row.band == "moderate"}
    for index, row in enumerate(document.rows):
        other = moderate.get(row.tier) if row.band == "severe" else None
        if row.dosing is None or other is None or other.dosing is None:
            continue
        severe, less = row.dosing, other.dosing
        if severe.dose.value < less.dose.value:
            yield (
                ("rows", index, "dose"),
                f"{severe.dose} for the severe band is less than the {less.dose} of row"
                f" {other.id} for the moderate one",
            )
        if less.rate.exceeds(severe.rate):
            yield (
                ("rows", index, "over"),
                f"{severe.rate} for the severe band is slower than {less.rate} of row {other.id}"
                " for the moderate one",
            )


def _target(document: Document) -> Iterator[Problem]:
    """A target that a level with a dose lies above, or that an additional dose is given above."""
    above, redose = document.target.above.value, document.target.redose_below.value
    dosed = {row.band for row in document.rows if row.dosing is not None}
    ends = [(band.upper, band.id) for band in document.bands if band.id in dosed and band.upper]
    highest, name = max(ends, key=lambda end: end[0].value, default=(above, ""))
    if above.value < highest.value:
        yield (
            ("target", "above"),
            f"{above} is below {highest}, where the {name} band ends: the cards suggest a dose to"
            " patients who are above the target already",
        )
    if redose.value > above.value:
        yield (
            ("target", "redose_below"),
            f"{redose} is above the target, {above}: the cards suggest an additional dose to"
            " patients who have reached it",
        )


def _safety(document: Document) -> Iterator[Problem]:
    """Lines that a card should not be without."""
    for name, field in type(document.cards).model_fields.items():
        card, detail = field.alias or name, getattr(document.cards, name).detail
        for word, (cards, loss) in _SAFETY.items():
            if card in cards and word not in names_in(detail):
                yield (
                    ("cards", card, "detail"),
                    f"{{{word}}} is not in it: the card does not say {loss}",
                )


def _blanks(document: Document) -> Iterator[Problem]:
    """Names that nothing fills where they stand: a hole in the sentence, or a line that is lost."""
    for path, sentence in _sentences(document, ()):
        try:
            names = names_in(sentence)
        except ValueError:
            continue
        known = filled(document, path)
        loss = ", so no card shows its line" if path[-1] == "detail" else ""
        for name in dict.fromkeys(names):
            if name not in known:
                yield path, f"nothing fills {{{name}}} here{loss}"
