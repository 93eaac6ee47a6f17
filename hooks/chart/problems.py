"""The problem list: which known conditions the patient has now."""

from collections.abc import Mapping
from typing import Any, Final

from hooks.chart.codes.conditions import ConditionCodes
from hooks.chart.fact import Fact
from hooks.chart.references import belongs_to

_PAST: Final = frozenset({"inactive", "remission", "resolved"})
_SURE: Final = frozenset({"confirmed"})
_OPENS_A_GATE: Final = "pacemaker"
_NOT_SO: Final = frozenset({"refuted", "entered-in-error"})


class Condition(Fact, frozen=True):
    """One known condition: its id in the code list, and the code by which it was found."""

    id: str
    name: str
    code: str


class Problems(Fact, frozen=True):
    """A problem list: the known conditions, and what names the problems that no code tells.

    `unread` has an entry for each problem without a code of a known system: its text, empty for
    one without any. Nothing is decided by such a text, and it is not safe to show before it is
    escaped.
    """

    known: tuple[Condition, ...] = ()
    unread: tuple[str, ...] = ()


def read_problems(
    bundle: Mapping[str, Any] | None, patient_id: str, codes: ConditionCodes
) -> Problems:
    """The problems of a searchset Bundle that are not past, refuted or another patient's.

    A condition that tells neither status nor subject counts: leaving out a reason for caution
    would be the worse mistake. What takes a caution away has to be certain.
    """
    entries = bundle.get("entry") if bundle is not None else None
    found: dict[str, Condition] = {}
    unread: list[str] = []
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if (
            not isinstance(resource, dict)
            or resource.get("resourceType") != "Condition"
            or not _is_for(resource.get("subject"), patient_id)
            or _codes(resource.get("clinicalStatus")) & _PAST
            or _codes(resource.get("verificationStatus")) & _NOT_SO
        ):
            continue
        verified = _codes(resource.get("verificationStatus"))
        read = False
        for system, code in _codings(resource.get("code")):
            read = read or codes.knows(system)
            known = codes.find(system, code)
            if known == _OPENS_A_GATE and not verified <= _SURE:
                continue
            if known is not None:
                found.setdefault(known, Condition(known, codes.names[known], code))
        if not read:
            unread.append(_text(resource.get("code")))
    return Problems(tuple(found.values()), tuple(unread))


def _text(concept: object) -> str:
    """What a problem is called: its text, else what stands at its codes; empty for nothing."""
    if not isinstance(concept, dict):
        return ""
    codings = concept.get("coding")
    places = [concept.get("text")]
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            places += [coding.get("display"), coding.get("code")]
    texts = (" ".join(text.split()) for text in places if isinstance(text, str))
    return next((text for text in texts if text), "")


def _is_for(subject: object, patient_id: str) -> bool:
    return subject is None or belongs_to(subject, patient_id)


def _codings(concept: object) -> list[tuple[str, str]]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [
        (coding["system"], coding["code"])
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict)
        and isinstance(coding.get("system"), str)
        and isinstance(coding.get("code"), str)
    ]


def _codes(concept: object) -> set[str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return {
        coding["code"]
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict) and isinstance(coding.get("code"), str)
    }
