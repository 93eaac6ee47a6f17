"""Drugs: which ones an order names, and whether it is magnesium that goes into a vein."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from hooks.chart.codes import products
from hooks.chart.codes.files import Entry, Text, shipped, written
from hooks.chart.codes.magnesium import MagnesiumReader
from hooks.chart.codes.products import MagnesiumProducts
from hooks.chart.codes.routes import Route, Routes
from hooks.chart.codes.salts import Named, Others, Salts
from hooks.chart.codes.strength import Strength, Strengths, largest_volume
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import folded, spaced, whole_words
from hooks.chart.fact import Fact

RXNORM: Final = frozenset(
    {
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "urn:oid:2.16.840.1.113883.6.88",
    }
)

#: Digits and signs alone are a number of a catalog and no name of a drug.
_NAME: Final = re.compile(r"[^\W\d_]{3}")
_LETTER: Final = re.compile(r"[^\W\d_]")
#: What a catalog may call magnesium by, as `MAG2PM`.
_LIKE_MAGNESIUM: Final = re.compile(r"mag|(?<!\d)(?<!\d )mg", re.IGNORECASE)


class DrugClass(StrEnum):
    """Why a drug matters beside a magnesium level."""

    MAGNESIUM_WASTING = "magnesium-wasting"
    QT = "qt"
    DIGOXIN = "digoxin"
    POTASSIUM = "potassium"
    ORAL_MAGNESIUM = "oral-magnesium"
    NEUROMUSCULAR_BLOCKER = "neuromuscular-blocker"
    CALCIUM_CHANNEL_BLOCKER = "calcium-channel-blocker"


class Drug(Entry):
    """One drug: its codes, its names, and its classes."""

    name: Text
    classes: frozenset[DrugClass]
    rxnorm: tuple[Text, ...] = ()
    names: tuple[Text, ...]
    source: Text
    verified: bool = True


class _Drugs(Entry):
    drug: tuple[Drug, ...]


class Recognition(Fact, frozen=True):
    """What an order's medication is: known drugs, and how its magnesium is given if it is some.

    `magnesium` is None for an order that is no magnesium sulfate or chloride at all, nor another
    salt that is given into a vein or a muscle. `strength` is what a mL holds where product and
    name leave no doubt; `salt` is the name of the salt, None if nobody named one. Grams of another
    than the sulfate mean something else, and grams of a mixture may be those of all of it. What is
    `in_fluid` was added to a large bag that runs at its own rate; what is `in_large_bag` is that,
    or a premixed bag of many doses.
    """

    drugs: tuple[Drug, ...] = ()
    magnesium: Route | None = None
    strength: Strength | None = None
    salt: str | None = None
    is_mixture: bool = False
    in_fluid: bool = False
    in_large_bag: bool = False

    @property
    def is_known(self) -> bool:
        """Whether code or name stand for anything that is known here."""
        return bool(self.drugs) or self.magnesium is not None

    @property
    def classes(self) -> dict[DrugClass, str]:
        """Why its drugs matter, each with the name of the first drug that does so."""
        found: dict[DrugClass, str] = {}
        for drug in self.drugs:
            for kind in sorted(drug.classes):
                found.setdefault(kind, drug.name)
        return found

    @property
    def is_of_unknown_route(self) -> bool:
        """Whether it is magnesium of no named salt, and nobody can tell where it goes."""
        return self.magnesium is Route.OTHER and self.salt is None and not self.is_mixture


class DrugCodes:
    """All known drugs, looked up by code, else by whole-word name."""

    def __init__(self, drugs: Sequence[Drug], magnesium: MagnesiumProducts) -> None:
        self._by_code = _listed((code, drug) for drug in drugs for code in drug.rxnorm)
        self._by_name = _listed(
            (folded(name).lower(), drug) for drug in drugs for name in drug.names
        )
        self._names = whole_words(self._by_name)
        by_code = {product.rxnorm: product for product in magnesium.product}
        self._salts = Salts(
            magnesium.ingredient,
            {code: product.ingredient for code, product in by_code.items() if product.intravenous},
            magnesium.mixture,
            magnesium.unnamed,
            self._others(drugs),
        )
        self.routes = Routes(magnesium.evidence, magnesium.mixture.carriers)
        self._magnesium = MagnesiumReader(by_code, self._salts, self.routes, magnesium.mixture)
        self._strengths = Strengths(
            {code: product.strength for code, product in by_code.items()},
            magnesium.mixture.solutions,
            magnesium.undiluted.mg_per_ml,
        )
        self.heptahydrate = magnesium.heptahydrate
        self._fluid = magnesium.fluid
        self._large = frozenset(
            code for code, product in by_code.items() if (product.ml or 0) >= self._fluid.ml
        )
        self._elemental = magnesium.elemental.words
        self._short = whole_words(map(folded, magnesium.short.names))
        self._measures = re.compile(
            rf"(?<![\d.,])\d[\d.,]* ?(?:{timing_words(Says.AMOUNT, Says.VOLUME)}|l)\b"
            rf"|{self.routes.intravenous.pattern}",
            re.IGNORECASE,
        )

    def _others(self, drugs: Iterable[Drug]) -> Others:
        oral = [drug for drug in drugs if DrugClass.ORAL_MAGNESIUM in drug.classes]
        return Others(
            {folded(name).lower(): drug.name for drug in oral for name in drug.names},
            {code: drug.name for drug in oral for code in drug.rxnorm},
            self._names,
            frozenset(self._by_code),
        )

    def recognize(
        self,
        rxnorm: Iterable[str],
        texts: Iterable[str],
        route: Route | None,
        ingredients: Sequence[Named] = (),
    ) -> Recognition:
        """What a medication is, by its RxNorm codes, else by its texts; `route` as ordered.

        `ingredients` are asked for magnesium of which neither code nor text tells.
        """
        codes, written = tuple(rxnorm), spaced(texts)
        said = tuple(map(folded, written))
        magnesium = self._magnesium.read(codes, said, route)
        if ingredients:
            listed = [Named(each.codes, tuple(map(folded, each.texts))) for each in ingredients]
            magnesium = self._magnesium.among(listed, magnesium, said, route)
            if not (codes or said) or (magnesium is not None and magnesium.is_mixture):
                codes = (*codes, *(code for each in listed for code in each.codes))
                said = (*said, *(text for each in listed for text in each.texts))
        by_code = [drug for code in codes for drug in self._by_code.get(code, ())]
        if not by_code and (magnesium is None or magnesium.names_more):
            names = {match.lower() for match in self._names.findall(" ; ".join(said))}
            by_code = [drug for name in sorted(names) for drug in self._by_name[name]]
        unique = tuple({(drug.name, drug.classes): drug for drug in by_code}.values())
        if magnesium is None:
            return Recognition(unique)
        if magnesium.route is not Route.ENTERAL:
            unique = tuple([one for one in unique if DrugClass.ORAL_MAGNESIUM not in one.classes])
        found = None if magnesium.is_mixture else self._strengths.certain(codes, written)
        return Recognition(
            unique,
            magnesium.route,
            found,
            magnesium.salt,
            magnesium.is_mixture,
            any(map(self._is_fluid, written)),
            self._is_large_bag(codes, written),
        )

    def is_name(self, text: str) -> bool:
        """Whether a text names a drug, known or not: three letters, or one of few with less."""
        return _NAME.search(text) is not None or self._is_short_name(folded(text))

    def _is_short_name(self, text: str) -> bool:
        """Whether nothing stands in a text but a short name, and numbers with their units."""
        rest, found = self._short.subn(" ", text)
        return found > 0 and _LETTER.search(self._measures.sub(" ", rest)) is None

    def names_among(self, codes: Iterable[str]) -> Iterator[str]:
        """The codes of a catalog that are names: some systems send a drug's name as its code.

        One that is written out is a name, and one that is known here; what is only like magnesium
        (`MAG2PM`) is neither told to be magnesium nor to be something else.
        """
        for code in codes:
            text = folded(code)
            if self.recognize((), (code,), None).is_known or self._salts.names_any(text):
                yield code
            elif _LIKE_MAGNESIUM.search(text):
                continue
            elif _is_written_out(code) or self._is_short_name(text):
                yield code

    def _is_fluid(self, text: str) -> bool:
        """Whether a name states a large volume, and little magnesium in it."""
        return self._strengths.is_weak(text, self._fluid.ml, self._fluid.mg_per_ml)

    def _is_large_bag(self, codes: Iterable[str], texts: Iterable[str]) -> bool:
        """Whether code or name stand for a bag from which a dose would only be a part."""
        if not self._large.isdisjoint(codes):
            return True
        return any(largest_volume(text) >= self._fluid.ml for text in texts)

    def is_elemental(self, text: str) -> bool:
        """Whether a text counts elemental magnesium: a tenth of the sulfate's grams."""
        said = text.lower()
        return any(word in said for word in self._elemental)


def _listed(pairs: Iterable[tuple[str, Drug]]) -> Mapping[str, tuple[Drug, ...]]:
    """All drugs of each code or name."""
    found: dict[str, tuple[Drug, ...]] = {}
    for called, drug in pairs:
        found[called] = (*found.get(called, ()), drug)
    return found


def _is_written_out(code: str) -> bool:
    """Whether a code is words: several, or one that is not all in capitals."""
    if _NAME.search(code) is None:
        return False
    return " " in code.strip() or (code.replace("-", "").isalpha() and not code.isupper())


def load(qt_file: Path | None = None) -> DrugCodes:
    """The drugs shipped with the service; `qt_file` replaces the list of QT drugs.

    Raises CodeListError for a site's file that cannot be used.
    """
    qt = written(_Drugs, qt_file) if qt_file else shipped(_Drugs, "qt_drugs.toml")
    drugs = (*shipped(_Drugs, "drugs.toml").drug, *qt.drug)
    return DrugCodes(drugs, products.load())
