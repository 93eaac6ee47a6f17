"""The indication of an order: what it is for, as far as its reasons tell, or its other words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from hooks.chart.bundle import Targets, contained_in, entries_of
from hooks.chart.codes.conditions import ConditionCodes
from hooks.chart.codes.systems import ICD
from hooks.chart.concept import codings_of, collect, objects
from hooks.chart.fact import Fact
from hooks.chart.references import belongs_to, reference_of
from hooks.chart.status import is_certain

_OTHER_INDICATIONS: Final = frozenset(
    {"asthma", "pregnancy", "pre-eclampsia", "torsades", "cardiac-arrest"}
)
#: What names no other indication: a result would name a level, a visit is none.
_NO_INDICATION: Final = frozenset({"Observation", "DiagnosticReport", "Encounter"})
#: A code of ICD-10 in the place of words: `E83.42`, `ICD-10-CM: E83.42`.
_CODE_AS_TEXT: Final = re.compile(
    r"\s{0,9}(?:icd-?\s?-?10(?:-?cm)?\s?[:=]?\s?)?(?P<code>[a-z]\d[\da-z](?:\.?[\da-z]{1,4})?)\s{0,9}",
    re.IGNORECASE,
)
#: So much of a text is shown.
_LONGEST_CLAUSE: Final = 120


class Indication(Fact, frozen=True):
    """What an order is for: another `condition` than a low level that it certainly names.

    `unclear` are the words that may name one and may deny it: then there is no condition. `other`
    are words that say nothing of what magnesium is replaced for. Both come from the request: not
    safe to show before they are escaped.
    """

    condition: str | None = None
    unclear: str | None = None
    other: str | None = None


class ConditionIndex:
    """The Conditions of this patient in a searchset Bundle, to be found by a reference."""

    def __init__(self, bundle: Mapping[str, Any] | None, patient_id: str) -> None:
        self._targets = Targets(entries_of(bundle), "Condition")
        self._patient_id = patient_id

    def find(
        self, reference: str, contained: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """The Condition that an order's reason points at, contained in the order or beside it.

        None if it did not come, or is another patient's.
        """
        found = self._targets.find(reference, contained)
        if found is None or found.get("resourceType") != "Condition":
            return None
        subject = found.get("subject")
        return found if subject is None or belongs_to(subject, self._patient_id) else None


class _Reason(Fact, frozen=True):
    """One reason of an order, in the words that a card may repeat."""

    text: str
    condition: str | None = None
    certain: bool = True
    low: bool = False
    unread: bool = False
    replaced: bool = False
    foreign: bool = False


class IndicationReader:
    """Reads what orders are for with the list of conditions."""

    def __init__(self, conditions: ConditionCodes) -> None:
        self._conditions = conditions
        self._words = conditions.indications

    def read(
        self, order: Mapping[str, Any], index: ConditionIndex, called: Iterable[str] = ()
    ) -> Indication:
        """The indication of a MedicationRequest by its reasons, in code, in words, by reference.

        What it is `called`, its directions and its notes may name one too: they are no reason,
        and leave it open.

        Clinical 5: replacement advice keeps away from another indication, so one has to be
        certain. Two that want different doses, one beside a low level, and a reason that nobody
        could read leave it open.
        """
        reasons = list(self._reasons(order, index))
        low = any(one.low for one in reasons)
        told = self._told(reasons, low=low)
        if told.condition is not None or told.unclear is not None:
            return told
        suggested = self._suggested(order, called, beside_low=low)
        return told if suggested is None else Indication(unclear=suggested)

    def _suggested(
        self, order: Mapping[str, Any], called: Iterable[str], *, beside_low: bool
    ) -> str | None:
        """Words in the name, the directions or the notes that may name another indication."""
        for text in (*called, *_remarks(order)):
            found = self._words.suggested(text, beside_low=beside_low)
            if found is not None:
                return found[:_LONGEST_CLAUSE]
        return None

    def _told(self, reasons: Sequence[_Reason], *, low: bool) -> Indication:
        """The indication by the stated reasons; `low` if a low magnesium is among them."""
        doubtful = next((one for one in reasons if one.condition and not one.certain), None)
        if doubtful is not None:
            return Indication(unclear=doubtful.text)
        named = {one.condition for one in reasons if one.condition is not None}
        if len(named) > 1 or (named and low):
            return Indication(unclear=", ".join(dict.fromkeys(one.text for one in reasons)))
        if named:
            return Indication(named.pop())
        unread = None if low else next((one for one in reasons if one.unread), None)
        if unread is not None:
            return Indication(unclear=unread.text)
        if low or any(one.replaced for one in reasons):
            return Indication()
        return Indication(other=next((one.text for one in reasons if one.foreign), None))

    def _reasons(self, order: Mapping[str, Any], index: ConditionIndex) -> Iterator[_Reason]:
        for concept in objects(order.get("reasonCode")):
            yield from self._coded(concept)
        references = objects(order.get("reasonReference"))
        if references:
            contained = contained_in(order)
            for reference in references:
                yield from self._referenced(reference, contained, index)

    def _coded(self, concept: Mapping[str, Any], *, sure: bool = True) -> Iterator[_Reason]:
        """A CodeableConcept: what its codes say, and what its text says."""
        codes: list[str] = []
        texts: dict[str, None] = {}
        collect(concept, codes, texts)
        text = next(iter(texts), ", ".join(codes))
        is_known = is_other = False
        for system, code in codings_of(concept):
            told = self._by_code(system, code, text, sure=sure)
            if told is not None:
                yield told
                is_known = True
                is_other = is_other or told.condition is not None
        said = concept.get("text")
        # A text that only repeats the name of the code says no more than the code.
        displays = {coding.get("display") for coding in objects(concept.get("coding"))}
        if isinstance(said, str):
            if not (is_other and said in displays):
                yield self._said(said, sure=sure)
        elif not is_known:
            # The words of a code that is not known here are all that it says.
            yield from (self._said(display, sure=sure) for display in texts)
            if codes and not texts:
                yield _Reason(text, foreign=True)

    def _by_code(self, system: str, code: str, text: str, *, sure: bool) -> _Reason | None:
        """What a code that is known says, None for another one."""
        known = self._words.coded_for(system, code) or self._conditions.find(system, code)
        if known in _OTHER_INDICATIONS:
            return _Reason(text, known, sure)
        if self._words.is_low_magnesium(system, code):
            return _Reason(text, low=sure, replaced=True)
        if self._words.is_replacement(known, system, code):
            return _Reason(text, replaced=True)
        return None

    def _said(self, text: str, *, sure: bool = True) -> _Reason:
        code = _CODE_AS_TEXT.fullmatch(text)
        told = self._by_code(ICD, code["code"], text, sure=sure) if code is not None else None
        if told is not None:
            return told
        stated = self._words.stated(text)
        if stated is not None:
            return _Reason(text, stated.condition, stated.certain and sure)
        low = self._words.says_low_magnesium(text)
        replaced = low or self._words.says_replacement(text)
        silent = self._words.says_no_reason(text)
        return _Reason(text, low=sure and low, replaced=replaced, foreign=not (replaced or silent))

    def _referenced(
        self,
        reference: Mapping[str, Any],
        contained: Mapping[str, Mapping[str, Any]],
        index: ConditionIndex,
    ) -> Iterator[_Reason]:
        """A Condition that the order points at: itself where it came, and the words beside it."""
        target = reference_of(reference)
        found = index.find(target, contained) if target is not None else None
        display = reference.get("display")
        if found is not None:
            for concept in objects(found.get("code")):
                yield from self._coded(concept, sure=is_certain(found))
        if isinstance(display, str) and display.strip():
            said = self._said(display)
            # A visit or a result is no indication, whatever it is called.
            is_none = target is not None and _kind_of(target) in _NO_INDICATION
            yield replace(said, foreign=False) if is_none else said
        elif found is None and target is not None and _kind_of(target) not in _NO_INDICATION:
            yield _Reason(target, unread=True)


def _remarks(order: Mapping[str, Any]) -> Iterator[str]:
    """The free texts of an order beside its reason: directions and notes."""
    for instruction in objects(order.get("dosageInstruction")):
        texts: dict[str, None] = {}
        collect(instruction.get("additionalInstruction"), [], texts)
        yield from texts
        for name in ("text", "patientInstruction"):
            said = instruction.get(name)
            if isinstance(said, str):
                yield said
    for note in objects(order.get("note")):
        said = note.get("text")
        if isinstance(said, str):
            yield said


def _kind_of(target: str) -> str:
    """The type of what a reference points at, empty where it does not tell."""
    return target.partition("/_history/")[0].rpartition("/")[0].rpartition("/")[2]
