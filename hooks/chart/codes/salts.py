"""Salts of magnesium: which one a name, a code or an ingredient stands for."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.mixture import MixtureNames, Mixtures
from hooks.chart.codes.unnamed import Unnamed, UnnamedMagnesium
from hooks.chart.codes.words import folded, whole_words
from hooks.chart.fact import Fact

#: The name of the salt that magnesium is replaced with.
SULFATE: Final = "magnesium sulfate"


class Ingredient(Entry):
    """A salt that magnesium is replaced with, as the code list writes it."""

    name: Text
    rxnorm: tuple[Text, ...]
    names: tuple[Text, ...]
    symbols: tuple[Text, ...] = ()
    needs_intravenous_evidence: bool
    counts_in_mixture: bool
    source: Text


class Named(Fact, frozen=True):
    """How a medication or one of its ingredients is called: RxNorm codes, and texts."""

    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class Salt(Fact, frozen=True):
    """A salt of magnesium; without a name nobody tells which.

    One that `counts_in_mixture` was put there for its magnesium, and one that `is_injected` goes
    into a vein where nobody says otherwise.
    """

    name: str | None
    counts_in_mixture: bool = True
    is_injected: bool = False


class Others(Fact, frozen=True):
    """The other drugs that are known: `oral` are salts for the mouth by code and by name, `names`
    finds any drug, `codes` are those of all of them."""

    oral: Mapping[str, str]
    oral_codes: Mapping[str, str]
    names: re.Pattern[str]
    codes: frozenset[str]


_UNNAMED: Final = Salt(None)


class Salts:
    """Finds salts of magnesium in texts that are `folded`.

    `products` are the codes of what goes into a vein, each with the name of its salt.
    """

    def __init__(
        self,
        replacing: Iterable[Ingredient],
        products: Mapping[str, str],
        words: Mixtures,
        unnamed: Unnamed,
        others: Others,
    ) -> None:
        self.mixtures = MixtureNames(words)
        self._unnamed = UnnamedMagnesium(unnamed)
        salts = [(each, _salt(each)) for each in replacing]
        named = {salt.name: salt for _, salt in salts}
        self._by_code = {code: salt for each, salt in salts for code in each.rxnorm}
        self._by_code |= {code: named[name] for code, name in products.items()}
        by_name = {folded(name).lower(): salt for each, salt in salts for name in each.names}
        by_symbol = {folded(name).lower(): salt for each, salt in salts for name in each.symbols}
        # Behind a number `mg` is a milligram: `morphine 15 mg sulfate`.
        self._names = re.compile(
            rf"{whole_words(by_name).pattern}|(?<!\d)(?<!\d ){whole_words(by_symbol).pattern}",
            re.IGNORECASE,
        )
        self._any = re.compile(
            f"{self._names.pattern}|{self._unnamed.names.pattern}", re.IGNORECASE
        )
        self._by_name = by_name | by_symbol
        self._others = others
        self._oral_names = whole_words(others.oral)
        self._nutrition = whole_words(words.nutrition)
        self._inert = whole_words(words.inert)

    def by_code(self, codes: Iterable[str]) -> Salt | None:
        """The salt that one of the codes stands for."""
        for code in codes:
            if code in self._by_code:
                return self._by_code[code]
        return None

    def by_name(self, text: str) -> Salt | None:
        """The salt for replacement that a text names."""
        match = self._names.search(text)
        return None if match is None else self._by_name[match[0].lower()]

    def by_mouth(self, codes: tuple[str, ...], text: str) -> Salt | None:
        """The salt for the mouth that codes, else a text, stand for."""
        for code in codes:
            if code in self._others.oral_codes:
                return Salt(self._others.oral_codes[code])
        # A code that stands for another drug says more than a word in a text.
        match = None if self.is_other(codes) else self._oral_names.search(text)
        return None if match is None else Salt(self._others.oral[match[0].lower()])

    def by_symbol(self, codes: tuple[str, ...], text: str) -> Salt | None:
        """Magnesium by its symbol: `Mg` and an amount, or `Mg` beside whatever else."""
        if self.is_other(codes):
            return None
        if self._unnamed.is_by_symbol(text) and not self._others.names.search(text):
            return _UNNAMED
        if not self._unnamed.is_by_free_symbol(text):
            return None
        return _UNNAMED if self._unnamed.is_by_free_symbol(self._unnamed.unbound(text)) else None

    def is_other(self, codes: Iterable[str]) -> bool:
        """Whether one of the codes stands for a drug that is known."""
        return not self._others.codes.isdisjoint(codes)

    def names_unknown(self, text: str) -> bool:
        """Whether a text names magnesium of no known salt.

        That of another drug's salt is none (`esomeprazole magnesium`); another drug beside it may
        be what it is given for, or with.
        """
        if not self._unnamed.is_named(text):
            return False
        if self._oral_names.search(text) or self._inert.search(text):
            return False
        return self._unnamed.is_named(self._unnamed.unbound(text))

    def names_any(self, text: str) -> bool:
        """Whether a text names magnesium, of whatever salt."""
        return self._any.search(text) is not None

    def names_others(self, text: str) -> bool:
        """Whether a text that names a salt names another drug too."""
        known = self._others.names.search(text) is not None
        return known or self.mixtures.names_others(text, self._any)

    def joined(self, text: str) -> Salt | None:
        """An amount of magnesium of no named salt that a name joins to another drug.

        `esomeprazole magnesium 20 mg` is a salt of that drug.
        """
        if not self._unnamed.may_have_amount(text):
            return None
        for part in self.mixtures.joined(text):
            if self._unnamed.has_amount(part) and not self._others.names.search(part):
                return _UNNAMED
        return None

    def listed(self, text: str) -> Salt | None:
        """The salt that a name lists among other drugs.

        Nutrition and balanced solutions hold a little magnesium by their nature: nobody ordered it.
        """
        parts = self.mixtures.ingredients(text)
        if not parts or self._nutrition.search(text):
            return None
        found = None
        for part in parts:
            salt = self._in_part((), part)
            if salt is not None and salt.is_injected:
                return salt
            if salt is not None and salt.counts_in_mixture:
                found = found or salt
        return found

    def ingredient(self, each: Named) -> Salt | None:
        """The salt that one ingredient is, by its codes, else by its texts."""
        known = self.by_code(each.codes)
        return known or self._in_part(each.codes, " ; ".join(each.texts))

    def _in_part(self, codes: tuple[str, ...], text: str) -> Salt | None:
        oral = self.by_mouth(codes, text)
        if oral is not None or self.is_other(codes):
            return oral
        named = self.by_name(text)
        if named is None and self.names_unknown(text):
            return _UNNAMED
        return named


def _salt(each: Ingredient) -> Salt:
    return Salt(each.name, each.counts_in_mixture, not each.needs_intravenous_evidence)
