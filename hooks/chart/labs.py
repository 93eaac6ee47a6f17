"""Laboratory results: FHIR Observations become Measurements, or Unusable with every reason.

Liberal in what it reads and strict in what it believes: entries that are no Observations, that
belong to another patient or to another analyte are passed over; whatever is about this patient
and this analyte and cannot be used is kept with its reasons.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.chart import references
from hooks.chart.chart import (
    Comparator,
    Measurement,
    Reason,
    Result,
    Series,
    Unusable,
)
from hooks.chart.codes import LabCode, LabCodes
from hooks.chart.moments import Moment, read_effective, read_moment
from hooks.chart.references import belongs_to
from hooks.chart.units import (
    PROPERTIES,
    Analyte,
    Unit,
    UnitProblem,
    convert,
    read_number,
    read_unit,
)

USABLE_STATUSES: Final = frozenset({"final", "amended", "corrected", "preliminary"})

LOINC: Final = "http://loinc.org"

_COMPARATORS: Final[Mapping[str, Comparator]] = {sign.value: sign for sign in Comparator}

_UNIT_REASONS: Final[Mapping[UnitProblem, Reason]] = {
    UnitProblem.MISSING: Reason.UNIT_MISSING,
    UnitProblem.UNKNOWN: Reason.UNIT_UNKNOWN,
    UnitProblem.CONFLICT: Reason.UNIT_CONFLICT,
}

# No two parts of a pattern may take the same spaces: a text of many would hold a process for hours.
_HEMOLYZED: Final = re.compile(r"\bha?emoly[sz]", re.IGNORECASE)
_NOT_HEMOLYZED: Final = re.compile(
    r"\b(?:no|not|non|without|negative for|no evidence of|absence of)[\s-]+(?:\w+\s+)?"
    r"ha?emoly[sz]\w*"
    r"|\bha?emolysis(?:\s+index)?\s*(?:[:=]\s*)?(?:none|negative|absent|nil|0)\b",
    re.IGNORECASE,
)
_HEMOLYZED_CODES: Final = frozenset({"HEM"})


def read_series(
    analyte: Analyte,
    bundle: Mapping[str, Any] | None,
    patient_id: str,
    codes: LabCodes,
) -> Series:
    """All results of one analyte for one patient in a searchset Bundle (None: known absent).

    A Bundle with a `next` link holds only part of what exists, and the Series says so.
    """
    if bundle is None:
        return Series()
    entries = bundle.get("entry")
    results = []
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Observation":
            result = read_observation(analyte, resource, patient_id, codes)
            if result is not None:
                results.append(result)
    return Series(tuple(results), complete=not is_partial(bundle))


def read_observation(
    analyte: Analyte, resource: Mapping[str, Any], patient_id: str, codes: LabCodes
) -> Result | None:
    """One Observation as a result; None if it is another patient's or another analyte's."""
    subject = resource.get("subject")
    if subject is not None and not belongs_to(subject, patient_id):
        return None
    known = codes.read(resource.get("code"))
    own = tuple(code for code in known if code.analyte is analyte)
    if not own and (known or _is_of_another_kind(analyte, resource.get("code"))):
        return None
    reasons: list[Reason] = [] if subject is not None else [Reason.NO_PATIENT]
    reasons += _judge_codes(own)
    status = resource.get("status")
    if str(status) not in USABLE_STATUSES:
        reasons.append(Reason.STATUS)
    quantity = _Quantity(analyte, resource, own)
    reasons += quantity.reasons
    time, from_issued = _read_time(resource, reasons)
    reference = references.to("Observation", resource.get("id"))
    if reasons or time is None or quantity.value is None or quantity.unit is None:
        return Unusable(
            analyte,
            tuple(reasons),
            reported=quantity.reported,
            value=quantity.value,
            time=time,
            status=status if isinstance(status, str) else None,
            detail=next((code.because for code in own if code.because), None),
            reference=reference,
        )
    issued = read_moment(resource.get("issued"))
    return Measurement(
        analyte,
        quantity.value,
        quantity.number,
        quantity.unit,
        quantity.comparator,
        time,
        from_issued,
        issued.at if issued and not issued.whole_day else None,
        str(status),
        _is_hemolyzed(resource),
        reference,
    )


class _Quantity:
    """What an Observation's value says, read as far as it goes."""

    __slots__ = ("comparator", "number", "reasons", "reported", "unit", "value")

    def __init__(
        self, analyte: Analyte, resource: Mapping[str, Any], codes: tuple[LabCode, ...]
    ) -> None:
        self.value: Decimal | None = None
        self.number = Decimal(0)
        self.unit: Unit | None = None
        self.comparator: Comparator | None = None
        self.reported: str | None = None
        self.reasons: list[Reason] = []
        quantity = resource.get("valueQuantity")
        if not isinstance(quantity, dict):
            other = any(name.startswith("value") for name in resource)
            self.reasons.append(Reason.NOT_A_QUANTITY if other else Reason.NO_VALUE)
            return
        number = read_number(quantity.get("value"))
        if number is None:
            absent = quantity.get("value") is None
            self.reasons.append(Reason.NO_VALUE if absent else Reason.NOT_A_QUANTITY)
            return
        self.number = number
        sign = quantity.get("comparator")
        if sign is not None:
            self.comparator = _COMPARATORS.get(sign) if isinstance(sign, str) else None
            if self.comparator is None:
                self.reasons.append(Reason.COMPARATOR_UNKNOWN)
        reading = read_unit(quantity)
        written = reading.unit or reading.written
        self.reported = f"{sign if self.comparator else ''}{number:f} {written or ''}".strip()
        if reading.problem is not None:
            self.reasons.append(_UNIT_REASONS[reading.problem])
        if reading.unit is None:
            return
        self.unit = reading.unit
        self.value = convert(analyte, number, reading.unit)
        if self.value is None:
            self.reasons.append(Reason.UNIT_FOREIGN)
        elif not _agree([code for code in codes if not code.excluded], reading.unit):
            self.reasons.append(Reason.CODE_AGAINST_UNIT)


