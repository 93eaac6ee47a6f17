"""Numbers as a clinician reads them."""

from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

_MOST_PLACES: Final = 10
_PLACES: Final = [Decimal(1).scaleb(-digits) for digits in range(_MOST_PLACES)]


def rounded(value: Decimal, places: int, limits: Collection[Decimal] = ()) -> str:
    """A number rounded for reading, with more digits where rounding would cross a limit.

    A level that decides one way must not read as if it decided another.
    """
    for digits in range(places, places + 6):
        shown = value.quantize(_PLACES[digits], rounding=ROUND_HALF_EVEN)
        if shown == value or not _crosses(value, shown, limits):
            return f"{shown:f}"
    return f"{value:f}"


def _crosses(value: Decimal, shown: Decimal, limits: Collection[Decimal]) -> bool:
    """Whether a value that is rounded reads as if it were on, or beyond, one of the limits."""
    for limit in limits:
        if (shown <= limit) if value > limit else (shown >= limit and value != limit):
            return True
    return False


def tenths(value: Decimal, limits: Collection[Decimal] = ()) -> str:
    """A number rounded to tenths, without a tenth that is none: `16.7`, `50`."""
    return rounded(value, 1, limits).removesuffix(".0")
