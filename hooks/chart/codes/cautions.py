"""Cautions: which conditions that shut a gate the name of a problem speaks of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hooks.chart.codes.files import Entry, Text

_SEPARATOR: Final = re.compile(r"[.;,:()/|\n\r]+|\s[-\N{EN DASH}\N{EM DASH}]\s")
_NO_WORD: Final = re.compile(r"[^\w,]+")
#: How far words are looked for around a name: no phrase is longer, and few clauses.
_NEAR: Final = 40
_CLAUSE: Final = 120


class _Denials(Entry):
    """Words by which a text speaks of a condition and does not say that the patient has it.

    `before` and `after` stand directly beside the name, `ahead` and `behind` anywhere in its
    clause.
    """

    before: tuple[Text, ...] = ()
    after: tuple[Text, ...] = ()
    ahead: tuple[Text, ...] = ()
    behind: tuple[Text, ...] = ()


class Denials(_Denials):
    """What denies any condition, and the words at which a clause ends."""

    ends: tuple[Text, ...]
    source: Text


class CautionNames(_Denials):
    """The names of one reason for caution, and the conditions whose codes tell it."""

    told_by: tuple[Text, ...]
    names: tuple[Text, ...]
    source: Text


@dataclass(frozen=True, slots=True)
class Caution:
    """One reason for caution: the ids of the conditions whose codes tell it, and its names."""

    told_by: tuple[str, ...]
    _names: re.Pattern[str]
    _before: tuple[str, ...]
    _after: tuple[str, ...]
    _ahead: tuple[str, ...]
    _behind: tuple[str, ...]
    _ends: re.Pattern[str]

    def is_named(self, plain: str) -> bool:
        """Whether a text, as `Cautions.named` makes it plain, names it and does not deny it."""
        return any(
            not self._is_denied(plain, *found.span()) for found in self._names.finditer(plain)
        )

    def _is_denied(self, plain: str, start: int, end: int) -> bool:
        if plain.endswith(self._before, max(0, start - _NEAR), start):
            return True
        if plain.startswith(self._after, end):
            return True
        ahead = self._ends.split(plain[max(0, start - _CLAUSE) : start])[-1]
        behind = self._ends.split(plain[end : end + _CLAUSE], maxsplit=1)[0]
        return any(word in ahead for word in self._ahead) or any(
            word in behind for word in self._behind
        )


@dataclass(frozen=True, slots=True)
class Cautions:
    """The reasons for caution that the name of a problem is searched for."""

    _each: tuple[Caution, ...]
    _any: re.Pattern[str]

    def named(self, text: str) -> tuple[Caution, ...]:
        """The cautions that a text names; those it denies, or has of someone else, are none."""
        plain = f" {_NO_WORD.sub(' ', _SEPARATOR.sub(' , ', text.lower()))} "
        if self._any.search(plain) is None:
            return ()
        return tuple([caution for caution in self._each if caution.is_named(plain)])


def cautions(listed: Iterable[CautionNames], denials: Denials) -> Cautions:
    """The cautions of a list, each with what denies it."""
    listed = tuple(listed)
    ends = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, denials.ends))})(?!\w)")
    return Cautions(
        tuple(
            Caution(
                one.told_by,
                _pattern(one.names),
                _spaced(denials.before + one.before),
                _spaced(denials.after + one.after),
                _spaced(denials.ahead + one.ahead),
                _spaced(denials.behind + one.behind),
                ends,
            )
            for one in listed
        ),
        _pattern(name for one in listed for name in one.names),
    )


def _spaced(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(f" {word} " for word in words)


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern of any of the names as whole words; `*` stands for any ending."""
    longest = sorted(names, key=len, reverse=True)
    words = "|".join(re.escape(name).replace(r"\*", r"\w*") for name in longest)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")
