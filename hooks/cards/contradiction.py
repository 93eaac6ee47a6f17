"""Contradiction: whether what stays of a corrected draft would say another dose, rate or number."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import spaced
from hooks.chart.concept import object_of, objects
from hooks.chart.dosage import RATES
from hooks.chart.moments import read_day
from hooks.chart.pace import limits, says_slowly
from hooks.chart.quantity import minutes_of, unit_of
from hooks.chart.timing import read_timing
from hooks.chart.units import read_number
from hooks.protocol.model import Dosing

Json = dict[str, Any]

#: What beside the dosage limits a dose in numbers that nobody here can rewrite.
_LIMITS: Final = (
    "maxDosePerPeriod",
    "maxDosePerAdministration",
    "maxDosePerLifetime",
)
_TIME: Final = rf"{timing_words(Says.TIME)}(?!\w)"
_HURRIED: Final = re.compile(rf"(?<!\w){timing_words(Says.FAST)}|(?:\d|/)\s?{_TIME}", re.IGNORECASE)
#: An amount; not a concentration, which is of a result or of a product.
_DOSED: Final = re.compile(
    rf"\d\s?{timing_words(Says.AMOUNT, Says.VOLUME)}(?!\w)"
    rf"(?!\s?/\s?{timing_words(Says.IN_VOLUME)}(?!\w))",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(timing_words(Says.AMOUNT, Says.VOLUME))
_TAG: Final = re.compile(r"<[^<>]*>")
_EXTENSIONS: Final = ("extension", "modifierExtension")


def would_contradict(order: Json, instruction: Json, dosing: Dosing) -> bool:
    """Whether what stays of a draft would say another dose, rate or number than the new dosage."""
    if any(map(instruction.get, _LIMITS)) or _is_said_beside(instruction):
        return True
    if "text" in instruction and read_timing(instruction).recurring:
        # The new text is of one dose.
        return True
    if _is_limited(instruction, dosing) or _is_bound_otherwise(instruction, dosing):
        return True
    if not _is_dose_of(instruction, dosing) and _is_dispensed_otherwise(order, dosing):
        return True
    notes = [name for note in objects(order.get("note")) for name in _names(note)]
    told = (*notes, *_narrated(order), *_extended(order))
    if any(map(_DOSED.search, told)):
        return True
    called = (
        order.get("medicationCodeableConcept"),
        order.get("medicationReference"),
        *(one.get("code") for one in objects(order.get("contained"))),
    )
    timing = object_of(instruction.get("timing")).get("code")
    given = (instruction.get("route"), instruction.get("method"), timing)
    named = [name for one in (*called, *given) for name in _names(one)]
    return any(map(_HURRIED.search, (*told, *named)))


def _is_said_beside(instruction: Json) -> bool:
    """Whether further instructions say a dose, a rate or a repeat, or cannot be read."""
    said: list[str] = []
    for name in ("additionalInstruction", "patientInstruction"):
        stated = instruction.get(name)
        for one in stated if isinstance(stated, list) else [stated] if stated else []:
            words = list(spaced([one]) if isinstance(one, str) else _names(one))
            if not words:
                return True
            said += words
    return any(
        _HURRIED.search(words) or _DOSED.search(words) or read_timing({"text": words}).recurring
        for words in said
    )


def _is_limited(instruction: Json, dosing: Dosing) -> bool:
    """Whether the text that goes sets a limit that the new dose would break."""
    text = instruction.get("text")
    if not isinstance(text, str):
        return False
    if limits(text, dosing.dose.value * 1000, dosing.over.value):
        return True
    return says_slowly(text) and not _is_timed(instruction)


def _is_timed(instruction: Json) -> bool:
    """Whether a coded member tells how long the dose runs, or how fast."""
    repeat = object_of(object_of(instruction.get("timing")).get("repeat"))
    doses = [instruction, *objects(instruction.get("doseAndRate"))]
    return any(name in repeat for name in ("duration", "durationMax")) or any(
        name in dose for dose in doses for name in RATES
    )


def _is_bound_otherwise(instruction: Json, dosing: Dosing) -> bool:
    """Whether the bounds of the timing leave less time than the new dose takes.

    Where no duration is coded the bounds may be it: then they have to be as long as the new one.
    """
    repeat = object_of(object_of(instruction.get("timing")).get("repeat"))
    coded = "duration" in repeat or "durationMax" in repeat
    return any(
        time is None or time < dosing.over.value or (time > dosing.over.value and not coded)
        for time in _bounds(repeat)
    )


def _bounds(repeat: Mapping[str, Any]) -> Iterator[Decimal | None]:
    """The times in minutes that the dose is bound to; None for one that cannot be read."""
    for name, part in (("boundsDuration", None), ("boundsRange", "low"), ("boundsRange", "high")):
        stated = repeat.get(name)
        if stated is not None:
            bounds = object_of(stated) if part is None else object_of(object_of(stated).get(part))
            if part is None or bounds:
                yield minutes_of(bounds.get("value"), unit_of(bounds))
    period = object_of(repeat.get("boundsPeriod"))
    if period.get("end") is not None:
        first, last = read_day(period.get("start")), read_day(period["end"])
        if first is None or last is None:
            yield None
        else:
            yield Decimal(int((last.latest - first.earliest).total_seconds())) / 60


def _is_dose_of(instruction: Json, dosing: Dosing) -> bool:
    """Whether the draft's own dose is the new one already: only its time changes."""
    doses = objects(instruction.get("doseAndRate")) or [instruction]
    return all(_grams(object_of(dose.get("doseQuantity"))) == dosing.dose.value for dose in doses)


