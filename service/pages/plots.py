"""Plots as plain geometry: the templates draw them as SVG inside the page.

A plot is 100 high and as wide as it has columns; the page stretches it, and writes its words beside
it rather than in it, so that they stay readable at any width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

COLUMN = 10
HEIGHT = 100
_GAP = 1.5
_MOST_LABELS = 5
#: What the top of an axis may be, times a power of ten: numbers whose half is a whole number too.
_TOPS = (2, 4, 6, 8, 10, 12, 16, 20)


@dataclass(frozen=True, slots=True)
class Segment:
    """A rectangle of a kind that has its color in the style sheet."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """Segments on top of each other, with the words that a reader gets when pointing at them."""

    words: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """A plot of columns. `ticks` are the numbers on the axis from the top down; `labels` stand
    below the columns, one for each, empty where there is no room for one."""

    width: float
    columns: tuple[Column, ...]
    ticks: tuple[int, ...]
    labels: tuple[str, ...]


def columns(kinds: Sequence[str], stacks: Sequence[tuple[str, str, Sequence[int]]]) -> Columns:
    """A plot of `stacks`: for each a label, words, and one number for each of `kinds`, from the
    bottom up."""
    top = ceiling(max((sum(numbers) for *_, numbers in stacks), default=0))
    drawn = []
    for place, (_, words, numbers) in enumerate(stacks):
        segments = []
        reached = 0
        for kind, number in zip(kinds, numbers, strict=True):
            reached += number
            if number:
                segments.append(
                    Segment(
                        kind,
                        place * COLUMN + _GAP,
                        _fixed(HEIGHT - HEIGHT * reached / top),
                        COLUMN - 2 * _GAP,
                        _fixed(HEIGHT * number / top),
                    )
                )
        drawn.append(Column(words, tuple(segments)))
    return Columns(
        max(1, len(stacks)) * COLUMN,
        tuple(drawn),
        (top, top // 2, 0),
        _spread([label for label, *_ in stacks]),
    )


def bar(parts: Sequence[tuple[str, int]], whole: int) -> tuple[Segment, ...]:
    """A lying bar, 100 wide and 10 high, of which `parts` take their share of `whole`."""
    segments = []
    reached = 0.0
    for kind, number in parts:
        width = _fixed(100 * number / whole) if whole else 0
        if width:
            segments.append(Segment(kind, reached, 0, width, 10))
            reached = _fixed(reached + width)
    return tuple(segments)


def ceiling(number: int) -> int:
    """The top of an axis for numbers up to `number`: even, and easy to read."""
    power = 1
    while True:
        for top in _TOPS:
            if top * power >= number:
                return top * power
        power *= 10


def _spread(labels: Sequence[str]) -> tuple[str, ...]:
    """The first label, the last, and some between them, each in its place."""
    if len(labels) <= _MOST_LABELS:
        return tuple(labels)
    last = len(labels) - 1
    kept = {round(last * place / (_MOST_LABELS - 1)) for place in range(_MOST_LABELS)}
    return tuple(label if place in kept else "" for place, label in enumerate(labels))


def _fixed(number: float) -> float:
    return round(number, 3)
