"""Magnesium products: what the code list says of them, as `magnesium_products.toml` writes it."""

from decimal import Decimal

from hooks.chart.codes.files import Entry, Text, shipped
from hooks.chart.codes.mixture import Mixtures
from hooks.chart.codes.routes import RouteWords
from hooks.chart.codes.salts import Ingredient
from hooks.chart.codes.strength import Written
from hooks.chart.codes.unnamed import Unnamed


class Heptahydrate(Entry):
    """mEq and mmol of magnesium in a g of magnesium sulfate heptahydrate."""

    meq_per_g: Decimal
    mmol_per_g: Decimal
    source: Text


class Product(Entry):
    """One product by its RxNorm code: its salt, and what a mL and a container of it hold."""

    rxnorm: Text
    display: Text
    ingredient: Text
    intravenous: bool
    mg_per_ml: Decimal | None = None
    ml: Decimal | None = None
    source: Text

    @property
    def strength(self) -> Written:
        """What the code says of strength."""
        return Written(
            frozenset() if self.mg_per_ml is None else frozenset({self.mg_per_ml}),
            frozenset() if self.ml is None else frozenset({self.ml}),
        )


class _Undiluted(Entry):
    mg_per_ml: Decimal
    source: Text


class _Elemental(Entry):
    words: tuple[Text, ...]
    source: Text


class _Fluid(Entry):
    ml: Decimal
    mg_per_ml: Decimal
    source: Text


class _Short(Entry):
    names: tuple[Text, ...]
    source: Text


class MagnesiumProducts(Entry):
    """The products, and the words by which names and orders tell of magnesium."""

    heptahydrate: Heptahydrate
    undiluted: _Undiluted
    fluid: _Fluid
    ingredient: tuple[Ingredient, ...]
    product: tuple[Product, ...]
    unnamed: Unnamed
    elemental: _Elemental
    short: _Short
    mixture: Mixtures
    evidence: RouteWords


def load() -> MagnesiumProducts:
    """The products shipped with the service."""
    return shipped(MagnesiumProducts, "magnesium_products.toml")
