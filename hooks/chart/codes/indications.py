"""Indications: what the words and codes of an order's reason name."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.systems import Codes, bare, home_of
from hooks.chart.codes.words import any_of, words_of
from hooks.chart.fact import Fact

#: No shorter name is looked for within a longer word.
_SHORTEST_HINT: Final = 6
_CLAUSES: Final = re.compile(r"[.;\n\r]+")
#: At these an aside ends within a clause; `, or` and `, and` go on with it.
_PARTS: Final = re.compile(r",(?!\s?(?:or|and|nor)\b)|\s[-\N{EN DASH}\N{EM DASH}]+\s|[()]")


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
    ends: tuple[Text, ...]
    first: tuple[Text, ...]
    directly: tuple[Text, ...]
    fillers: tuple[Text, ...]
    last: tuple[Text, ...]
    feared: tuple[Text, ...]
    feared_behind: tuple[Text, ...]
    beside_low: tuple[Text, ...]
    only_ended: frozenset[Text]
    unlike: tuple[Text, ...]
    placed: tuple[Text, ...]
    source: Text


class _Coded(Codes):
    condition: Text


class Indications(Entry):
    """Words and codes of indications, as the code list writes them."""

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


@dataclass(frozen=True, slots=True)
class Asides:
    """What free text says of a condition without naming it as what an order is for.

    `starts` is where an aside begins within a clause, `ends` where one has ended, `mentions` are
    names that are denied, remembered or feared, `mentions_beside_low` also what is prevented, and
    `no_aside` words that only look like one of these or like a name.
    """

    starts: re.Pattern[str]
    ends: re.Pattern[str]
    mentions: re.Pattern[str]
    mentions_beside_low: re.Pattern[str]
    no_aside: re.Pattern[str]

    def kept(self, clause: str, *, beside_low: bool) -> Iterator[str]:
        """The words of a clause, in parts, without what is said aside."""
        mentions = self.mentions_beside_low if beside_low else self.mentions
        words = self._without(mentions, clause)
        if self.starts.search(words) is None:
            yield words
            return
        for part in _PARTS.split(clause):
            words = self._without(mentions, part)
            # Of what follows an end, an aside may begin again.
            for said in self.ends.split(words):
                yield self.starts.split(f" {said.strip()} ", maxsplit=1)[0] + " "

    def _without(self, mentions: re.Pattern[str], text: str) -> str:
        return mentions.sub("  ", self.no_aside.sub("  ", f" {words_of(text)} "))


class Stated(Fact, frozen=True):
    """A condition that free text names; not `certain` if it may be denied, asked or past."""

    condition: str
    certain: bool


@dataclass(frozen=True, slots=True)
class IndicationCodes:
    """What an order is for, by the words and codes of its reasons.

    `conditions` are other indications by their names, the longest first, `doubtful` those by names
    that leave it open, `coded` those by codes that say so only of a reason; what
    `asides` are, names none in free text. `harmless` are the words that leave such a reason
    certain, `harmless_beside` those that do so beside one condition.
    `low_...` stand for a low magnesium, `replaced_...` for what magnesium is replaced for.
    """

    conditions: Mapping[str, str]
    doubtful: Mapping[str, str]
    coded: Mapping[tuple[str, str], str]
    asides: Asides
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

    def suggested(self, text: str, *, beside_low: bool = False) -> str | None:
        """The clause of free text in which an order may name another indication; None without one.

        What an order is for is not all that is said of it: `monitor for cardiac arrest`. Beside
        a low magnesium as the reason, what is to be prevented is no other indication.
        """
        for clause in _CLAUSES.split(text):
            if self.stated(clause) is None:
                continue
            kept = self.asides.kept(clause, beside_low=beside_low)
            if any(self.stated(words) is not None for words in kept):
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


def indication_codes(listed: Indications) -> IndicationCodes:
    """The indications of a list."""
    low, replaced = listed.low_magnesium, listed.replaced
    by_name = {name: known for known, many in listed.names.items() for name in many}
    return IndicationCodes(
        {name: by_name[name] for name in sorted(by_name, key=len, reverse=True)},
        {name: known for known, many in listed.doubtful.items() for name in many},
        {(each.system, bare(code)): each.condition for each in listed.coded for code in each.codes},
        _asides(listed),
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


def _asides(listed: Indications) -> Asides:
    aside = listed.aside
    filled = f"(?:{any_of(aside.fillers)} ){{0,3}}"
    names = _names(listed, {*listed.names, *listed.doubtful})
    ended = _names(listed, aside.only_ended)
    behind = f"(?<= ){names} {any_of(aside.last)}(?= $)|(?<= ){ended} {any_of(aside.feared_behind)}"

    def mentions(feared: tuple[str, ...]) -> re.Pattern[str]:
        denied = f"{any_of(aside.directly)} {filled}{names}(?: or {names})*"
        return re.compile(
            f"(?:(?<= )(?:{denied}|{any_of(feared)} {filled}{ended})|{behind})(?= |$)"
        )

    placed = rf"(?<= ){any_of(aside.placed)} (?:[^\W\d]+ ){{0,2}}monitor(?:ing)?(?= )"
    return Asides(
        re.compile(f" {any_of(aside.words)} |^ {any_of(aside.first)} "),
        re.compile(f" {any_of(aside.ends)} "),
        mentions(aside.feared),
        mentions((*aside.feared, *aside.beside_low)),
        re.compile(f"{placed}|(?<= ){any_of(aside.unlike)}(?= )"),
    )


def _names(listed: Indications, conditions: AbstractSet[str]) -> str:
    """A pattern of the names of these conditions, those that leave it open too."""
    every = (*listed.names.items(), *listed.doubtful.items())
    return any_of(name for condition, names in every if condition in conditions for name in names)
