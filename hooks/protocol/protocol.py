"""The protocol: bands, doses, windows, gates and wording as data, loaded once, checked at start."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from hooks import lines, mistakes
from hooks.chart.codes import drugs, laboratory
from hooks.chart.codes.drugs import DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.units import MAGNESIUM_MOLAR
from hooks.errors import ENCODING, ProtocolError, unreadable
from hooks.protocol import bounds, rules
from hooks.protocol.bounds import Bounds
from hooks.protocol.document import Document
from hooks.protocol.identity import Identity, identity
from hooks.protocol.model import Band, Gate, Product, Row, Tier
from hooks.protocol.remarks import remarks
from hooks.protocol.template import fill

SHIPPED = "adult_magnesium.toml"
#: What is said of a file that was changed and not renamed.
BORROWED = (
    "this file differs from the shipped protocol and has its id and version: give it your own"
)


@dataclass(frozen=True)
class Protocol:
    """A checked protocol file, with what is looked up often at hand.

    `remarks` are what the file is allowed to say and its owner should look at, with their lines.
    `digest` tells two files of one id and version apart; `borrows_name`: the file says something
    else than the shipped one under the shipped one's id and version.
    """

    document: Document
    remarks: tuple[str, ...] = field(default=(), compare=False)
    digest: str = field(default="", compare=False)
    borrows_name: bool = field(default=False, compare=False)

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The bands from the lowest to the highest; every value lies in exactly one."""
        return rules.ordered(self.document.bands)

    @cached_property
    def gates(self) -> Mapping[str, Gate]:
        """The gates by id."""
        return {gate.id: gate for gate in self.document.gates}

    @cached_property
    def questions(self) -> Mapping[str, str]:
        """What each gate asks, by its id."""
        return {gate.id: fill(gate.asks, self.words) for gate in self.document.gates}

    @cached_property
    def products(self) -> Mapping[str, Product]:
        """The products by id."""
        return {product.id: product for product in self.document.products}

    @cached_property
    def rows(self) -> Mapping[tuple[str, Tier | None], Row]:
        """The rows of the decision table by band and tier."""
        return {(row.band, Tier(row.tier) if row.tier else None): row for row in self.document.rows}

    def band_of(self, value: Decimal) -> Band:
        """The band of a magnesium in mg/dL, compared exactly."""
        return next(band for band in self.bands if band.holds(value))

    @cached_property
    def limits(self) -> tuple[Decimal, ...]:
        """The limits of the bands in mg/dL, which a rounded value must not seem to cross."""
        return tuple(
            limit.value for band in self.bands for limit in (band.lower, band.upper) if limit
        )

    @cached_property
    def molar_limits(self) -> tuple[Decimal, ...]:
        """The same in mmol/L."""
        return tuple(limit / MAGNESIUM_MOLAR for limit in self.limits)

    @cached_property
    def renal_limits(self) -> tuple[Decimal, ...]:
        """The limits of the renal tiers in mL/min."""
        renal = self.document.renal
        return (
            renal.excluded_below.value.value,
            renal.reduced_below.value.value,
            renal.caution_below.value.value,
        )

    @cached_property
    def place(self) -> tzinfo | None:
        """The zone by whose clocks cards tell times; None: each as it was stated."""
        shown = self.document.windows.shown_zone
        return None if shown is None else shown.zone

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What the protocol's own names stand for in its sentences."""
        document = self.document
        return {
            "label": document.protocol.label,
            "version": document.protocol.version,
            "approved_by": document.protocol.approved_by,
            "target": str(document.target.above.value),
            "redose": str(document.target.redose_below.value),
            "deficient_below": str(document.target.deficient_below.value),
            "deficient_mg_dl": f"{document.target.deficient_below.value.value:.2f} mg/dL",
            "ceiling": str(document.rate.ceiling.value),
            "recheck": span(str(document.recheck.from_), str(document.recheck.to)),
            "excluded_below": str(document.renal.excluded_below.value),
            "reduced_below": str(document.renal.reduced_below.value),
            "caution_below": str(document.renal.caution_below.value),
            "maximum": str(document.renal.maximum.dose),
            "maximum_within": str(document.renal.maximum.within),
            "magnesium_window": str(document.windows.magnesium.value),
            "creatinine_window": str(document.windows.creatinine.value),
            "potassium_window": str(document.windows.potassium.value),
            "weight_window": str(document.windows.weight.value),
        }


def span(start: str, end: str) -> str:
    """`4 h` and `6 h` as `4-6 h`; different units stay apart."""
    number, _, unit = start.partition(" ")
    if end.endswith(f" {unit}"):
        return f"{number}-{end}"
    return f"{start} to {end}"


def load(path: Path | None = None) -> Protocol:
    """Load a protocol file; None: the one shipped. Raises ProtocolError naming every mistake."""
    if path is None:
        return parse(_shipped_text(), SHIPPED)
    try:
        text = path.read_text(encoding=ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(str(path), (unreadable(error),)) from error
    return parse(text, str(path))


def parse(text: str, name: str, limits: Bounds | None = None) -> Protocol:
    """Read a protocol from TOML text. Raises ProtocolError; `name` is the file in its message.

    `limits` is how far its numbers may go; None: as far as the bounds shipped with the service say.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(name, (lines.syntax(str(error), text),)) from error
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        raise ProtocolError(name, mistakes.told(error, Document, data, text)) from error
    found = list(rules.broken(document, limits or bounds.shipped(), _drugs(), _labs()))
    if found:
        raise ProtocolError(name, mistakes.numbered(found, data, text))
    own = identity(data)
    borrows_name = own.borrows(_shipped_identity())
    look_at = [*remarks(document), *([(("protocol", "version"), BORROWED)] if borrows_name else ())]
    return Protocol(document, mistakes.numbered(look_at, data, text), own.digest, borrows_name)


def _shipped_text() -> str:
    return resources.files("hooks.protocol").joinpath(SHIPPED).read_text(encoding="utf-8")


@cache
def _shipped_identity() -> Identity:
    return identity(tomllib.loads(_shipped_text()))


@cache
def _drugs() -> DrugCodes:
    """The products that a file's codes are looked up in; a site's QT drugs are none of them."""
    return drugs.load()


@cache
def _labs() -> LabCodes:
    """The laboratory codes that a file's are looked up in; a site's own are none of them."""
    return laboratory.load()
