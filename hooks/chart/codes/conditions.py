"""Conditions: which of the patient's coded problems the protocol knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import PositiveInt

from hooks.chart.codes.cautions import CautionNames, Cautions, Denials, cautions
from hooks.chart.codes.files import Entry, Text, shipped
from hooks.chart.codes.indications import IndicationCodes, Indications, indication_codes
from hooks.chart.codes.systems import EDITIONS, ICD, Codes, home_of
from hooks.chart.codes.words import words_of
from hooks.chart.fact import Fact

_ICD_CATEGORY: Final = 3
#: In a list, at the end of the beginning of codes.
_ANY: Final = "*"
#: What some editions put behind a code: cross and star, `also`, `not further specified`.
_MARKS: Final = "\N{DAGGER}*!+.-"


class Passing(Fact, frozen=True):
    """When a condition that cannot last is over: so long after its dates, or after its end."""

    after: timedelta
    after_end: timedelta


class _Passes(Entry):
    days: PositiveInt
    days_after_end: PositiveInt
    source: Text

    @property
    def passing(self) -> Passing:
        return Passing(timedelta(self.days), timedelta(self.days_after_end))


class _Condition(Entry):
    id: Text
    name: Text
    passes: _Passes | None = None
    codes: tuple[Codes, ...]


class _NoProblem(Entry):
    texts: frozenset[Text]
    source: Text


class _Conditions(Entry):
    no_problem: _NoProblem
    denials: Denials
    caution: tuple[CautionNames, ...]
    condition: tuple[_Condition, ...]
    indication: Indications


@dataclass(frozen=True, slots=True)
class ConditionCodes:
    """Known conditions by (system, code), and by (system, beginning of a code).

    `beginnings` are the lengths that these beginnings have, the longest first; `one_edition` are
    the codes that mean something else in other editions of their system; `passing` are the
    conditions that cannot last, by their id; `cautions` are what shuts a gate, by its names.
    """

    exact: Mapping[tuple[str, str], str]
    prefixes: Mapping[tuple[str, str], str]
    beginnings: tuple[int, ...]
    one_edition: frozenset[tuple[str, str]]
    systems: frozenset[str]
    names: Mapping[str, str]
    passing: Mapping[str, Passing]
    no_problem: frozenset[str]
    cautions: Cautions
    indications: IndicationCodes

    def says_no_problem(self, text: str) -> bool:
        """Whether a text says, as a whole, that there is no problem."""
        return words_of(text) in self.no_problem

    def knows(self, system: str) -> bool:
        """Whether the codes of a system, under whatever name it goes, are looked up here."""
        return home_of(system) in self.systems

    def find(self, system: str, code: str) -> str | None:
        """The id of the condition that a code stands for, under whatever name its system goes."""
        home = home_of(system)
        if home == ICD:
            code = code.strip().rstrip(_MARKS).upper()
            if "." not in code and len(code) > _ICD_CATEGORY:
                code = f"{code[:_ICD_CATEGORY]}.{code[_ICD_CATEGORY:]}"
        known = self.exact.get((home, code))
        if known is not None:
            elsewhere = system in EDITIONS and (home, code) in self.one_edition
            return None if elsewhere else known
        for length in self.beginnings:
            known = self.prefixes.get((home, code[:length]))
            if known is not None:
                return known
        return None


def load() -> ConditionCodes:
    """The conditions shipped with the service."""
    listed = shipped(_Conditions, "conditions.toml")
    each = [
        (condition.id, group, code)
        for condition in listed.condition
        for group in condition.codes
        for code in group.codes
    ]
    exact = {(group.system, code): known for known, group, code in each if not code.endswith(_ANY)}
    prefixes = {
        (group.system, code[:-1]): known for known, group, code in each if code.endswith(_ANY)
    }
    return ConditionCodes(
        exact,
        prefixes,
        tuple(sorted({len(beginning) for _, beginning in prefixes}, reverse=True)),
        frozenset((group.system, code) for _, group, code in each if group.only_this_edition),
        frozenset(system for system, _ in (*exact, *prefixes)),
        {condition.id: condition.name for condition in listed.condition},
        {
            condition.id: condition.passes.passing
            for condition in listed.condition
            if condition.passes is not None
        },
        listed.no_problem.texts,
        cautions(listed.caution, listed.denials),
        indication_codes(listed.indication),
    )
