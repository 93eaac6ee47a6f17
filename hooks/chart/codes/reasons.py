"""Reasons: what the words and codes of an order's reason name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.systems import Codes, bare, home_of
from hooks.chart.codes.words import any_of, words_of
from hooks.chart.fact import Fact

#: No shorter name is looked for within a longer word.
_SHORTEST_HINT: Final = 6
_CLAUSES: Final = re.compile(r"[.;\n\r]+")


class _LowMagnesium(Entry):
    names: tuple[Text, ...]
    codes: tuple[Codes, ...]
    source: Text


class _Silent(Entry):
    texts: frozenset[Text]
    source: Text


class _Replaced(Entry):
    names: tuple[Text, ...]
    texts: frozenset[Text]
    conditions: frozenset[Text]
    codes: tuple[Codes, ...]
    source: Text


class _Aside(Entry):
    words: tuple[Text, ...]
    source: Text


class _Coded(Codes):
    condition: Text


class Reasons(Entry):
    """Words and codes of reasons, as the code list writes them."""

    names: Mapping[str, tuple[Text, ...]]
    words: frozenset[Text]
    words_beside: Mapping[str, frozenset[Text]]
    doubtful: Mapping[str, tuple[Text, ...]]
    aside: _Aside
    coded: tuple[_Coded, ...]
    low_magnesium: _LowMagnesium
    silent: _Silent
    replaced: _Replaced
    source: Text


class Stated(Fact, frozen=True):
    """A condition that free text names; not `certain` if it may be denied, asked or past."""

    condition: str
    certain: bool


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """What reasons say, in words and in codes.

    `conditions` are other indications by their names, the longest first, `doubtful` those by names
    that leave it open, `coded` those by codes that say so only of a reason; behind what `aside`
    finds, free text names none. `harmless` are the words that leave such a reason certain,
    `harmless_beside` those that do so beside one condition.
    `low_...` stand for a low magnesium, `replaced_...` for what magnesium is replaced for.
    """

    conditions: Mapping[str, str]
    doubtful: Mapping[str, str]
    coded: Mapping[tuple[str, str], str]
    aside: re.Pattern[str]
    harmless: frozenset[str]
    harmless_beside: Mapping[str, frozenset[str]]
    low_names: tuple[str, ...]
    low_codes: frozenset[tuple[str, str]]
    silent: frozenset[str]
    replaced_texts: frozenset[str]
    replaced_names: tuple[str, ...]
    replaced_codes: Mapping[str, tuple[str, ...]]
    replaced_conditions: frozenset[str]

    def stated(self, text: str) -> Stated | None:
        """The condition that an order's reason names in words, None if it names none.

        Certain is a reason only if every one of its words is known: nobody can list the ways in
        which a text denies, doubts or remembers.
        """
        rest = f" {words_of(text)} "
        named = set()
        for name in self.conditions:
            if f" {name} " in rest:
                named.add(self.conditions[name])
                rest = rest.replace(f" {name} ", "  ")
        if len(named) == 1:
            (known,) = named
            more = self.harmless_beside.get(known, frozenset())
            if not set(rest.split()) - self.harmless - more:
                return Stated(known, certain=True)
        suspected = min(named, default=self._hinted(rest))
        return None if suspected is None else Stated(suspected, certain=False)

    def _hinted(self, words: str) -> str | None:
        """What a text may mean: a doubtful name, or one within a longer word.

        Of a short name a longer word says nothing: `pea` in `repeat`.
        """
        for name, known in self.doubtful.items():
            if f" {name} " in words:
                return known
        for name, known in self.conditions.items():
            if len(name) >= _SHORTEST_HINT and name in words:
                return known
        return None

    def suggested(self, text: str) -> str | None:
        """The clause of free text in which an order may name another indication; None without one.

        What an order is for is not all that is said of it: `monitor for cardiac arrest`.
        """
        for clause in _CLAUSES.split(text):
            words = self.aside.split(f" {words_of(clause)} ", maxsplit=1)[0]
            if self.stated(words) is not None:
                return clause.strip()
        return None

    def coded_for(self, system: str, code: str) -> str | None:
        """The condition that a code stands for where it is the reason of an order."""
        return self.coded.get((home_of(system), bare(code)))

    def says_no_reason(self, text: str) -> bool:
        """Whether the reason of an order says, as a whole, nothing of what the order is for."""
        return words_of(text) in self.silent

    def says_low_magnesium(self, text: str) -> bool:
        """Whether a text names a low magnesium, which replacement is for."""
        words = f" {words_of(text)} "
        return any(f" {name} " in words for name in self.low_names)

    def is_low_magnesium(self, system: str, code: str) -> bool:
        """Whether a code stands for a low magnesium, which replacement is for."""
        return (home_of(system), bare(code)) in self.low_codes

    def says_replacement(self, text: str) -> bool:
        """Whether a text speaks of what magnesium is replaced for: a low potassium, a long QT."""
        words = f" {words_of(text)} "
        return any(name in words for name in self.replaced_names) or (
            words_of(text) in self.replaced_texts
        )

    def is_replacement(self, condition: str | None, system: str, code: str) -> bool:
        """Whether a code, or the `condition` that it stands for, is what magnesium is given for."""
        beginnings = self.replaced_codes.get(home_of(system), ())
        return condition in self.replaced_conditions or bare(code).startswith(beginnings)


def reason_codes(listed: Reasons) -> ReasonCodes:
    """The reasons of a list."""
    low, replaced = listed.low_magnesium, listed.replaced
    by_name = {name: known for known, many in listed.names.items() for name in many}
    return ReasonCodes(
        {name: by_name[name] for name in sorted(by_name, key=len, reverse=True)},
        {name: known for known, many in listed.doubtful.items() for name in many},
        {(each.system, bare(code)): each.condition for each in listed.coded for code in each.codes},
        re.compile(f" {any_of(listed.aside.words)} "),
        listed.words,
        listed.words_beside,
        low.names,
        frozenset((group.system, bare(code)) for group in low.codes for code in group.codes),
        listed.silent.texts,
        replaced.texts,
        tuple(f" {name[:-1]}" if name.endswith("*") else f" {name} " for name in replaced.names),
        {group.system: tuple(map(bare, group.codes)) for group in replaced.codes},
        replaced.conditions,
    )
