"""A laboratory result in words: its value and unit, what that is in the other unit, its time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from hooks.cards.number import rounded
from hooks.cards.words.moment import Moments
from hooks.chart.chart import Measurement
from hooks.chart.units import FACTORS, MAGNESIUM_MOLAR, Analyte, Unit
from hooks.protocol.protocol import Protocol

_MOST_DECIMALS: Final = 4


class Results(Struct, frozen=True):
    """Tells results so that no rounded value seems to lie beyond a limit of the protocol."""

    protocol: Protocol
    moments: Moments

    def level(self, result: Measurement) -> str:
        """A value as the laboratory reported it; magnesium of another unit in mg/dL beside it."""
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is not Unit.MG_DL:
            return f"{self._reported(result)}{self._converted(result)}"
        return self._reported(result)

    def row(self, results: Sequence[Measurement]) -> list[str]:
        """Values of magnesium to compare: in their own unit if it is the same, else in mg/dL."""
        alike = len({result.reported_unit for result in results}) == 1
        return list(map(self._reported if alike else self._canonical, results))

    def line(self, result: Measurement) -> str:
        """A value as it was reported and converted, its status and its time."""
        value = f"{self._reported(result)}{self._converted(result)}"
        return f"{value}, {result.status}, {self.moments.told(result.time)}"

    def _reported(self, result: Measurement) -> str:
        value = result.reported_value
        shown = f"{value:f}"
        if -int(value.as_tuple().exponent) > _MOST_DECIMALS:
            factor = FACTORS[result.analyte][result.reported_unit]
            limits = tuple([limit / factor for limit in self._limits(result.analyte)])
            shown = rounded(value, _MOST_DECIMALS, limits)
        return f"{result.comparator or ''}{shown} {result.reported_unit}"

    def _canonical(self, result: Measurement) -> str:
        """Magnesium or creatinine in mg/dL, with digits enough to stay in its band."""
        if result.reported_unit is Unit.MG_DL:
            return self._reported(result)
        limits = self.protocol.limits if result.analyte is Analyte.MAGNESIUM else ()
        return f"{result.comparator or ''}{rounded(result.value, 2, limits)} mg/dL"

    def _limits(self, analyte: Analyte) -> tuple[Decimal, ...]:
        """The limits that a value of the analyte must not seem to cross."""
        if analyte is Analyte.POTASSIUM:
            limits = self.protocol.document.potassium
            return limits.low_below.value.value, limits.very_low_below.value.value
        return self.protocol.limits if analyte is Analyte.MAGNESIUM else ()

    def _converted(self, result: Measurement) -> str:
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is Unit.MG_DL:
            molar = rounded(result.value / MAGNESIUM_MOLAR, 3, self.protocol.molar_limits)
            return f" ({result.comparator or ''}{molar} mmol/L)"
        if result.reported_unit is Unit.MG_DL or result.analyte is Analyte.POTASSIUM:
            return ""
        return f" ({self._canonical(result)})"
