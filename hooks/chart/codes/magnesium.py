"""Magnesium: what of it a medication holds, and how it is given."""

from collections.abc import Mapping, Sequence

from hooks.chart.codes.mixture import BETWEEN, Mixtures
from hooks.chart.codes.products import Product
from hooks.chart.codes.routes import PARENTERAL, Route, Routes
from hooks.chart.codes.salts import SULFATE, Named, Salt, Salts
from hooks.chart.codes.words import folded, whole_words
from hooks.chart.fact import Fact


class Magnesium(Fact, frozen=True):
    """The magnesium of a medication: how it is given, its salt, and whether others are with it."""

    route: Route
    salt: str | None
    is_mixture: bool = False

    @property
    def names_more(self) -> bool:
        """Whether its name may tell of other drugs that matter."""
        return self.is_mixture or self.salt != SULFATE


class MagnesiumReader:
    """Reads the magnesium of medications whose texts are `folded`.

    `products` are known by their codes, else `salts` finds it; `routes` tells where it goes.
    """

    def __init__(
        self, products: Mapping[str, Product], salts: Salts, routes: Routes, words: Mixtures
    ) -> None:
        self._products = products
        self._salts = salts
        self._mixtures = salts.mixtures
        self._routes = routes
        self._bowel = whole_words(map(folded, words.bowel))

    def read(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> Magnesium | None:
        """The magnesium that a medication's own codes, else its texts, tell of.

        None for one that is no magnesium sulfate or chloride at all, nor another salt that is
        given into a vein or a muscle. `route` is the ordered one.
        """
        for code in codes:
            if code in self._products:
                return self._of_product(self._products[code], texts, route)
        salt = self._salts.by_code(codes)
        # A code that stands for another drug says more than a word in a text.
        is_other = salt is None and self._salts.is_other(codes)
        if salt is None and not is_other:
            alone = (each for each in texts if not self._mixtures.ingredients(each))
            salt = next(filter(None, map(self._salts.by_name, alone)), None)
        if salt is None:
            unnamed = None if is_other else self._unnamed_salt(texts, route)
            return unnamed or self._injected(codes, texts, route)
        return self._of_salt(salt, codes, texts, route)

    def among(
        self,
        ingredients: Sequence[Named],
        magnesium: Magnesium | None,
        texts: tuple[str, ...],
        route: Route | None,
    ) -> Magnesium | None:
        """The magnesium of a medication that lists its ingredients.

        `magnesium` is what its name tells of, and its ingredients of the other drugs beside that.
        """
        if magnesium is None:
            return self._added(texts, ingredients, route)
        if not self._is_among_others(ingredients):
            return magnesium
        return Magnesium(magnesium.route, magnesium.salt, True)

    def _of_product(
        self, product: Product, texts: tuple[str, ...], route: Route | None
    ) -> Magnesium:
        """That of a product known by its code: a route that contradicts it is none."""
        if not product.intravenous:
            given = Route.OTHER if route in PARENTERAL else Route.ENTERAL
        else:
            given = Route.OTHER if route is Route.ENTERAL else route or Route.INTRAVENOUS
        mixed = any(map(self._salts.names_others, texts))
        return Magnesium(given, product.ingredient, mixed)

    def _of_salt(
        self, salt: Salt, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> Magnesium | None:
        """That of a salt for replacement, with what else the name tells of."""
        mixed = (
            self._salts.is_other(codes)
            or any(map(self._salts.names_others, texts))
            or any(map(self._bowel.search, texts))
        )
        if mixed and salt.is_injected:
            return self._mixed(salt, route, " ; ".join(texts))
        known = self._routes.settled(route, " ; ".join(texts))
        if known is None:
            known = Route.INTRAVENOUS if salt.is_injected else Route.ENTERAL
        return Magnesium(known, salt.name, mixed)

    def _unnamed_salt(self, texts: tuple[str, ...], route: Route | None) -> Magnesium | None:
        """Magnesium whose salt the text does not tell, if it is not by mouth.

        It may be sulfate: its dose cannot be read, and nothing is offered beside it. Where nobody
        says how it is given it may also be a tablet of a home list: it is not called intravenous.
        """
        text = " ; ".join(texts)
        if not self._salts.names_unknown(text):
            return None
        if any(self._mixtures.ingredients(each) for each in texts):
            return None
        known = self._routes.settled(route, text)
        if known is Route.ENTERAL:
            return None
        mixed = any(map(self._salts.names_others, texts))
        given = known or self._carried(route, text)
        if given is None:
            given = Route.INTRAVENOUS if mixed else Route.OTHER
        return Magnesium(given, None, mixed)

    def _injected(
        self, codes: tuple[str, ...], texts: tuple[str, ...], route: Route | None
    ) -> Magnesium | None:
        """Magnesium that counts only where it goes into a vein or a muscle (settled 6).

        That is a salt which else is taken by mouth, and magnesium that a name lists among other
        drugs: its dose cannot be read, and nothing is offered beside it.
        """
        text = " ; ".join(texts)
        named = map(self._salts.listed, texts) if BETWEEN in text else ()
        mixed = next(filter(None, (*named, *map(self._salts.joined, texts))), None)
        if mixed is not None:
            return self._mixed(mixed, route, text)
        salt = self._salts.by_mouth(codes, text) or self._salts.by_symbol(codes, text)
        if salt is None:
            return None
        given = self._routes.parenteral(route, text, is_mixture=False)
        if given is None and salt.name is None:
            given = self._carried(route, text)
        if given is None:
            return None
        mixed = salt.name is None and any(map(self._salts.names_others, texts))
        return Magnesium(given, salt.name, mixed)

    def _carried(self, route: Route | None, text: str) -> Route | None:
        """A vein where no route is told, and a fluid is: `2 g Mg in D5W`, `1 L NS with 2 g Mg`."""
        if route is not None or self._routes.settled(None, text) is not None:
            return None
        in_fluid = self._routes.is_carried(text) or self._mixtures.is_diluent(text)
        return Route.INTRAVENOUS if in_fluid else None

    def _mixed(self, salt: Salt, route: Route | None, text: str) -> Magnesium | None:
        """A salt among other drugs: one that goes into a vein counts unless it is swallowed."""
        if salt.is_injected:
            given = self._routes.settled(route, text) or Route.INTRAVENOUS
            if given is Route.ENTERAL or (route not in PARENTERAL and self._bowel.search(text)):
                return None
            return Magnesium(given, salt.name, True)
        stated = self._routes.parenteral(route, text, is_mixture=True)
        if stated is None and salt.name is None:
            stated = self._carried(route, text)
        return None if stated is None else Magnesium(stated, salt.name, True)

    def _is_among_others(self, ingredients: Sequence[Named]) -> bool:
        """Whether one of the ingredients is neither magnesium nor what it is diluted in."""
        return any(
            self._salts.ingredient(each) is None
            and not any(map(self._mixtures.is_diluent, each.texts))
            for each in ingredients
        )

    def _added(
        self, texts: tuple[str, ...], ingredients: Sequence[Named], route: Route | None
    ) -> Magnesium | None:
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
