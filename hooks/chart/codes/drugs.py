"""Drugs: which ones an order names, and whether it is magnesium that goes into a vein."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from hooks.chart.codes import strength
from hooks.chart.codes.files import Entry, Text, shipped, written
from hooks.chart.codes.strength import Strength
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


class _Ingredient(Entry):
    name: Text
    rxnorm: tuple[Text, ...]
    names: tuple[Text, ...]
    needs_intravenous_evidence: bool
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


class _MagnesiumProducts(Entry):
    heptahydrate: _Heptahydrate
    undiluted: _Undiluted
    ingredient: tuple[_Ingredient, ...]
    product: tuple[_Product, ...]
    evidence: _Evidence


class Recognition(Fact, frozen=True):
    """What an order's medication is: known drugs, and how its magnesium is given if it is some.

    `magnesium` is None for an order that is no magnesium sulfate or chloride at all.
    `strength` is what a mL holds where product and name leave no doubt; `salt` is the name of the
    salt, None if nobody named one. Grams of another than the sulfate mean something else.
    """

    drugs: tuple[Drug, ...] = ()
    magnesium: Route | None = None
    strength: Strength | None = None
    salt: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether code or name stand for anything that is known here."""
        return bool(self.drugs) or self.magnesium is not None


class DrugCodes:
    """All known drugs, looked up by code, else by whole-word name."""

    def __init__(self, drugs: Iterable[Drug], products: _MagnesiumProducts) -> None:
        self._by_code: dict[str, tuple[Drug, ...]] = {}
        by_name: dict[str, tuple[Drug, ...]] = {}
        for drug in drugs:
            for code in drug.rxnorm:
                self._by_code[code] = (*self._by_code.get(code, ()), drug)
            for name in drug.names:
                by_name[name.lower()] = (*by_name.get(name.lower(), ()), drug)
        self._by_name = by_name
        self._names = _words(by_name)
        self._products = {product.rxnorm: product for product in products.product}
        self._ingredients = {
            name.lower(): ingredient
            for ingredient in products.ingredient
            for name in ingredient.names
        }
        self._ingredient_codes = {
            code: ingredient for ingredient in products.ingredient for code in ingredient.rxnorm
        }
        self._ingredient_names = _words(self._ingredients)
        self.heptahydrate = products.heptahydrate
        self._undiluted = products.undiluted.mg_per_ml
        evidence = products.evidence
        self._evidence = evidence
        # `powder for injection` and `injection IV/IM` go into a vein before they go anywhere.
        self._product_words = (
            (Route.OTHER, _words(evidence.other_words)),
            (Route.INTRAVENOUS, _words(evidence.intravenous_words)),
            (Route.INTRAMUSCULAR, _words(evidence.intramuscular_words)),
            (Route.INTRAVENOUS, _words(evidence.injected_words)),
            (Route.ENTERAL, _words(evidence.enteral_words)),
        )
        # `injection` and `infusion` tell no route: they may lead under the skin or into the spine.
        self._route_words = (*self._product_words[:3], self._product_words[4])

    def recognize(
        self, rxnorm: Iterable[str], texts: Iterable[str], route: Route | None
    ) -> Recognition:
        """What a medication is, by its RxNorm codes, else by its texts; `route` as ordered."""
        # Patterns that allow for blanks take long to find out that a thousand lead nowhere.
        codes, said = tuple(rxnorm), tuple(" ".join(text.split()) for text in texts)
        text = " ; ".join(said)
        magnesium, salt = self._magnesium(codes, said, route)
        by_code = [drug for code in codes for drug in self._by_code.get(code, ())]
        if not by_code and magnesium is None:
            names = {match.lower() for match in self._names.findall(text)}
            by_code = [drug for name in sorted(names) for drug in self._by_name[name]]
        unique = tuple({(drug.name, drug.classes): drug for drug in by_code}.values())
        found = None if magnesium is None else self._strength(codes, said)
        return Recognition(unique, magnesium, found, salt)

    def _strength(self, codes: tuple[str, ...], texts: tuple[str, ...]) -> Strength | None:
        products = [self._products[code] for code in codes if code in self._products]
        known = strength.Written(
            frozenset(each.mg_per_ml for each in products if each.mg_per_ml is not None),
            frozenset(each.ml for each in products if each.ml is not None),
            confusing=False,
        )
        return strength.certain(known, texts, self._undiluted)

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

    def _unnamed_salt(self, texts: tuple[str, ...], route: Route | None) -> Route | None:
        """How magnesium is given whose salt the text does not tell, if it is not by mouth.

        It may be sulfate: its dose cannot be read, and nothing is offered beside it.
        """
        text = " ; ".join(texts)
        if not _ANY_MAGNESIUM.search(text) or self._names.search(text):
            return None
        if any(_is_combination(each) for each in texts):
            return None
        known = self._settled(route, text)
        return None if known is Route.ENTERAL else (known or Route.INTRAVENOUS)

    def _settled(self, route: Route | None, text: str) -> Route | None:
        """The ordered route, else the one in the name; a tablet is one by whatever odd route."""
        by_name = self._by_words(text)
        if route is None or (route is Route.OTHER and by_name is Route.ENTERAL):
            return by_name
        return route

    def _magnesium(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> tuple[Route | None, str | None]:
        for code in codes:
            product = self._products.get(code)
            if product is not None:
                if not product.intravenous:
                    injected = route in (Route.INTRAVENOUS, Route.INTRAMUSCULAR)
                    return Route.OTHER if injected else Route.ENTERAL, product.ingredient
                given = Route.OTHER if route is Route.ENTERAL else route or Route.INTRAVENOUS
                return given, product.ingredient
        ingredient = next(
            (self._ingredient_codes[code] for code in codes if code in self._ingredient_codes), None
        )
        if ingredient is None:
            # A code that stands for another drug says more than a word in a text.
            if any(code in self._by_code for code in codes):
                return None, None
            for text in texts:
                match = self._ingredient_names.search(text)
                if match is not None and not _is_combination(text):
                    ingredient = self._ingredients[match[0].lower()]
                    break
        if ingredient is None:
            return self._unnamed_salt(texts, route), None
        known = self._settled(route, " ; ".join(texts))
        if known is None:
            known = Route.ENTERAL if ingredient.needs_intravenous_evidence else Route.INTRAVENOUS
        return known, ingredient.name


_ANY_MAGNESIUM: Final = re.compile(r"(?<!\w)mag(?:nesium)?(?!-?\w)", re.IGNORECASE)
_DILUENT: Final = re.compile(
    r"(?:d5w|d10w|dextrose|glucose|ns|saline|sodium chloride|sterile water|water)\b", re.IGNORECASE
)
_END: Final = ""
# A match begins where its spaces begin: tried anew within them, a text of many would hold a process
# for hours.
_BETWEEN_INGREDIENTS: Final = re.compile(r"(?<!\s)\s+/\s+")


def _is_combination(text: str) -> bool:
    """Whether a name lists several ingredients, as RxNorm writes them: `a 1 MG / b 2 MG`.

    What magnesium is diluted in is no second ingredient.
    """
    parts = [part for part in _BETWEEN_INGREDIENTS.split(text) if part[:1].isalpha()]
    return sum(not _DILUENT.match(part) for part in parts) > 1


def _words(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the names as whole words, the longest first."""
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for letter in name.lower():
            node = node.setdefault(letter, {})
        node[_END] = {}
    firsts = "".join(map(re.escape, sorted(tree)))
    # A single hyphen joins words (`non-furosemide`), two of them only separate fields.
    return re.compile(rf"(?<!\w)(?<!\w-)(?=[{firsts}]){_alternatives(tree)}(?!-?\w)", re.IGNORECASE)


def _alternatives(tree: Mapping[str, Any]) -> str:
    """A pattern for the names in a tree of letters: each letter of a text is looked at once, not
    once for each name."""
    branches = [
        re.escape(letter) + _alternatives(rest)
        for letter, rest in sorted(tree.items())
        if letter != _END
    ]
    if not branches:
        return ""
    choice = f"(?:{'|'.join(branches)})"
    return f"{choice}?" if _END in tree else choice


def load(qt_file: Path | None = None) -> DrugCodes:
    """The drugs shipped with the service; `qt_file` replaces the list of QT drugs.

    Raises LabCodesError for a site's file that cannot be used.
    """
    qt = written(_Drugs, qt_file) if qt_file else shipped(_Drugs, "qt_drugs.toml")
    drugs = (*shipped(_Drugs, "drugs.toml").drug, *qt.drug)
    return DrugCodes(drugs, shipped(_MagnesiumProducts, "magnesium_products.toml"))
