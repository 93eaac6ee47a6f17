"""Conditions: which of the patient's coded problems the protocol knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hooks.chart.codes.files import Entry, Text, shipped
from hooks.chart.fact import Fact

_ICD: Final = "http://hl7.org/fhir/sid/icd-10-cm"
_ICD_CATEGORY: Final = 3
_NO_WORD: Final = re.compile(r"[^\w?]+")
_SYSTEMS: Final = {
    "urn:oid:2.16.840.1.113883.6.90": _ICD,
    "http://hl7.org/fhir/sid/icd-10": _ICD,
    "urn:oid:2.16.840.1.113883.6.3": _ICD,
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
}


class _Codes(Entry):
    system: Text
    codes: tuple[Text, ...]
    source: Text
    verified: bool = True


class _Condition(Entry):
    id: Text
    name: Text
    codes: tuple[_Codes, ...]


class _LowMagnesium(Entry):
    names: tuple[Text, ...]
    codes: tuple[_Codes, ...]
    source: Text


class _Reasons(Entry):
    names: Mapping[str, tuple[Text, ...]]
    words: frozenset[Text]
    words_beside: Mapping[str, frozenset[Text]]
    low_magnesium: _LowMagnesium
    source: Text


class _Conditions(Entry):
    condition: tuple[_Condition, ...]
    reason: _Reasons


class Stated(Fact, frozen=True):
    """A condition that free text names; not `certain` if it may be denied, asked or past."""

    condition: str
    certain: bool


@dataclass(frozen=True, slots=True)
class ConditionCodes:
    """Known conditions by (system, code), and by the beginning of a code."""

    exact: Mapping[tuple[str, str], str]
    prefixes: Mapping[str, tuple[tuple[str, str], ...]]
    names: Mapping[str, str]
    reasons: Mapping[str, str]
    harmless: frozenset[str]
    harmless_beside: Mapping[str, frozenset[str]]
    low_names: tuple[str, ...]
    low_codes: frozenset[tuple[str, str]]

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

    def says_low_magnesium(self, text: str) -> bool:
        """Whether a text names a low magnesium, which replacement is for."""
        words = f" {_NO_WORD.sub(' ', text.lower())} "
        return any(f" {name} " in words for name in self.low_names)

    def is_low_magnesium(self, system: str, code: str) -> bool:
        """Whether a code stands for a low magnesium, which replacement is for."""
        return (_SYSTEMS.get(system, system), _bare(code)) in self.low_codes

    def find(self, system: str, code: str) -> str | None:
        """The id of the condition that a code stands for, under whatever name its system goes."""
        system = _SYSTEMS.get(system, system)
        if system == _ICD and "." not in code and len(code) > _ICD_CATEGORY:
            code = f"{code[:_ICD_CATEGORY]}.{code[_ICD_CATEGORY:]}"
        known = self.exact.get((system, code))
        if known is not None:
            return known
        for prefix, condition in self.prefixes.get(system, ()):
            if code.startswith(prefix):
                return condition
        return None


def _bare(code: str) -> str:
    return code.strip().replace(".", "").upper()


def load() -> ConditionCodes:
    """The conditions shipped with the service."""
    exact: dict[tuple[str, str], str] = {}
    prefixes: dict[str, tuple[tuple[str, str], ...]] = {}
    names: dict[str, str] = {}
    listed = shipped(_Conditions, "conditions.toml")
    for condition in listed.condition:
        names[condition.id] = condition.name
        for group in condition.codes:
            for code in group.codes:
                if code.endswith("*"):
                    known = prefixes.get(group.system, ())
                    prefixes[group.system] = (*known, (code[:-1], condition.id))
                else:
                    exact[group.system, code] = condition.id
    by_name = {name: known for known, many in listed.reason.names.items() for name in many}
    reasons = {name: by_name[name] for name in sorted(by_name, key=len, reverse=True)}
    low = listed.reason.low_magnesium
    return ConditionCodes(
        exact,
        prefixes,
        names,
        reasons,
        listed.reason.words,
        listed.reason.words_beside,
        low.names,
        frozenset((group.system, _bare(code)) for group in low.codes for code in group.codes),
    )
