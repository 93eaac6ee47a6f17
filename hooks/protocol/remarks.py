"""What a protocol file is allowed to say and its owner should look at: remarks, no mistakes."""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from hooks.lines import Path
from hooks.protocol.bounds import Problem
from hooks.protocol.document import Document
from hooks.protocol.model import Row
from hooks.protocol.template import literal

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


def remarks(document: Document) -> Iterator[Problem]:
    """What to look at: where it stands, and why, in a sentence."""
    yield from _amounts(document)
    yield from _reductions(document)


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
    for index, row in enumerate(document.rows):
        other = standard.get(row.band)
        if row.tier == "reduced" and other is not None and _is_the_same(row, other):
            yield (
                ("rows", index, "dose"),
                f"{row.dose} over {row.over} is no less and no slower than in row {other.id}, and"
                " the cards call it reduced",
            )


def _is_the_same(row: Row, other: Row) -> bool:
    if row.dosing is None or other.dosing is None:
        return False
    less = row.dosing.dose.value < other.dosing.dose.value
    return not less and not other.dosing.rate.exceeds(row.dosing.rate)
