"""Drugs: which ones an order names, and whether it is magnesium that goes into a vein."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from hooks.chart.codes import strength
from hooks.chart.codes.files import Entry, Text, shipped, written
from hooks.chart.codes.mixture import BETWEEN
from hooks.chart.codes.salts import Ingredient, Mixtures, Named, Others, Salt, Salts, Unnamed
from hooks.chart.codes.strength import Strength
from hooks.chart.codes.words import spaced, whole_words
from hooks.chart.fact import Fact

RXNORM: Final = frozenset(
    {
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "urn:oid:2.16.840.1.113883.6.88",
    }
)


SULFATE: Final = "magnesium sulfate"


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
    other_words: tuple[Text, ...]
    source: Text


class _Elemental(Entry):
    words: tuple[Text, ...]
    source: Text


class _MagnesiumProducts(Entry):
    heptahydrate: _Heptahydrate
    undiluted: _Undiluted
    ingredient: tuple[Ingredient, ...]
    product: tuple[_Product, ...]
    unnamed: Unnamed
    elemental: _Elemental
    mixture: Mixtures
    evidence: _Evidence


class Recognition(Fact, frozen=True):
    """What an order's medication is: known drugs, and how its magnesium is given if it is some.

    `magnesium` is None for an order that is no magnesium sulfate or chloride at all, nor another
    salt that is given into a vein or a muscle. `strength` is what a mL holds where product and
    name leave no doubt; `salt` is the name of the salt, None if nobody named one. Grams of another
    than the sulfate mean something else, and grams of a mixture may be those of all of it.
    """

    drugs: tuple[Drug, ...] = ()
    magnesium: Route | None = None
    strength: Strength | None = None
    salt: str | None = None
    is_mixture: bool = False

    @property
    def is_known(self) -> bool:
        """Whether code or name stand for anything that is known here."""
        return bool(self.drugs) or self.magnesium is not None


class _Magnesium(Fact, frozen=True):
    """The magnesium of a medication: how it is given, its salt, and whether others are with it."""

    route: Route
    salt: str | None
    is_mixture: bool = False


class DrugCodes:
    """All known drugs, looked up by code, else by whole-word name."""

    def __init__(self, drugs: Sequence[Drug], products: _MagnesiumProducts) -> None:
        self._by_code: dict[str, tuple[Drug, ...]] = {}
        by_name: dict[str, tuple[Drug, ...]] = {}
        for drug in drugs:
            for code in drug.rxnorm:
                self._by_code[code] = (*self._by_code.get(code, ()), drug)
            for name in drug.names:
                by_name[name.lower()] = (*by_name.get(name.lower(), ()), drug)
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
                {name.lower(): drug.name for drug in oral for name in drug.names},
                {code: drug.name for drug in oral for code in drug.rxnorm},
                self._names,
                frozenset(self._by_code),
            ),
        )
        self._mixtures = self._salts.mixtures
        self._elemental = products.elemental.words
        self._carriers = whole_words(products.mixture.carriers)
        self._bowel = whole_words(products.mixture.bowel)
        self.heptahydrate = products.heptahydrate
        self._undiluted = products.undiluted.mg_per_ml
        evidence = products.evidence
        self._evidence = evidence
        # `powder for injection` and `injection IV/IM` go into a vein before they go anywhere.
        self._product_words = (
            (Route.OTHER, whole_words(evidence.other_words)),
            (Route.INTRAVENOUS, whole_words(evidence.intravenous_words)),
            (Route.INTRAMUSCULAR, whole_words(evidence.intramuscular_words)),
            (Route.INTRAVENOUS, whole_words(evidence.injected_words)),
            (Route.ENTERAL, whole_words(evidence.enteral_words)),
        )
        # `injection` and `infusion` tell no route: they may lead under the skin or into the spine.
        self._route_words = (*self._product_words[:3], self._product_words[4])
        self._enteral = self._product_words[4][1]

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
        codes, said = tuple(rxnorm), spaced(texts)
        magnesium = self._magnesium(codes, said, route)
        if ingredients:
            listed = [Named(each.codes, spaced(each.texts)) for each in ingredients]
            magnesium = magnesium or self._added(said, listed, route)
            if not codes and not said:
                codes = tuple(code for each in listed for code in each.codes)
                said = tuple(text for each in listed for text in each.texts)
        by_code = [drug for code in codes for drug in self._by_code.get(code, ())]
        if not by_code and (magnesium is None or magnesium.is_mixture):
            names = {match.lower() for match in self._names.findall(" ; ".join(said))}
            by_code = [drug for name in sorted(names) for drug in self._by_name[name]]
        unique = tuple({(drug.name, drug.classes): drug for drug in by_code}.values())
        if magnesium is None:
            return Recognition(unique)
        if magnesium.route is not Route.ENTERAL:
            unique = tuple([one for one in unique if DrugClass.ORAL_MAGNESIUM not in one.classes])
        found = None if magnesium.is_mixture else self._strength(codes, said)
        return Recognition(unique, magnesium.route, found, magnesium.salt, magnesium.is_mixture)

    def _strength(self, codes: tuple[str, ...], texts: tuple[str, ...]) -> Strength | None:
        products = [self._products[code] for code in codes if code in self._products]
        known = strength.Written(
            frozenset(each.mg_per_ml for each in products if each.mg_per_ml is not None),
            frozenset(each.ml for each in products if each.ml is not None),
            confusing=False,
        )
        return strength.certain(known, texts, self._undiluted)

    def is_elemental(self, text: str) -> bool:
        """Whether a text counts elemental magnesium: a tenth of the sulfate's grams."""
        said = text.lower()
        return any(word in said for word in self._elemental)

    def route(self, codes: Iterable[str], texts: Iterable[str]) -> Route:
        """The route that codes, else words, state; OTHER for any that is not certainly known."""
        evidence = self._evidence
        stated = {code.strip().upper() for code in codes}
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
            known = self._routes_in(" ; ".join(texts))
        return known.pop() if len(known) == 1 else Route.OTHER

    def route_beside(self, text: str) -> Route | None:
        """The route that free text names beside other things; None if it names none.

        Only a vein or a muscle is believed: a mouth in a sentence may be about something else,
        and an order that is wrongly taken for a tablet would let a second dose through.
        """
        named = self._routes_in(text)
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
        return None if known is Route.ENTERAL else _Magnesium(known or Route.INTRAVENOUS, None)

    def _injected(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> _Magnesium | None:
        """Magnesium that counts only where it goes into a vein or a muscle (settled 6).

        That is a salt which else is taken by mouth, and magnesium that a name lists among other
        drugs: its dose cannot be read, and nothing is offered beside it.
        """
        text = " ; ".join(texts)
        mixed = None
        if BETWEEN in text:
            mixed = next(filter(None, map(self._salts.listed, texts)), None)
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

    def _added(
        self, texts: tuple[str, ...], ingredients: Sequence[Named], route: Route | None
    ) -> _Magnesium | None:
        """Magnesium among the ingredients of a medication whose own name does not tell of it.

        Somebody put it into this bag: it counts whatever else is in it, and its dose cannot be
        read. Only the magnesium chloride beside others is that of a balanced solution.
        """
        salts = [self._salts.ingredient(each) for each in ingredients]
        beside = any(
            salt is None and not any(map(self._mixtures.is_diluent, each.texts))
            for each, salt in zip(ingredients, salts, strict=True)
        )
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
                return _Magnesium(given, product.ingredient)
        salt = self._salts.by_code(codes)
        # A code that stands for another drug says more than a word in a text.
        is_other = salt is None and self._salts.is_other(codes)
        if salt is None and not is_other:
            alone = (each for each in texts if not self._mixtures.ingredients(each))
            salt = next(filter(None, map(self._salts.by_name, alone)), None)
        if salt is None:
            unnamed = None if is_other else self._unnamed_salt(texts, route)
            return unnamed or self._injected(codes, texts, route)
        known = self._settled(route, " ; ".join(texts))
        if known is None:
            known = Route.INTRAVENOUS if salt.is_injected else Route.ENTERAL
        return _Magnesium(known, salt.name)


_PARENTERAL: Final = frozenset({Route.INTRAVENOUS, Route.INTRAMUSCULAR})


def load(qt_file: Path | None = None) -> DrugCodes:
    """The drugs shipped with the service; `qt_file` replaces the list of QT drugs.

    Raises LabCodesError for a site's file that cannot be used.
    """
    qt = written(_Drugs, qt_file) if qt_file else shipped(_Drugs, "qt_drugs.toml")
    drugs = (*shipped(_Drugs, "drugs.toml").drug, *qt.drug)
    return DrugCodes(drugs, shipped(_MagnesiumProducts, "magnesium_products.toml"))
