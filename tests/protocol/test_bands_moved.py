"""Whatever a site does to the bands, exactly the levels that change their band are named."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hooks.protocol import Protocol, load
from hooks.protocol.difference import compare
from hooks.protocol.model import Band

DOCUMENT: Final = load().document
BANDS: Final = ("severe", "moderate", "mild", "normal", "high")
NUMBER: Final = r"(\d+(?:\.\d+)?)"
SENTENCE: Final = re.compile(r"magnesium (?P<values>.*?) mg/dL: (?P<was>\w+) becomes (?P<now>\w+)")

levels = st.decimals(min_value="0.50", max_value="3.00", places=2)

#: The four limits between five bands, each with the side to which its own value belongs.
Limits = Sequence[tuple[Decimal, bool]]
limits = st.lists(
    st.tuples(levels, st.booleans()), min_size=4, max_size=4, unique_by=lambda limit: limit[0]
).map(sorted)


def with_bands(found: Limits) -> Protocol:
    bands = []
    for index, name in enumerate(BANDS):
        band = {"id": name, "indicator": "info", "source": ["D"]}
        if index > 0:
            value, belongs_below = found[index - 1]
            band["above" if belongs_below else "from"] = f"{value} mg/dL"
        if index < len(found):
            value, belongs_below = found[index]
            band["to" if belongs_below else "below"] = f"{value} mg/dL"
        bands.append(Band.model_validate(band))
    return Protocol(DOCUMENT.model_copy(update={"bands": tuple(bands)}))


def band_of(level: Decimal, found: Limits) -> str:
    """By counting: a level is one band higher for each limit that lies below it."""
    passed = [level > value or (level == value and not below) for value, below in found]
    return BANDS[sum(passed)]


def holds(values: str, level: Decimal) -> bool:
    """Whether a range in words holds a level, read as a person would read it."""
    if found := re.fullmatch(rf"exactly {NUMBER}", values):
        return level == Decimal(found[1])
    if found := re.fullmatch(rf"(below|up to|above|from) {NUMBER}", values):
        limit = Decimal(found[2])
        return {
            "below": level < limit,
            "up to": level <= limit,
            "above": level > limit,
            "from": level >= limit,
        }[found[1]]
    found = re.fullmatch(rf"(above )?{NUMBER} to (below )?{NUMBER}", values)
    assert found, f"nobody can read this range: {values}"
    lower, upper = Decimal(found[2]), Decimal(found[4])
    return (level > lower if found[1] else level >= lower) and (
        level < upper if found[3] else level <= upper
    )


@given(old=limits, new=limits, levels=st.lists(levels, min_size=1, max_size=8))
def test_the_levels_that_change_their_band_are_named(
    old: Limits, new: Limits, levels: list[Decimal]
) -> None:
    sections = {section.title: section for section in compare(with_bands(old), with_bands(new))}
    sentences = sections["Bands"].changes if "Bands" in sections else ()
    moved = [found for sentence in sentences if (found := SENTENCE.fullmatch(sentence))]
    edges = [value for value, _ in (*old, *new)]
    for level in (*levels, *edges):
        was, now = band_of(level, old), band_of(level, new)
        named = [(found["was"], found["now"]) for found in moved if holds(found["values"], level)]
        expected = [] if was == now else [(was, now)]
        assert named == expected, f"{level} mg/dL goes from {was} to {now}"
