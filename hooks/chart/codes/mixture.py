"""Mixtures: names that list several ingredients, as RxNorm writes them: `a 1 MG / b 2 MG`."""

import re
from typing import Final

_DILUENT: Final = re.compile(
    r"(?:d5w|d10w|dextrose|glucose|ns|saline|sodium chloride|sterile water|water)\b", re.IGNORECASE
)
#: What stands between two ingredients of a name with single blanks.
BETWEEN: Final = " / "


def is_diluent(text: str) -> bool:
    """Whether a text names what a drug is diluted in."""
    return _DILUENT.match(text) is not None


def ingredients(text: str) -> tuple[str, ...]:
    """The ingredients that a name with single blanks lists; none if it lists fewer than two.

    What magnesium is diluted in is no second ingredient.
    """
    if BETWEEN not in text:
        return ()
    parts = [part for part in text.split(BETWEEN) if part[:1].isalpha()]
    named = tuple(part for part in parts if not is_diluent(part))
    return named if len(named) > 1 else ()
