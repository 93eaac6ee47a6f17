"""Conditions: which of the patient's coded problems the protocol knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import PositiveInt

from hooks.chart.codes.cautions import CautionNames, Cautions, Denials, cautions
from hooks.chart.codes.files import Entry, Text, shipped
from hooks.chart.fact import Fact

_ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
_ICD_CATEGORY: Final = 3
_NO_WORD: Final = re.compile(r"[^\w?]+")
#: Other names of a system.
_NAMES: Final = {
    "urn:oid:2.16.840.1.113883.6.90": _ICD,
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
}
#: Other editions, whose codes mean the same as far as they are listed here.
_EDITIONS: Final = dict.fromkeys(
    (
        "http://hl7.org/fhir/sid/icd-10",
        "urn:oid:2.16.840.1.113883.6.3",
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "http://fhir.de/CodeSystem/dimdi/icd-10-gm",
        "http://hl7.org/fhir/sid/icd-10-gm",
        "http://hl7.org/fhir/sid/icd-10-am",
    ),
    _ICD,
)
#: What some editions put behind a code: cross and star, `also`, `not further specified`.
_MARKS: Final = "\N{DAGGER}*!+.-"


class _Codes(Entry):
    system: Text
    codes: tuple[Text, ...]
    source: Text
    verified: bool = True
    only_this_edition: bool = False


class _Passes(Entry):
    days: PositiveInt
    days_after_end: PositiveInt
    source: Text


class _Condition(Entry):
    id: Text
    name: Text
    passes: _Passes | None = None
    codes: tuple[_Codes, ...]


class _LowMagnesium(Entry):
    names: tuple[Text, ...]
    codes: tuple[_Codes, ...]
    source: Text


class _Silent(Entry):
    texts: frozenset[Text]
    source: Text


class _Replaced(Entry):
    names: tuple[Text, ...]
    texts: frozenset[Text]
    conditions: frozenset[Text]
    codes: tuple[_Codes, ...]
    source: Text


class _Reasons(Entry):
    names: Mapping[str, tuple[Text, ...]]
    words: frozenset[Text]
    words_beside: Mapping[str, frozenset[Text]]
    low_magnesium: _LowMagnesium
    silent: _Silent
    replaced: _Replaced
    source: Text


class _NoProblem(Entry):
    texts: frozenset[Text]
    source: Text


class _Conditions(Entry):
    no_problem: _NoProblem
    denials: Denials
    caution: tuple[CautionNames, ...]
    condition: tuple[_Condition, ...]
    reason: _Reasons


class Stated(Fact, frozen=True):
    """A condition that free text names; not `certain` if it may be denied, asked or past."""

    condition: str
    certain: bool


class Passing(Fact, frozen=True):
    """When a condition that cannot last is over: so long after its dates, or after its end."""

    after: timedelta
    after_end: timedelta


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
    reasons: Mapping[str, str]
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
        rest = f" {_NO_WORD.sub(' ', text.lower())} "
        named = set()
        for name in self.reasons:
            if f" {name} " in rest:
                named.add(self.reasons[name])
                rest = rest.replace(f" {name} ", "  ")
        if len(named) == 1:
            (known,) = named
            more = self.harmless_beside.get(known, frozenset())
            if not set(rest.split()) - self.harmless - more:
                return Stated(known, certain=True)
        hinted = next((known for name, known in self.reasons.items() if name in rest), None)
        suspected = min(named, default=hinted)
        return None if suspected is None else Stated(suspected, certain=False)

    def says_no_problem(self, text: str) -> bool:
        """Whether a text says, as a whole, that there is no problem."""
        return _whole(text) in self.no_problem

    def says_no_reason(self, text: str) -> bool:
        """Whether the reason of an order says, as a whole, nothing of what the order is for."""
        return _whole(text) in self.silent

    def says_low_magnesium(self, text: str) -> bool:
        """Whether a text names a low magnesium, which replacement is for."""
        words = f" {_NO_WORD.sub(' ', text.lower())} "
        return any(f" {name} " in words for name in self.low_names)

    def is_low_magnesium(self, system: str, code: str) -> bool:
        """Whether a code stands for a low magnesium, which replacement is for."""
        return (_home(system), _bare(code)) in self.low_codes

    def says_replacement(self, text: str) -> bool:
        """Whether a text speaks of what magnesium is replaced for: a low potassium, a long QT."""
        words = f" {_NO_WORD.sub(' ', text.lower())} "
        return any(name in words for name in self.replaced_names) or (
            _whole(text) in self.replaced_texts
        )

    def is_replacement(self, system: str, code: str) -> bool:
        """Whether a code stands for what magnesium is replaced for."""
        beginnings = self.replaced_codes.get(_home(system), ())
        return _bare(code).startswith(beginnings) or (
            self.find(system, code) in self.replaced_conditions
        )

    def knows(self, system: str) -> bool:
        """Whether the codes of a system, under whatever name it goes, are looked up here."""
        return _home(system) in self.systems

    def find(self, system: str, code: str) -> str | None:
        """The id of the condition that a code stands for, under whatever name its system goes."""
        home = _home(system)
        if home == _ICD:
            code = code.strip().rstrip(_MARKS).upper()
            if "." not in code and len(code) > _ICD_CATEGORY:
                code = f"{code[:_ICD_CATEGORY]}.{code[_ICD_CATEGORY:]}"
        known = self.exact.get((home, code))
        if known is not None:
            elsewhere = system in _EDITIONS and (home, code) in self.one_edition
            return None if elsewhere else known
        for length in self.beginnings:
            known = self.prefixes.get((home, code[:length]))
            if known is not None:
                return known
        return None


def _home(system: str) -> str:
    """The system under whose name the codes of this one are listed here."""
    return _NAMES.get(system) or _EDITIONS.get(system, system)


def _whole(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text.lower()).split())


def _bare(code: str) -> str:
    return code.strip().replace(".", "").upper()


def load() -> ConditionCodes:
    """The conditions shipped with the service."""
    exact: dict[tuple[str, str], str] = {}
    prefixes: dict[tuple[str, str], str] = {}
    names: dict[str, str] = {}
    passing: dict[str, Passing] = {}
    one_edition: set[tuple[str, str]] = set()
    listed = shipped(_Conditions, "conditions.toml")
    for condition in listed.condition:
        names[condition.id] = condition.name
        if condition.passes is not None:
            days, days_after_end = condition.passes.days, condition.passes.days_after_end
            passing[condition.id] = Passing(timedelta(days), timedelta(days_after_end))
        for group in condition.codes:
            for code in group.codes:
                if code.endswith("*"):
                    prefixes[group.system, code[:-1]] = condition.id
                    continue
                exact[group.system, code] = condition.id
                if group.only_this_edition:
                    one_edition.add((group.system, code))
    by_name = {name: known for known, many in listed.reason.names.items() for name in many}
    reasons = {name: by_name[name] for name in sorted(by_name, key=len, reverse=True)}
    low, replaced = listed.reason.low_magnesium, listed.reason.replaced
    return ConditionCodes(
        exact,
        prefixes,
        tuple(sorted({len(beginning) for _, beginning in prefixes}, reverse=True)),
        frozenset(one_edition),
        frozenset(system for system, _ in (*exact, *prefixes)),
        names,
        passing,
        listed.no_problem.texts,
        cautions(listed.caution, listed.denials),
        reasons,
        listed.reason.words,
        listed.reason.words_beside,
        low.names,
        frozenset((group.system, _bare(code)) for group in low.codes for code in group.codes),
        listed.reason.silent.texts,
        replaced.texts,
        tuple(f" {name[:-1]}" if name.endswith("*") else f" {name} " for name in replaced.names),
        {group.system: tuple(map(_bare, group.codes)) for group in replaced.codes},
        replaced.conditions,
    )
