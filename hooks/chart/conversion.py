"""Conversion: what the amounts and rates of an order are in magnesium sulfate heptahydrate."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from hooks.chart.codes.strength import Strength
from hooks.chart.concept import object_of
from hooks.chart.fact import Fact
from hooks.chart.quantity import MINUTES, unit_of
from hooks.chart.units import read_number


class Conversion(Fact, frozen=True):
    """What a unit of amount is worth: mEq and mmol of heptahydrate per g, a mL of the product.

    Where `of_element` is said, a mass is that of the element and no mass of the sulfate; mEq and
    mmol are the same of both.
    """

    meq_per_g: Decimal
    mmol_per_g: Decimal
    strength: Strength | None
    of_element: bool = False

    def amount(self, quantity: Mapping[str, Any]) -> Decimal | None:
        """A quantity in g; None for what is no amount above nothing in a unit of a known worth."""
        number = read_number(quantity.get("value"))
        if number is None or number <= 0 or quantity.get("comparator") is not None:
            return None
        unit = unit_of(quantity)
        return None if unit is None else self._grams(number, unit)

    def rate(self, dose: Mapping[str, Any]) -> Decimal | None:
        """mg per minute from a rateRatio, a rateQuantity, or the upper end of a rateRange.

        What runs by the hour is the mixture: only of a product that needs none it tells the dose,
        and then of any number of containers.
        """
        ratio = object_of(dose.get("rateRatio"))
        between = object_of(dose.get("rateRange"))
        quantity = object_of(dose.get("rateQuantity") or between.get("high"))
        if not (ratio or quantity):
            return None
        strength = self.strength.running if self.strength is not None else None
        running = replace(self, strength=strength)
        if ratio:
            return running._by_ratio(ratio)
        number, unit = read_number(quantity.get("value")), unit_of(quantity)
        if number is None or number <= 0 or unit is None or unit.count("/") != 1:
            return None
        amount, time = unit.split("/")
        grams, factor = running._grams(number, amount), MINUTES.get(time)
        return None if grams is None or factor is None else grams * 1000 / factor

    def _by_ratio(self, ratio: Mapping[str, Any]) -> Decimal | None:
        grams = self.amount(object_of(ratio.get("numerator")))
        below = object_of(ratio.get("denominator"))
        number, unit = read_number(below.get("value")), unit_of(below)
        factor = MINUTES.get(unit) if unit else None
        if grams is None or number is None or number <= 0 or factor is None:
            return None
        return grams * 1000 / (number * factor)

    def _grams(self, number: Decimal, unit: str) -> Decimal | None:
        match unit:
            case "g" | "mg" | "ml" if self.of_element:
                return None
            case "g":
                return number
            case "mg":
                return number / 1000
            case "meq":
                return number / self.meq_per_g
            case "mmol":
                return number / self.mmol_per_g
            case "ml" if self.strength is not None:
                return self.strength.grams(number)
            case _:
                return None