def _is_of_another_kind(analyte: Analyte, concept: object) -> bool:
    """Whether LOINC names something that is not known here, and no word of it is the analyte.

    A local code may mean anything, also the analyte; a LOINC code that does not even mention it
    is another test that happened to come along.
    """
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(concept, dict) or not isinstance(codings, list):
        return False
    texts = [concept.get("text")]
    systems = set()
    for coding in codings:
        if isinstance(coding, dict):
            texts.append(coding.get("display"))
            systems.add(str(coding.get("system")))
    said = " ".join(text for text in texts if isinstance(text, str)).lower()
    return systems == {LOINC} and bool(said) and analyte.value not in said


def _judge_codes(own: tuple[LabCode, ...]) -> list[Reason]:
    if not own:
        return [Reason.CODE_UNKNOWN]
    excluded = [code for code in own if code.excluded]
    if not excluded:
        return []
    return [Reason.CODE_EXCLUDED if len(excluded) == len(own) else Reason.CODE_CONFLICT]


def _agree(codes: list[LabCode], unit: Unit) -> bool:
    """Whether the codes announce what the unit measures, or the site vouches for it (settled 9)."""
    if any(unit in code.trusted_units for code in codes):
        return True
    return all(code.measures is PROPERTIES[unit] for code in codes)


def _read_time(resource: Mapping[str, Any], reasons: list[Reason]) -> tuple[Moment | None, bool]:
    time, said = read_effective(resource)
    if said:
        if time is None:
            reasons.append(Reason.TIME_UNREADABLE)
        return time, False
    time = read_moment(resource.get("issued"))
    if time is None:
        said = resource.get("issued") is not None
        reasons.append(Reason.TIME_UNREADABLE if said else Reason.NO_TIME)
    return time, True


def is_partial(bundle: Mapping[str, Any] | None) -> bool:
    """Whether a searchset Bundle says that there is another page."""
    links = bundle.get("link") if bundle is not None else None
    return any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else ())
    )


def _is_hemolyzed(resource: Mapping[str, Any]) -> bool:
    """Whether the interpretation, a note or a contained specimen says so, in words or in code."""
    if not any(name in resource for name in ("interpretation", "note", "contained")):
        return False
    places: list[object] = [resource.get("interpretation"), resource.get("note")]
    contained = resource.get("contained")
    for specimen in contained if isinstance(contained, list) else ():
        if isinstance(specimen, dict):
            places += [specimen.get("condition"), specimen.get("note")]
    return any(_says_hemolyzed(place) for place in places)


def _says_hemolyzed(place: object) -> bool:
    for item in place if isinstance(place, list) else [place]:
        if not isinstance(item, dict):
            continue
        codings = item.get("coding")
        texts = [item.get("text")]
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict):
                if str(coding.get("code")) in _HEMOLYZED_CODES:
                    return True
                texts.append(coding.get("display"))
        for text in texts:
            # What is denied is cut out first: a text may deny one sample and affirm another.
            # Blanks are made one: patterns that allow for many take time with their square.
            if isinstance(text, str) and _HEMOLYZED.search(
                _NOT_HEMOLYZED.sub("", " ".join(text.split()))
            ):
                return True
    return False
