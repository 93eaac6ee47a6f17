"""The values of one quantity in classes, and which of them change their class.

A protocol says "below 1.5 mg/dL: moderate"; a committee asks "who is treated differently?". The
answer is a range of values: 1.45 to below 1.50 mg/dL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from hooks.protocol.quantity import Quantity

_MOST_DECIMALS: Final = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one class of values ends and the next begins; `after`: the value is still below."""

    value: Decimal
    after: bool
    written: str

    @property
    def place(self) -> tuple[Decimal, bool]:
        """Where it stands among others."""
        return self.value, self.after


def before(limit: Quantity) -> Cut:
    """A limit whose value belongs to what lies above it."""
    return Cut(limit.value, False, limit.written)


def behind(limit: Quantity) -> Cut:
    """A limit whose value belongs to what lies below it."""
    return Cut(limit.value, True, limit.written)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of one quantity in classes: one more class than cuts, both from low to high."""

    what: str
    unit: str
    cuts: tuple[Cut, ...]
    classes: tuple[str, ...]

    def above(self, cut: Cut | None) -> str:
        """The class of the values just above a cut; None: of the lowest."""
        if cut is None:
            return self.classes[0]
        return self.classes[sum(own.place <= cut.place for own in self.cuts)]


@dataclass(frozen=True, slots=True)
class Move:
    """A range of values, in words, that goes from one class to another."""

    values: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.values}: {self.was} becomes {self.now}"


def moves(old: Scale, new: Scale) -> Iterator[Move]:
    """The ranges whose class changes, from low to high."""
    cuts = {cut.place: cut for cut in (*new.cuts, *old.cuts)}
    ends = (None, *(cuts[place] for place in sorted(cuts)), None)
    for lower, upper in pairwise(ends):
        was, now = old.above(lower), new.above(lower)
        if was != now:
            yield Move(f"{old.what} {_range(lower, upper, old.unit)}", was, now)


def short(value: Decimal) -> str:
    """A number for reading: rounded to three significant digits, but never before the point."""
    places = max(0, 2 - value.adjusted())
    return digits(round(value, places))


def digits(value: Decimal) -> str:
    """An exact number without exponent and without needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _range(lower: Cut | None, upper: Cut | None, unit: str) -> str:
    """A range in words: `1.45 to below 1.50 mg/dL`, `above 2.6 mg/dL`, `exactly 1.5 mg/dL`."""
    if upper is None:
        if lower is None:
            return f"of any {unit}"
        beyond = "above" if lower.after else "from"
        return f"{beyond} {_with_unit(lower, digits(lower.value), unit)}"
    end = digits(upper.value)
    until = "" if upper.after else "below "
    if lower is None:
        return f"{until or 'up to '}{_with_unit(upper, end, unit)}"
    if lower.value == upper.value:
        return f"exactly {_with_unit(upper, end, unit)}"
    start, end = _evened(digits(lower.value), end)
    since = "above " if lower.after else ""
    return f"{since}{start}{_otherwise(lower, unit)} to {until}{_with_unit(upper, end, unit)}"


def _evened(start: str, end: str) -> tuple[str, str]:
    """Two numbers with the same count of decimals, as long as that is not many: 1.45, 1.50."""
    places = max(len(number.partition(".")[2]) for number in (start, end))
    if places > _MOST_DECIMALS:
        return start, end
    return f"{Decimal(start):.{places}f}", f"{Decimal(end):.{places}f}"


def _with_unit(cut: Cut, number: str, unit: str) -> str:
    return f"{number} {unit}{_otherwise(cut, unit)}"


def _otherwise(cut: Cut, unit: str) -> str:
    """How the file writes the limit, if in another unit."""
    return "" if cut.written.endswith(f" {unit}") else f" ({cut.written})"