def _is_dispensed_otherwise(order: Json, dosing: Dosing) -> bool:
    """Whether another amount is dispensed than the new dose; how much that is of a volume, or of
    mEq, nobody here works out."""
    request = object_of(order.get("dispenseRequest"))
    return any(
        _AMOUNT.fullmatch(unit_of(amount) or "") and _grams(amount) != dosing.dose.value
        for holder in (request, object_of(request.get("initialFill")))
        for amount in [object_of(holder.get("quantity"))]
    )


def _grams(amount: Mapping[str, Any]) -> Decimal | None:
    """An amount in g; None for one in other units."""
    number, unit = read_number(amount.get("value")), unit_of(amount)
    if number is None or unit not in ("g", "mg"):
        return None
    return number if unit == "g" else number / 1000


def _narrated(order: Json) -> Iterator[str]:
    """The words of the order's narrative."""
    narrative = object_of(order.get("text")).get("div")
    if isinstance(narrative, str):
        yield from spaced([_TAG.sub(" ", narrative)])


def _extended(order: Json) -> Iterator[str]:
    """What extensions of the order or of any of its members say, in words or as a quantity."""
    waiting: list[tuple[object, bool]] = [(order, False)]
    while waiting:
        one, inside = waiting.pop()
        if isinstance(one, list):
            waiting += [(each, inside) for each in one]
        elif isinstance(one, dict):
            if inside:
                yield from _measured(one)
            waiting += [
                (each, inside or name in _EXTENSIONS)
                for name, each in one.items()
                if name not in ("url", "system")
            ]
        elif inside and isinstance(one, str):
            yield from spaced([one])


def _measured(one: Mapping[str, Any]) -> Iterator[str]:
    """A quantity or a duration as its words: `2 g`, `5 min`."""
    for name, unit in (("value", "unit"), ("value", "code"), ("duration", "durationUnit")):
        number = read_number(one.get(name))
        if number is not None and isinstance(one.get(unit), str):
            yield f"{number:f} {one[unit]}"


def _names(concept: object) -> Iterator[str]:
    """Text and displays of a CodeableConcept, the display of a Reference, the text of a note.

    With single blanks, as the words are listed.
    """
    if not isinstance(concept, dict):
        return
    codings = concept.get("coding")
    for one in (concept, *(codings if isinstance(codings, list) else ())):
        if isinstance(one, dict):
            for member in ("text", "display"):
                if isinstance(one.get(member), str):
                    yield from spaced([one[member]])
