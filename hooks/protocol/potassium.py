"""Potassium: low, very low, or sufficient (M1, M3)."""

from typing import Literal

from hooks.chart.chart import Comparator, Measurement
from hooks.protocol.protocol import Protocol

PotassiumLevel = Literal["very-low", "low", "sufficient"]


def potassium_level(potassium: Measurement, protocol: Protocol) -> PotassiumLevel | None:
    """Whether potassium is low; None if only a limit is known and it leaves both open."""
    limits = protocol.document.potassium
    low, very_low = limits.low_below.value.value, limits.very_low_below.value.value
    value = potassium.value
    match potassium.comparator:
        case None:
            if value < very_low:
                return "very-low"
            return "low" if value < low else "sufficient"
        case Comparator.BELOW:
            if value <= very_low:
                return "very-low"
            return "low" if value <= low else None
        case Comparator.AT_MOST:
            if value < very_low:
                return "very-low"
            return "low" if value < low else None
        case Comparator.AT_LEAST | Comparator.ABOVE:
            return "sufficient" if value >= low else None
