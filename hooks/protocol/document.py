"""A whole protocol file.

One that breaks a rule is refused as a whole; `hooks.protocol.load` names the lines.
"""

from collections.abc import Iterator

from pydantic import Field, field_validator

from hooks.protocol.limits import (
    DoseTolerance,
    Extreme,
    Plausible,
    PotassiumLimits,
    Qtc,
    Rates,
    Recheck,
    Renal,
    Target,
    Windows,
)
from hooks.protocol.model import Band, Coding, Dosing, Gate, Head, Labs, Product, Route, Row, Scope
from hooks.protocol.part import Part, Text
from hooks.protocol.wording import Cards, FindingText, Offers, OrderTexts, Words


class Origin(Part):
    """Where the sources come from whose codes begin with the same letters; `0-9` is a number.

    `cited`: each of them is a publication.
    """

    begins: tuple[Text, ...] = Field(min_length=1)
    title: Text
    text: Text
    cited: bool = False


class Document(Part):
    """A whole protocol file."""

    protocol: Head
    scope: Scope
    bands: tuple[Band, ...]
    renal: Renal
    windows: Windows
    plausible: Plausible
    extreme: Extreme
    potassium: PotassiumLimits
    qtc: Qtc
    target: Target
    rate: Rates
    dose_tolerance: DoseTolerance
    products: tuple[Product, ...]
    route: Route
    labs: Labs
    recheck: Recheck
    rows: tuple[Row, ...]
    gates: tuple[Gate, ...]
    cards: Cards
    findings: dict[str, FindingText]
    silence: dict[str, Text]
    offers: Offers
    orders: OrderTexts
    override_reasons: tuple[Coding, ...]
    words: Words
    origins: tuple[Origin, ...] = ()
    sources: dict[str, Text]

    @field_validator("override_reasons")
    @classmethod
    def _has_reasons(cls, reasons: tuple[Coding, ...]) -> tuple[Coding, ...]:
        if not reasons:
            raise ValueError("a card without override reasons teaches nobody anything")
        return reasons

    def dosings(self) -> Iterator[tuple[tuple[str | int, ...], str, Dosing]]:
        """Every dose that can be suggested: where it stands in the file, its row, and itself."""
        for index, row in enumerate(self.rows):
            if row.dosing is not None:
                yield ("rows", index), row.id, row.dosing
            for number, option in enumerate(row.options):
                yield ("rows", index, "options", number), row.id, option
