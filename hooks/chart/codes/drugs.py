"""Drugs: which ones an order names, and whether it is magnesium that goes into a vein."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from hooks.chart.codes.files import Entry, Text, shipped, written
from hooks.chart.codes.mixture import BETWEEN, Mixtures
from hooks.chart.codes.salts import Ingredient, Named, Others, Salt, Salts, Unnamed
from hooks.chart.codes.strength import Strength, Strengths, Written
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import plain, spaced, whole_words
from hooks.chart.fact import Fact

RXNORM: Final = frozenset(
    {
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "urn:oid:2.16.840.1.113883.6.88",
    }
)


SULFATE: Final = "magnesium sulfate"

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


class Route(StrEnum):
    """How magnesium is given, as far as it matters: into the body or through the gut.

    `OTHER` is a route that is stated and is none of these, or that contradicts the product:
    nobody knows here what it does, so it counts as magnesium and is never made intravenous.
    """

    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    ENTERAL = "enteral"
    OTHER = "other"


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


class _Heptahydrate(Entry):
    meq_per_g: Decimal
    mmol_per_g: Decimal
    source: Text


class _Product(Entry):
    rxnorm: Text
    display: Text
    ingredient: Text
    intravenous: bool
    mg_per_ml: Decimal | None = None
    ml: Decimal | None = None
    source: Text


class _Undiluted(Entry):
    mg_per_ml: Decimal
    source: Text


class _Evidence(Entry):
    intravenous_codes: frozenset[Text]
    intravenous_words: tuple[Text, ...]
    injected_words: tuple[Text, ...]
    intramuscular_codes: frozenset[Text]
    intramuscular_words: tuple[Text, ...]
    enteral_codes: frozenset[Text]
    enteral_words: tuple[Text, ...]
    enteral_doubts: tuple[Text, ...]
    other_words: tuple[Text, ...]
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


class _MagnesiumProducts(Entry):
    heptahydrate: _Heptahydrate
    undiluted: _Undiluted
    fluid: _Fluid
    ingredient: tuple[Ingredient, ...]
    product: tuple[_Product, ...]
    unnamed: Unnamed
    elemental: _Elemental
    short: _Short
    mixture: Mixtures
    evidence: _Evidence


class Recognition(Fact, frozen=True):
    """What an order's medication is: known drugs, and how its magnesium is given if it is some.

    `magnesium` is None for an order that is no magnesium sulfate or chloride at all, nor another
    salt that is given into a vein or a muscle. `strength` is what a mL holds where product and
    name leave no doubt; `salt` is the name of the salt, None if nobody named one. Grams of another
    than the sulfate mean something else, and grams of a mixture may be those of all of it. What is
    `in_fluid` was added to a large bag that runs at its own rate.
    """

    drugs: tuple[Drug, ...] = ()
    magnesium: Route | None = None
    strength: Strength | None = None
    salt: str | None = None
    is_mixture: bool = False
    in_fluid: bool = False

    @property
    def is_known(self) -> bool:
        """Whether code or name stand for anything that is known here."""
        return bool(self.drugs) or self.magnesium is not None

    @property
    def is_of_unknown_route(self) -> bool:
        """Whether it is magnesium of no named salt, and nobody can tell where it goes."""
        return self.magnesium is Route.OTHER and self.salt is None and not self.is_mixture


class _Magnesium(Fact, frozen=True):
    """The magnesium of a medication: how it is given, its salt, and whether others are with it."""

    route: Route
    salt: str | None
    is_mixture: bool = False

    @property
    def names_more(self) -> bool:
        """Whether its name may tell of other drugs that matter."""
        return self.is_mixture or self.salt != SULFATE


class DrugCodes:
    """All known drugs, looked up by code, else by whole-word name."""

    def __init__(self, drugs: Sequence[Drug], products: _MagnesiumProducts) -> None:
        self._by_code: dict[str, tuple[Drug, ...]] = {}
        by_name: dict[str, tuple[Drug, ...]] = {}
        for drug in drugs:
            for code in drug.rxnorm:
                self._by_code[code] = (*self._by_code.get(code, ()), drug)
            for name in drug.names:
                called = plain(name).lower()
                by_name[called] = (*by_name.get(called, ()), drug)
        self._by_name = by_name
        self._names = whole_words(by_name)
        self._products = {product.rxnorm: product for product in products.product}
        oral = [drug for drug in drugs if DrugClass.ORAL_MAGNESIUM in drug.classes]
        self._salts = Salts(
            products.ingredient,
            {one.rxnorm: one.ingredient for one in products.product if one.intravenous},
            products.mixture,
            products.unnamed,
            Others(
                {plain(name).lower(): drug.name for drug in oral for name in drug.names},
                {code: drug.name for drug in oral for code in drug.rxnorm},
                self._names,
                frozenset(self._by_code),
            ),
        )
        self._mixtures = self._salts.mixtures
        self._elemental = products.elemental.words
        self._carriers = whole_words(products.mixture.carriers)
        self._bowel = whole_words(map(plain, products.mixture.bowel))
        self.heptahydrate = products.heptahydrate
        self._fluid = products.fluid
        self._strengths = Strengths(products.mixture.solutions, products.undiluted.mg_per_ml)
        evidence = products.evidence
        self._evidence = evidence
        # `powder for injection` and `injection IV/IM` go into a vein before they go anywhere.
        self._product_words = (
            (Route.OTHER, whole_words(map(plain, evidence.other_words))),
            (Route.INTRAVENOUS, whole_words(map(plain, evidence.intravenous_words))),
            (Route.INTRAMUSCULAR, whole_words(map(plain, evidence.intramuscular_words))),
            (Route.INTRAVENOUS, whole_words(map(plain, evidence.injected_words))),
            (Route.ENTERAL, whole_words(map(plain, evidence.enteral_words))),
        )
        # `injection` and `infusion` tell no route: they may lead under the skin or into the spine.
        self._route_words = (*self._product_words[:3], self._product_words[4])
        self._enteral = self._product_words[4][1]
        self._doubts = whole_words(map(plain, evidence.enteral_doubts))
        self._short = whole_words(map(plain, products.short.names))
        self._measures = re.compile(
            rf"(?<![\d.,])\d[\d.,]* ?(?:{timing_words(Says.AMOUNT, Says.VOLUME)}|l)\b"
            rf"|{self._product_words[1][1].pattern}",
            re.IGNORECASE,
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
        said = tuple(map(plain, written))
        magnesium = self._magnesium(codes, said, route)
        if ingredients:
            listed = [Named(each.codes, tuple(map(plain, each.texts))) for each in ingredients]
            magnesium = self._beside(magnesium, listed) or self._added(said, listed, route)
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
        found = None if magnesium.is_mixture else self._strength(codes, written)
        return Recognition(
            unique,
            magnesium.route,
            found,
            magnesium.salt,
            magnesium.is_mixture,
            any(map(self._is_fluid, written)),
        )

    def _strength(self, codes: tuple[str, ...], texts: tuple[str, ...]) -> Strength | None:
        products = [self._products[code] for code in codes if code in self._products]
        known = Written(
            frozenset(each.mg_per_ml for each in products if each.mg_per_ml is not None),
            frozenset(each.ml for each in products if each.ml is not None),
        )
        return self._strengths.certain(known, texts)

    def is_name(self, text: str) -> bool:
        """Whether a text names a drug, known or not: three letters, or one of few with less."""
        return _NAME.search(text) is not None or self._is_short_name(plain(text))

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
            text = plain(code)
            if self.recognize((), (code,), None).is_known or self._salts.names_any(text):
                yield code
            elif _LIKE_MAGNESIUM.search(text):
                continue
            elif _is_written_out(code) or self._is_short_name(text):
                yield code

    def _is_fluid(self, text: str) -> bool:
        """Whether a name states a large volume, and little magnesium in it."""
        return self._strengths.is_weak(text, self._fluid.ml, self._fluid.mg_per_ml)

    def is_elemental(self, text: str) -> bool:
        """Whether a text counts elemental magnesium: a tenth of the sulfate's grams."""
        said = text.lower()
        return any(word in said for word in self._elemental)

    def route(self, codes: Iterable[str], texts: Iterable[str]) -> Route:
        """The route that codes, else words, state; OTHER for any that is not certainly known."""
        evidence = self._evidence
        codes, texts = tuple(codes), tuple(texts)
        stated = {each.strip().upper() for each in (*codes, *texts)}
        known = {
            route
            for route, of_route in (
                (Route.ENTERAL, evidence.enteral_codes),
                (Route.INTRAMUSCULAR, evidence.intramuscular_codes),
                (Route.INTRAVENOUS, evidence.intravenous_codes),
            )
            if stated & of_route
        }
        if not known:
            known = self._routes_in(plain(" ; ".join(texts or codes)))
        return known.pop() if len(known) == 1 else Route.OTHER

    def is_swallowed(self, text: str) -> bool:
        """Whether free text says that something is taken by mouth, and nothing beside it.

        It is asked of magnesium of no named salt, where a wrong vein would only withhold a dose:
        whatever denies the mouth, or sets a condition, leaves the route unknown.
        """
        said = plain(text)
        return self._routes_in(said) == {Route.ENTERAL} and not self._doubts.search(said)

    def route_beside(self, text: str) -> Route | None:
        """The route that free text names beside other things; None if it names none.

        Only a vein or a muscle is believed: a mouth in a sentence may be about something else,
        and an order that is wrongly taken for a tablet would let a second dose through.
        """
        named = self._routes_in(plain(text))
        if not named:
            return None
        sure = named <= {Route.INTRAVENOUS} or named <= {Route.INTRAMUSCULAR}
        return named.pop() if sure else Route.OTHER

    def _routes_in(self, text: str) -> set[Route]:
        return {route for route, words in self._route_words if words.search(text)}

    def _by_words(self, text: str) -> Route | None:
        return next((route for route, words in self._product_words if words.search(text)), None)

    def _unnamed_salt(self, texts: tuple[str, ...], route: Route | None) -> _Magnesium | None:
        """Magnesium whose salt the text does not tell, if it is not by mouth.

        It may be sulfate: its dose cannot be read, and nothing is offered beside it.
        """
        text = " ; ".join(texts)
        if not self._salts.names_unknown(text):
            return None
        if any(self._mixtures.ingredients(each) for each in texts):
            return None
        known = self._settled(route, text)
        if known is Route.ENTERAL:
            return None
        return _Magnesium(
            known or Route.INTRAVENOUS, None, any(map(self._salts.names_others, texts))
        )

    def _injected(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> _Magnesium | None:
        """Magnesium that counts only where it goes into a vein or a muscle (settled 6).

        That is a salt which else is taken by mouth, and magnesium that a name lists among other
        drugs: its dose cannot be read, and nothing is offered beside it.
        """
        text = " ; ".join(texts)
        named = map(self._salts.listed, texts) if BETWEEN in text else ()
        mixed = next(filter(None, (*named, *map(self._salts.joined, texts))), None)
        salt = mixed or self._salts.by_mouth(codes, text) or self._salts.by_symbol(codes, text)
        if salt is None:
            return None
        if mixed is not None:
            return self._mixed(mixed, route, text)
        given = self._parenteral(route, text, is_mixture=False)
        return None if given is None else _Magnesium(given, salt.name)

    def _mixed(self, salt: Salt, route: Route | None, text: str) -> _Magnesium | None:
        """A salt among other drugs: one that goes into a vein counts unless it is swallowed."""
        if salt.is_injected:
            given = self._settled(route, text) or Route.INTRAVENOUS
            if given is Route.ENTERAL or (route not in _PARENTERAL and self._bowel.search(text)):
                return None
            return _Magnesium(given, salt.name, True)
        stated = self._parenteral(route, text, is_mixture=True)
        return None if stated is None else _Magnesium(stated, salt.name, True)

    def _beside(
        self, magnesium: _Magnesium | None, ingredients: Sequence[Named]
    ) -> _Magnesium | None:
        """Magnesium that a name tells of, and the other drugs that its ingredients tell of."""
        if magnesium is None or not self._is_among_others(ingredients):
            return magnesium
        return _Magnesium(magnesium.route, magnesium.salt, True)

    def _is_among_others(self, ingredients: Sequence[Named]) -> bool:
        """Whether one of the ingredients is neither magnesium nor what it is diluted in."""
        return any(
            self._salts.ingredient(each) is None
            and not any(map(self._mixtures.is_diluent, each.texts))
            for each in ingredients
        )

    def _added(
        self, texts: tuple[str, ...], ingredients: Sequence[Named], route: Route | None
    ) -> _Magnesium | None:
        """Magnesium among the ingredients of a medication whose own name does not tell of it.

        Somebody put it into this bag: it counts whatever else is in it, and its dose cannot be
        read. Only the magnesium chloride beside others is that of a balanced solution.
        """
        salts = [self._salts.ingredient(each) for each in ingredients]
        beside = self._is_among_others(ingredients)
        counting = [salt for salt in salts if salt and (salt.counts_in_mixture or not beside)]
        if not counting:
            return None
        text = " ; ".join((*texts, *(text for each in ingredients for text in each.texts)))
        sure = next((salt for salt in counting if salt.is_injected), counting[0])
        return self._mixed(sure, route, text)

    def _parenteral(self, route: Route | None, text: str, *, is_mixture: bool) -> Route | None:
        """The route of what counts only in a vein or a muscle; None if nobody says so.

        A tablet of a salt for the mouth stays one by whatever route; of a mixture, what it is
        diluted in tells of a vein.
        """
        by_name = self._by_words(text)
        if by_name is None and is_mixture and self._carriers.search(text):
            by_name = Route.INTRAVENOUS
        if route in _PARENTERAL:
            return None if by_name is Route.ENTERAL and not is_mixture else route
        if by_name not in _PARENTERAL or (not is_mixture and self._enteral.search(text)):
            return None
        if route is Route.OTHER:
            return route
        return by_name if route is None else None

    def _settled(self, route: Route | None, text: str) -> Route | None:
        """The ordered route, else the one in the name; a tablet is one by whatever odd route."""
        by_name = self._by_words(text)
        if route is None or (route is Route.OTHER and by_name is Route.ENTERAL):
            return by_name
        return route

    def _magnesium(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> _Magnesium | None:
        for code in codes:
            product = self._products.get(code)
            if product is not None:
                if not product.intravenous:
                    given = Route.OTHER if route in _PARENTERAL else Route.ENTERAL
                else:
                    given = Route.OTHER if route is Route.ENTERAL else route or Route.INTRAVENOUS
                mixed = any(map(self._salts.names_others, texts))
                return _Magnesium(given, product.ingredient, mixed)
        salt = self._salts.by_code(codes)
        # A code that stands for another drug says more than a word in a text.
        is_other = salt is None and self._salts.is_other(codes)
        if salt is None and not is_other:
            alone = (each for each in texts if not self._mixtures.ingredients(each))
            salt = next(filter(None, map(self._salts.by_name, alone)), None)
        if salt is None:
            unnamed = None if is_other else self._unnamed_salt(texts, route)
            return unnamed or self._injected(codes, texts, route)
        mixed = (
            self._salts.is_other(codes)
            or any(map(self._salts.names_others, texts))
            or any(map(self._bowel.search, texts))
        )
        if mixed and salt.is_injected:
            return self._mixed(salt, route, " ; ".join(texts))
        known = self._settled(route, " ; ".join(texts))
        if known is None:
            known = Route.INTRAVENOUS if salt.is_injected else Route.ENTERAL
        return _Magnesium(known, salt.name, mixed)


def _is_written_out(code: str) -> bool:
    """Whether a code is words: several, or one that is not all in capitals."""
    if _NAME.search(code) is None:
        return False
    return " " in code.strip() or (code.replace("-", "").isalpha() and not code.isupper())


_PARENTERAL: Final = frozenset({Route.INTRAVENOUS, Route.INTRAMUSCULAR})


def load(qt_file: Path | None = None) -> DrugCodes:
    """The drugs shipped with the service; `qt_file` replaces the list of QT drugs.

    Raises LabCodesError for a site's file that cannot be used.
    """
    qt = written(_Drugs, qt_file) if qt_file else shipped(_Drugs, "qt_drugs.toml")
    drugs = (*shipped(_Drugs, "drugs.toml").drug, *qt.drug)
    return DrugCodes(drugs, shipped(_MagnesiumProducts, "magnesium_products.toml"))
