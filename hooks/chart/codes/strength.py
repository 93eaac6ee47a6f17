"""Strength: how much magnesium sulfate a mL of a product holds, where its name leaves no doubt.

A volume is turned into grams only by a strength that is certain: one concentration, wherever it is
written, and no volume beside it that might be what it is diluted in. The percent of a diluent is no
strength of magnesium.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import any_of, folded
from hooks.chart.fact import Fact

#: Nothing that is ordered has more digits.
_DIGITS: Final = r"\d{1,9}(?:\.\d{1,9})?"
#: The end of a range, or of `1-5 GM/100ML-%`, tells nobody what is in what.
_NUMBER: Final = rf"(?<![\d.,])(?<!\d-)({_DIGITS})"
_PER_ML: Final = re.compile(
    rf"{_NUMBER}\s*(mg|g|gm|grams?)\s*(?:/|\bin\b|\bper\b)\s*({_DIGITS})?\s*ml\b(?!\s*/)",
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(rf"{_NUMBER}\s*%")
#: An amount that is in no concentration: the dose, or all that a bag holds.
_AMOUNT: Final = re.compile(rf"{_NUMBER}\s*(mg|g|gm|grams?)\b(?!\s*/)", re.IGNORECASE)
_CONTAINER: Final = re.compile(rf"\s*{_NUMBER}\s*ml\b(?!\s*/)", re.IGNORECASE)
#: The same anywhere, before what it is filled in: `50% injection 10 mL vial`.
_PACKED: Final = re.compile(
    rf"{_NUMBER}\s*ml\s{{0,3}}{timing_words(Says.PACKED)}(?!\w)", re.IGNORECASE
)
#: Numbers as people write them, with a comma for thousands or for a decimal point.
_SPOKEN: Final = r"(?<![\d.,])(\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,9})?|\d{1,9}(?:[.,]\d{1,9})?)"
#: A volume; what is given in an hour is none.
_VOLUME: Final = re.compile(
    rf"{_SPOKEN}(?:\s*|-)(mls?|cc|millilit(?:er|re)s?|l|lit(?:er|re)s?)\b(?!\s?(?:/|per\b)\s?h)",
    re.IGNORECASE,
)
_MASS: Final = re.compile(rf"{_SPOKEN}\s*(mg|g|gms?|grms?|grams?)\b", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
#: A stop, a blank or a stroke may be one of thousands: `4.000 mg` is 4 g or 4 mg.
_GROUPED: Final = re.compile(
    r"(?<![\w.,])[1-9]\d{0,2}(?:[.' \u2019]\d{3})+(?!\d)\s*(?:mg|ml)\b", re.IGNORECASE
)
#: Whatever else speaks of a volume or a strength: then nobody can tell what is in what.
_LEFT_OVER: Final = re.compile(r"\d\s*ml\b|/\s*ml\b|\bper\s+ml\b|%|percent", re.IGNORECASE)


class Strength(Fact, frozen=True):
    """mg of magnesium sulfate heptahydrate per mL, and the mL of a container where they are known.

    `ready` is what may run into a vein as it is: of a vial nobody knows what its mL are mixed in.
    `amounts` are the g that the name states beside its strength.
    """

    mg_per_ml: Decimal
    ml: Decimal | None
    ready: bool
    amounts: frozenset[Decimal] = frozenset()

    def grams(self, ml: Decimal) -> Decimal | None:
        """The dose in a volume; None if the volume may be that of a mixture, or if the name states
        another amount."""
        held = self.ready if self.ml is None else ml <= self.ml
        dose = ml * self.mg_per_ml / 1000
        return dose if held and self.amounts <= {dose, self._of_container} else None

    @property
    def _of_container(self) -> Decimal | None:
        return None if self.ml is None else self.ml * self.mg_per_ml / 1000

    @property
    def running(self) -> "Strength | None":
        """The strength of what runs by the hour: of any number of containers, and of any dose."""
        return Strength(self.mg_per_ml, None, True) if self.ready else None


class Written(Fact, frozen=True):
    """What one text says of strength: concentrations, containers, amounts in g, whether it tells
    what the drug is diluted in, and whether it is confusing."""

    concentrations: frozenset[Decimal] = frozenset()
    containers: frozenset[Decimal] = frozenset()
    amounts: frozenset[Decimal] = frozenset()
    diluted: bool = False
    confusing: bool = False


class Strengths:
    """Reads strengths; `products` are those that codes stand for.

    `solutions` are the names of what a percent beside them belongs to, `undiluted` is the highest
    concentration in mg/mL that may run into a vein.
    """

    def __init__(
        self, products: Mapping[str, Written], solutions: Iterable[str], undiluted: Decimal
    ) -> None:
        self._products = products
        # Strengths are read from texts as they came: with marks and hyphens, or without them.
        names = {spelled for name in solutions for spelled in (name, folded(name))}
        name = rf"(?<!\w){any_of(names)}"
        percent = r"(?<![\d.,])\d[\d.,]*\s?%"
        # On either side: `NaCl 0.9 %`, `5% dextrose`, `D5-0.45% NaCl`.
        self._diluted = re.compile(
            rf"{name}[\s(,:-]{{0,3}}{percent}|{percent}[\s),:-]{{0,3}}{name}", re.IGNORECASE
        )
        self._undiluted = undiluted

    def certain(self, codes: Iterable[str], texts: Iterable[str]) -> Strength | None:
        """The one strength that codes and texts agree on; None if there is any doubt."""
        known = [self._products[code] for code in codes if code in self._products]
        said = (*known, *map(self._read, texts))
        if any(each.confusing for each in said):
            return None
        concentrations = frozenset().union(*(each.concentrations for each in said))
        containers = frozenset().union(*(each.containers for each in said))
        if len(concentrations) != 1 or len(containers) > 1:
            return None
        (mg_per_ml,) = concentrations
        if mg_per_ml <= 0:
            return None
        amounts = frozenset().union(*(each.amounts for each in said))
        # What runs of a vial that is diluted is the mixture; a code stands for the whole bag.
        is_bag = any(each.concentrations for each in known) or not any(
            each.diluted for each in said
        )
        ready = mg_per_ml <= self._undiluted and is_bag
        return Strength(mg_per_ml, next(iter(containers), None), ready, amounts)

    def is_weak(self, text: str, ml: Decimal, mg_per_ml: Decimal) -> bool:
        """Whether a text states a volume of so many mL, and less magnesium in it than that."""
        largest = largest_volume(text)
        if not largest or largest < ml:
            return False
        said = self._diluted.sub(" ", text)
        held = [
            _milligrams(_spoken(number), unit) / largest for number, unit in _MASS.findall(said)
        ]
        held += self._read(text).concentrations
        return max(held, default=Decimal(0)) < mg_per_ml

    def _read(self, text: str) -> Written:
        """Every strength in a text: `40 MG/ML`, `2 g/50 mL`, `50 %`, behind a container of `50 ML`
        or before one that is named, `10 ml ampoules`.

        Beside a diluent's percent only what is in a known volume is certain: another percent, or
        what one mL holds, may be that of the vial before it was diluted. A percent and a mere
        amount do not tell which of the two the bag was made by.
        """
        if _GROUPED.search(text):
            return Written(confusing=True)
        concentrations, containers = set(), set()
        text, diluted = self._diluted.subn(" ", text) if "%" in text else (text, 0)
        for number, unit, volume in _PER_ML.findall(text):
            ml = Decimal(volume or 1)
            if not ml or (diluted and ml == 1):
                return Written(confusing=True)
            concentrations.add(_milligrams(number, unit) / ml)
            if ml > 1:
                containers.add(ml)
        percents = _PERCENT.findall(text)
        concentrations |= {Decimal(number) * 10 for number in percents}
        rest = _PERCENT.sub(" ", _PER_ML.sub(" ", text))
        held = _CONTAINER.match(rest) or _PACKED.search(rest)
        if held is not None:
            containers.add(Decimal(held[1]))
            rest = rest[: held.start()] + rest[held.end() :]
        amounts = frozenset(_milligrams(*amount) / 1000 for amount in _AMOUNT.findall(rest))
        unsure = bool(percents) and (bool(diluted) or bool(amounts and not containers))
        return Written(
            frozenset(concentrations),
            frozenset(containers),
            amounts,
            bool(diluted),
            unsure or bool(_LEFT_OVER.search(rest)),
        )


def largest_volume(text: str) -> Decimal:
    """The largest volume that a text states, in mL; zero if it states none."""
    volumes = [
        _spoken(number) * (1000 if unit.lower().startswith("l") else 1)
        for number, unit in _VOLUME.findall(text)
    ]
    return max(volumes, default=Decimal(0))


def _spoken(number: str) -> Decimal:
    """A number whose comma is one of thousands where it may be."""
    if _THOUSANDS.fullmatch(number):
        return Decimal(number.replace(",", ""))
    whole, *parts = number.split(",")
    return Decimal(f"{whole}.{parts[0]}" if parts else whole)


def _milligrams(number: str | Decimal, unit: str) -> Decimal:
    return Decimal(number) * (1 if unit.lower() == "mg" else 1000)
