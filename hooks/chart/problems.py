"""The problem list: which known conditions the patient has now."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hooks.chart.bundle import resources
from hooks.chart.codes.conditions import ConditionCodes, Passing
from hooks.chart.concept import codes_of, codings_of, objects
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment, after, read_day
from hooks.chart.references import belongs_to
from hooks.chart.status import NOT_SO, PAST, is_certain, says

_OPENS_A_GATE: Final = "pacemaker"
_NO_DIAGNOSIS: Final = "health-concern"
_LONGEST_NAME: Final = 40
_ENDS: Final = tuple(
    f"abatement{kind}" for kind in ("DateTime", "Period", "Age", "Range", "String", "Boolean")
)


class Condition(Fact, frozen=True):
    """One known condition: its id in the code list, and the code by which it was found."""

    id: str
    name: str
    code: str


class Problems(Fact, frozen=True):
    """A problem list: the known conditions, and what names the problems that no code tells.

    `unread` has an entry for each problem without a code of a known system: the beginning of its
    text, empty for one without any. Not among them is what is a health concern alone (`lives
    alone`), and what says that there is no problem; but whatever its code and kind, what is called
    like a condition that shuts a gate, and tells none by its code, is. Nothing is decided by such
    a text, and it is not safe to show before it is escaped.
    """

    known: tuple[Condition, ...] = ()
    unread: tuple[str, ...] = ()


def read_problems(
    bundle: Mapping[str, Any] | None,
    patient_id: str,
    codes: ConditionCodes,
    now: datetime,
) -> Problems:
    """The problems of a searchset Bundle that are not past at `now`, refuted or another patient's.

    A condition that tells neither status nor subject counts: leaving out a reason for caution
    would be the worse mistake. What takes a caution away has to be certain. A status that says
    `active` stands above an end that is past, but no pregnancy lasts for years, whatever its
    status.
    """
    present: dict[str, Condition] = {}
    unread: list[str] = []
    for resource in resources(bundle, "Condition"):
        if not _counts(resource, patient_id):
            continue
        over = resource.get("clinicalStatus") is None and _has_ended(resource, now)
        told = list(_told(resource, codes))
        for known, code in told:
            passing = codes.passing.get(known)
            past = over if passing is None else _has_passed(resource, passing, now)
            if not past and (known != _OPENS_A_GATE or _is_lasting(resource)):
                present.setdefault(known, Condition(known, codes.names[known], code))
        if not over:
            text = _unread(resource, {known for known, _ in told}, codes, now)
            if text is not None:
                unread.append(_cut(text))
    return Problems(tuple(present.values()), tuple(unread))


def _counts(resource: Mapping[str, Any], patient_id: str) -> bool:
    """Whether a problem is this patient's, as far as it tells, and neither past nor refuted."""
    subject = resource.get("subject")
    return (
        (subject is None or belongs_to(subject, patient_id))
        and not says(resource.get("clinicalStatus"), PAST)
        and not says(resource.get("verificationStatus"), NOT_SO)
    )


def _told(resource: Mapping[str, Any], codes: ConditionCodes) -> Iterator[tuple[str, str]]:
    """The known conditions that the codes of a problem stand for, each with its code."""
    for system, code in codings_of(resource.get("code")):
        known = codes.find(system, code)
        if known is not None:
            yield known, code


def _unread(
    resource: Mapping[str, Any], told: set[str], codes: ConditionCodes, now: datetime
) -> str | None:
    """What names a problem that its codes do not tell, as `Problems` has it; None for any other."""
    texts = _texts(resource.get("code"))
    read = any(codes.knows(system) for system, _ in codings_of(resource.get("code")))
    if read or _categories(resource) == {_NO_DIAGNOSIS}:
        named = (text for text in texts if _names_caution(text, resource, told, codes, now))
        return next(named, None)
    text = next(iter(texts), "")
    return None if codes.says_no_problem(text) else text


def _names_caution(
    text: str,
    resource: Mapping[str, Any],
    told: set[str],
    codes: ConditionCodes,
    now: datetime,
) -> bool:
    """Whether a problem is called like what shuts a gate, and neither tells it by its codes nor
    has passed."""
    for caution in codes.cautions.named(text):
        if told.isdisjoint(caution.told_by):
            passing = codes.passing.get(caution.told_by[0])
            if passing is None or not _has_passed(resource, passing, now):
                return True
    return False


def _has_passed(resource: Mapping[str, Any], passing: Passing, now: datetime) -> bool:
    """Whether a condition that cannot last is over, though its status may say otherwise.

    The newest date counts: hypertension in pregnancy may have begun long before it. A date that
    cannot be read may be a new one, and an end before the onset is none. What has no date counts,
    also for a man: an administrative sex excludes no pregnancy.
    """
    stated = resource.get("onsetPeriod")
    period = stated if isinstance(stated, dict) else {}
    begun = (resource.get("onsetDateTime"), period.get("end") or period.get("start"))
    onsets = [read_day(text) for text in begun if text is not None]
    recorded = resource.get("recordedDate")
    end = _end(resource)
    if (
        end is not None
        and after(end.latest, passing.after_end) < now
        and all(onset is not None and onset.earliest <= end.latest for onset in onsets)
    ):
        return True
    dates = onsets if recorded is None else [*onsets, read_day(recorded)]
    if any(date is None or after(date.latest, passing.after) >= now for date in dates):
        return False
    return bool(dates)


def _has_ended(resource: Mapping[str, Any], now: datetime) -> bool:
    end = _end(resource)
    return end is not None and end.latest < now


def _is_lasting(resource: Mapping[str, Any]) -> bool:
    """Whether the patient certainly has a condition now, and for good."""
    return is_certain(resource) and not any(name in resource for name in _ENDS)


def _end(resource: Mapping[str, Any]) -> Moment | None:
    """When a condition ended or will end, as far as it says so by a date."""
    period = resource.get("abatementPeriod")
    return read_day(
        period.get("end") if isinstance(period, dict) else resource.get("abatementDateTime")
    )


def _texts(concept: object) -> list[str]:
    """What a problem is called: its text, then what stands at its codes."""
    places: list[object] = []
    for one in objects(concept):
        places.append(one.get("text"))
        for coding in objects(one.get("coding")):
            places += [coding.get("display"), coding.get("code")]
    texts = (" ".join(text.split()) for text in places if isinstance(text, str))
    return [text for text in dict.fromkeys(texts) if text]


def _cut(text: str) -> str:
    """The beginning of a long name, with a mark that it is one."""
    if len(text) <= _LONGEST_NAME:
        return text
    return f"{text[: _LONGEST_NAME - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _categories(resource: Mapping[str, Any]) -> set[str]:
    """The codes of a problem's categories; empty for one without a code."""
    codes: set[str] = set()
    for category in objects(resource.get("category")):
        codes |= codes_of(category) or {""}
    return codes
