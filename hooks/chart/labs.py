"""Laboratory results: FHIR Observations become Measurements, or Unusable with every reason.

Liberal in what it reads and strict in what it believes: entries that are no Observations, that
belong to another patient or to another analyte are passed over; whatever is about this patient
and this analyte and cannot be used is kept with its reasons.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.chart import references
from hooks.chart.bundle import is_partial, resources
from hooks.chart.chart import (
    Comparator,
    Measurement,
    Reason,
    Result,
    Series,
    Unusable,
)
from hooks.chart.codes.hemolysis import HEMOLYZED, says_hemolyzed
from hooks.chart.codes.laboratory import LabCode, LabCodes
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment, read_effective, read_moment
from hooks.chart.references import belongs_to
from hooks.chart.units import (
    FACTORS,
    PROPERTIES,
    Analyte,
    Unit,
    UnitProblem,
    multiply,
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

# A value beside the statement that there is none (clinical 8: treat as absent).
_DENIED: Final = (Reason.VALUE_DENIED,)


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
    reader = _Reader(analyte, patient_id, codes)
    read = map(reader.read, resources(bundle, "Observation"))
    results = tuple([result for result in read if result is not None])
    return Series(results, complete=not is_partial(bundle))


class _Scale(Fact, frozen=True):
    """What a unit is under a code: the factor to the canonical unit, or why there is none."""

    unit: Unit | None
    written: str | None
    factor: Decimal | None
    reason: Reason | None


class _Kind:
    """What a code says of the results that it stands on; `scales` is learnt from their units."""

    __slots__ = ("detail", "is_own", "named", "own", "reasons", "scales")

    def __init__(self, analyte: Analyte, concept: object, codes: LabCodes) -> None:
        known = codes.read(concept)
        self.own = tuple([code for code in known if code.analyte is analyte])
        self.is_own = bool(self.own) or not (known or _is_of_another_kind(analyte, concept))
        self.named = not known and codes.is_named(analyte, _words_of(concept))
        self.reasons = _judge_codes(self.own)
        self.detail = next((code.because for code in self.own if code.because), None)
        self.scales: dict[tuple[object, ...], _Scale] = {}


class _Reader:
    """Reads the Observations of one series.

    Results of one series say mostly the same of code, unit and patient: what that means is worked
    out once. Only values, times and flags are read of each.
    """

    def __init__(self, analyte: Analyte, patient_id: str, codes: LabCodes) -> None:
        self._analyte = analyte
        self._patient_id = patient_id
        self._codes = codes
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._subjects: dict[str, bool] = {}

    def read(self, resource: Mapping[str, Any]) -> Result | None:
        """One Observation as a result; None if it is another patient's or another analyte's."""
        subject = resource.get("subject")
        if subject is not None and not self._is_patient(subject):
            return None
        kind = self._kind(resource.get("code"))
        if not kind.is_own:
            return None
        reasons: list[Reason] = [] if subject is not None else [Reason.NO_PATIENT]
        reasons += kind.reasons
        status = resource.get("status")
        if not isinstance(status, str) or status not in USABLE_STATUSES:
            reasons.append(Reason.STATUS)
        quantity = resource.get("valueQuantity")
        number = sign = comparator = scale = value = None
        if isinstance(quantity, dict):
            number = read_number(quantity.get("value"))
        if number is None or not isinstance(quantity, dict):
            reasons.append(_why_no_number(resource))
        else:
            sign = quantity.get("comparator")
            if sign is not None:
                comparator = _COMPARATORS.get(sign) if isinstance(sign, str) else None
                if comparator is None:
                    reasons.append(Reason.COMPARATOR_UNKNOWN)
            reasons += _DENIED if resource.get("dataAbsentReason") is not None else ()
            scale = self._scale(kind, quantity)
            if scale.reason is not None:
                reasons.append(scale.reason)
            if scale.factor is not None:
                value = multiply(number, scale.factor)
        time, from_issued = _read_time(resource, reasons)
        reference = references.to("Observation", resource.get("id"))
        if (
            reasons
            or time is None
            or number is None
            or value is None
            or scale is None
            or scale.unit is None
        ):
            reported = None
            if number is not None and scale is not None:
                written = scale.unit or scale.written or ""
                reported = f"{sign if comparator else ''}{number:f} {written}".strip()
            return Unusable(
                self._analyte,
                tuple(reasons),
                reported=reported,
                value=value,
                time=time,
                status=status if isinstance(status, str) else None,
                detail=kind.detail,
                reference=reference,
                named=kind.named,
            )
        issued = read_moment(resource.get("issued")) if "issued" in resource else None
        return Measurement(
            self._analyte,
            value,
            number,
            scale.unit,
            comparator,
            time,
            from_issued,
            issued.at if issued and not issued.whole_day else None,
            str(status),
            _is_hemolyzed(resource),
            reference,
        )

    def _is_patient(self, subject: object) -> bool:
        text = references.reference_of(subject)
        if text is None:
            return False
        known = self._subjects.get(text)
        if known is None:
            known = self._subjects[text] = belongs_to(subject, self._patient_id)
        return known

    def _kind(self, concept: object) -> _Kind:
        key = _wording_of(concept)
        try:
            return self._kinds[key]
        except KeyError:
            kind = self._kinds[key] = _Kind(self._analyte, concept, self._codes)
            return kind
        except TypeError:
            # A list or an object where a text belongs; nobody sends a thousand of these.
            return _Kind(self._analyte, concept, self._codes)

    def _scale(self, kind: _Kind, quantity: Mapping[str, Any]) -> _Scale:
        key = quantity.get("code"), quantity.get("unit"), quantity.get("system")
        try:
            return kind.scales[key]
        except KeyError:
            scale = kind.scales[key] = _scale(self._analyte, kind.own, quantity)
            return scale
        except TypeError:
            return _scale(self._analyte, kind.own, quantity)


def _wording_of(concept: object) -> tuple[object, ...]:
    """All that a CodeableConcept says by which its meaning is known."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(concept, dict) or not isinstance(codings, list):
        return ()
    said = [concept.get("text")]
    for coding in codings:
        if isinstance(coding, dict):
            said += (coding.get("system"), coding.get("code"), coding.get("display"))
    return tuple(said)


