"""The bands of a protocol as a drawing: where each begins and ends on a line, in three units."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from hooks.chart.units import FACTORS, Analyte, Unit
from hooks.protocol import Protocol
from hooks.protocol.quantity import Quantity
from hooks.protocol.scale import digits

UNITS: Final = (Unit.MG_DL, Unit.MMOL_L, Unit.MEQ_L)
WIDTH: Final = 1000
#: The same drawing on end, where a page is narrow.
HEIGHT: Final = 420
#: How much of the line lies outside the outermost limits, as a share of what lies between them.
_MARGIN: Final = Decimal("0.2")
_PLACES: Final = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """One band on the line, in drawing units from the left."""

    band: str
    start: float
    width: float

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return self.start + self.width / 2


@dataclass(frozen=True, slots=True)
class Mark:
    """One limit on the line, written in every unit; `written` is the unit of the file."""

    at: float
    numbers: Mapping[str, str]
    written: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The whole drawing."""

    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]


def draw(protocol: Protocol) -> Scale:
    """The bands from low to high on a line that is even in mg/dL."""
    limits = [band.upper for band in protocol.bands if band.upper is not None]
    first, last = limits[0].value, limits[-1].value
    start = max(Decimal(0), first - (last - first) * _MARGIN)
    length = last + (last - first) * _MARGIN - start
    places = [float((limit.value - start) / length * WIDTH) for limit in limits]
    return Scale(
        tuple(
            Stretch(band.id, left, right - left)
            for band, (left, right) in zip(
                protocol.bands, pairwise([0.0, *places, float(WIDTH)]), strict=True
            )
        ),
        tuple(_mark(limit, at) for limit, at in zip(limits, places, strict=True)),
    )


def _mark(limit: Quantity, at: float) -> Mark:
    number, _, written = limit.written.partition(" ")
    numbers = {
        str(unit): number
        if unit == written
        else digits(round(limit.value / FACTORS[Analyte.MAGNESIUM][unit], _PLACES))
        for unit in UNITS
    }
    return Mark(at, numbers, written)
