"""Routes: how a drug is given, as the codes and words of an order or the name of a product tell."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.words import folded, whole_words


class Route(StrEnum):
    """How magnesium is given, as far as it matters: into the body or through the gut.

    `OTHER` is a route that is stated and is none of these, or that contradicts the product:
    nobody knows here what it does, so it counts as magnesium and is never made intravenous.
    """

    INTRAVENOUS = "intravenous"
    INTRAMUSCULAR = "intramuscular"
    ENTERAL = "enteral"
    OTHER = "other"


#: What counts of magnesium that is else taken by mouth (settled 6).
PARENTERAL: Final = frozenset({Route.INTRAVENOUS, Route.INTRAMUSCULAR})


class RouteWords(Entry):
    """Codes and words of routes, as the code list writes them.

    `injected_words` tell a vein in the name of a product alone; with one of the `enteral_doubts`
    free text that names the mouth may mean another way. In a text that begins with one of `taken`
    only `taken_doubts` are such.
    """

    intravenous_codes: frozenset[Text]
    intravenous_words: tuple[Text, ...]
    injected_words: tuple[Text, ...]
    intramuscular_codes: frozenset[Text]
    intramuscular_words: tuple[Text, ...]
    enteral_codes: frozenset[Text]
    enteral_words: tuple[Text, ...]
    enteral_doubts: tuple[Text, ...]
    taken: tuple[Text, ...]
    taken_doubts: tuple[Text, ...]
    other_words: tuple[Text, ...]
    source: Text


class Routes:
    """Tells the route of an order or of a product; `carriers` name fluids that go into a vein."""

    def __init__(self, words: RouteWords, carriers: Iterable[str]) -> None:
        self._codes = (
            (Route.ENTERAL, words.enteral_codes),
            (Route.INTRAMUSCULAR, words.intramuscular_codes),
            (Route.INTRAVENOUS, words.intravenous_codes),
        )
        #: The words for a vein.
        self.intravenous = _any(words.intravenous_words)
        self._enteral = _any(words.enteral_words)
        self._doubts = _any(words.enteral_doubts)
        self._taken = _any(words.taken)
        self._taken_doubts = _any(words.taken_doubts)
        self._carriers = whole_words(carriers)
        sure = (
            (Route.OTHER, _any(words.other_words)),
            (Route.INTRAVENOUS, self.intravenous),
            (Route.INTRAMUSCULAR, _any(words.intramuscular_words)),
        )
        enteral = (Route.ENTERAL, self._enteral)
        # `injection` and `infusion` tell no route: they may lead under the skin or into the spine.
        self._words = (*sure, enteral)
        # `powder for injection` and `injection IV/IM` go into a vein before they go anywhere.
        self._product_words = (*sure, (Route.INTRAVENOUS, _any(words.injected_words)), enteral)

    def stated(self, codes: Iterable[str], texts: Iterable[str]) -> Route:
        """The route that codes, else words, state; OTHER for any that is not certainly known."""
        codes, texts = tuple(codes), tuple(texts)
        said = {each.strip().upper() for each in (*codes, *texts)}
        known = {route for route, of_route in self._codes if said & of_route}
        if not known:
            known = self._in(folded(" ; ".join(texts or codes)))
        return known.pop() if len(known) == 1 else Route.OTHER

    def is_swallowed(self, text: str) -> bool:
        """Whether free text says that something is taken by mouth, and nothing beside it.

        It is asked of magnesium of no named salt, where a wrong vein would only withhold a dose:
        whatever denies the mouth, or sets a condition, leaves the route unknown.
        """
        said = folded(text)
        # `Take ... by mouth after meals`: the label of a tablet sets conditions of its own.
        doubts = self._taken_doubts if self._taken.match(said) else self._doubts
        return self._in(said) == {Route.ENTERAL} and not doubts.search(said)

    def beside(self, text: str) -> Route | None:
        """The route that free text names beside other things; None if it names none.

        Only a vein or a muscle is believed: a mouth in a sentence may be about something else,
        and an order that is wrongly taken for a tablet would let a second dose through.
        """
        named = self._in(folded(text))
        if not named:
            return None
        sure = named <= {Route.INTRAVENOUS} or named <= {Route.INTRAMUSCULAR}
        return named.pop() if sure else Route.OTHER

    def settled(self, ordered: Route | None, name: str) -> Route | None:
        """The ordered route, else the one in the name; a tablet is one by whatever odd route."""
        by_name = self._of_product(name)
        if ordered is None or (ordered is Route.OTHER and by_name is Route.ENTERAL):
            return by_name
        return ordered

    def parenteral(self, ordered: Route | None, name: str, *, is_mixture: bool) -> Route | None:
        """The route of what counts only in a vein or a muscle; None if nobody says so.

        A tablet of a salt for the mouth stays one by whatever route; of a mixture, what it is
        diluted in tells of a vein.
        """
        by_name = self._of_product(name)
        if by_name is None and is_mixture and self.is_carried(name):
            by_name = Route.INTRAVENOUS
        if ordered in PARENTERAL:
            return None if by_name is Route.ENTERAL and not is_mixture else ordered
        if by_name not in PARENTERAL or (not is_mixture and self._enteral.search(name)):
            return None
        if ordered is Route.OTHER:
            return ordered
        return by_name if ordered is None else None

    def is_carried(self, name: str) -> bool:
        """Whether a name tells of a fluid that something is in."""
        return self._carriers.search(name) is not None

    def _in(self, text: str) -> set[Route]:
        return {route for route, words in self._words if words.search(text)}

    def _of_product(self, name: str) -> Route | None:
        return next((route for route, words in self._product_words if words.search(name)), None)


def _any(words: Iterable[str]) -> re.Pattern[str]:
    return whole_words(map(folded, words))