def _why_no_number(resource: Mapping[str, Any]) -> Reason:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        absent = quantity.get("value") is None
    else:
        absent = not any(name.startswith("value") for name in resource)
    return Reason.NO_VALUE if absent else Reason.NOT_A_QUANTITY


def _scale(analyte: Analyte, own: tuple[LabCode, ...], quantity: Mapping[str, Any]) -> _Scale:
    reading = read_unit(quantity)
    if reading.unit is None:
        problem = reading.problem or UnitProblem.MISSING
        return _Scale(None, reading.written, None, _UNIT_REASONS[problem])
    factor = FACTORS[analyte].get(reading.unit)
    reason = None
    if factor is None:
        reason = Reason.UNIT_FOREIGN
    elif not _agree([code for code in own if not code.excluded], reading.unit):
        reason = Reason.CODE_AGAINST_UNIT
    return _Scale(reading.unit, reading.written, factor, reason)


def _is_of_another_kind(analyte: Analyte, concept: object) -> bool:
    """Whether LOINC names something that is not known here, and no word of it is the analyte.

    A local code may mean anything, also the analyte; a LOINC code that does not even mention it
    is another test that happened to come along.
    """
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(codings, list):
        return False
    systems = {str(coding.get("system")) for coding in codings if isinstance(coding, dict)}
    said = _words_of(concept)
    return systems == {LOINC} and bool(said) and analyte.value not in said


def _words_of(concept: object) -> str:
    """What a code says in words, in small letters."""
    if not isinstance(concept, dict):
        return ""
    codings = concept.get("coding")
    listed = codings if isinstance(codings, list) else ()
    displays = (coding.get("display") for coding in listed if isinstance(coding, dict))
    texts = (concept.get("text"), *displays)
    return " ".join(text for text in texts if isinstance(text, str)).lower()


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


def _is_hemolyzed(resource: Mapping[str, Any]) -> bool:
    """Whether the interpretation, a note or a contained specimen says so, in words or in code."""
    if not ("interpretation" in resource or "note" in resource or "contained" in resource):
        return False
    places: list[object] = [resource.get("interpretation"), resource.get("note")]
    contained = resource.get("contained")
    for specimen in contained if isinstance(contained, list) else ():
        if isinstance(specimen, dict):
            places += [specimen.get("condition"), specimen.get("note")]
    return any(_is_said_in(place) for place in places)


def _is_said_in(place: object) -> bool:
    for item in place if isinstance(place, list) else [place]:
        if not isinstance(item, dict):
            continue
        codings = item.get("coding")
        texts = [item.get("text")]
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict):
                if str(coding.get("code")) in HEMOLYZED:
                    return True
                texts.append(coding.get("display"))
        if any(isinstance(text, str) and says_hemolyzed(text) for text in texts):
            return True
    return False
