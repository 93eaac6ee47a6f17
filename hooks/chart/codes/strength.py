"""Strength: how much magnesium sulfate a mL of a product holds, where its name leaves no doubt.

A volume is turned into grams only by a strength that is certain: one concentration, wherever it is
written, and no volume beside it that might be what it is diluted in.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from hooks.chart.fact import Fact

_NUMBER: Final = r"(?<![\d.,])(\d+(?:\.\d+)?)"
_PER_ML: Final = re.compile(
    rf"{_NUMBER}\s*(mg|g|gm|grams?)\s*(?:/|\bin\b|\bper\b)\s*(\d+(?:\.\d+)?)?\s*ml\b(?!\s*/)",
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(rf"{_NUMBER}\s*%")
_CONTAINER: Final = re.compile(rf"\s*{_NUMBER}\s*ml\b(?!\s*/)", re.IGNORECASE)
#: Whatever else speaks of a volume or a strength: then nobody can tell what is in what.
_LEFT_OVER: Final = re.compile(r"\d\s*ml\b|/\s*ml\b|\bper\s+ml\b|%|percent", re.IGNORECASE)


class Strength(Fact, frozen=True):
    """mg of magnesium sulfate heptahydrate per mL, and the mL of a container where they are known.

    `ready` is what may run into a vein as it is: of a vial nobody knows what its mL are mixed in.
    """

    mg_per_ml: Decimal
    ml: Decimal | None
    ready: bool

    def grams(self, ml: Decimal) -> Decimal | None:
        """The dose in a volume; None if the volume may be that of a mixture."""
        held = self.ready if self.ml is None else ml <= self.ml
        return ml * self.mg_per_ml / 1000 if held else None


class Written(Fact, frozen=True):
    """What one text says of strength: concentrations, containers, and whether it is confusing."""

    concentrations: frozenset[Decimal]
    containers: frozenset[Decimal]
    confusing: bool


def read(text: str) -> Written:
    """Every strength in a text: `40 MG/ML`, `2 g/50 mL`, `50 %`, behind a container of `50 ML`."""
    concentrations, containers = set(), set()
    for number, unit, volume in _PER_ML.findall(text):
        ml = Decimal(volume or 1)
        if not ml:
            return Written(frozenset(), frozenset(), confusing=True)
        milligrams = Decimal(number) * (1 if unit.lower() == "mg" else 1000)
        concentrations.add(milligrams / ml)
        if ml > 1:
            containers.add(ml)
    concentrations |= {Decimal(number) * 10 for number in _PERCENT.findall(text)}
    rest = _PERCENT.sub(" ", _PER_ML.sub(" ", text))
    held = _CONTAINER.match(rest)
    if held is not None:
        containers.add(Decimal(held[1]))
        rest = rest[held.end() :]
    return Written(frozenset(concentrations), frozenset(containers), bool(_LEFT_OVER.search(rest)))


def certain(known: Written, texts: Iterable[str], undiluted: Decimal) -> Strength | None:
    """The one strength that code (`known`) and texts agree on; None if there is any doubt.

    `undiluted` is the highest concentration in mg/mL that may run into a vein.
    """
    said = (known, *(read(text) for text in texts))
    if any(each.confusing for each in said):
        return None
    concentrations = frozenset().union(*(each.concentrations for each in said))
    containers = frozenset().union(*(each.containers for each in said))
    if len(concentrations) != 1 or len(containers) > 1:
        return None
    (mg_per_ml,) = concentrations
    if mg_per_ml <= 0:
        return None
    return Strength(mg_per_ml, next(iter(containers), None), mg_per_ml <= undiluted)
