"""Mixtures: names that list several ingredients, as RxNorm writes them: `a 1 MG / b 2 MG`."""

import re
from collections.abc import Iterable
from typing import Final

from hooks.chart.codes.words import any_of

#: What stands between two ingredients of a name with single blanks.
BETWEEN: Final = " / "


class MixtureNames:
    """Takes the names of mixtures apart; `diluents` is what a drug is diluted in."""

    def __init__(self, diluents: Iterable[str]) -> None:
        self._diluent = re.compile(rf"{any_of(diluents)}\b", re.IGNORECASE)

    def is_diluent(self, text: str) -> bool:
        """Whether a text names what a drug is diluted in."""
        return self._diluent.match(text) is not None

    def ingredients(self, text: str) -> tuple[str, ...]:
        """The ingredients that a name with single blanks lists; none if it lists fewer than two.

        What magnesium is diluted in is no second ingredient.
        """
        if BETWEEN not in text:
            return ()
        parts = [part for part in text.split(BETWEEN) if part[:1].isalpha()]
        named = tuple(part for part in parts if not self.is_diluent(part))
        return named if len(named) > 1 else ()
