"""A drafted order, corrected: the entire draft with another dose and rate, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from fhir.resources.R4B.medicationrequest import MedicationRequest
from pydantic import ValidationError

from hooks.cards.orders import quantity
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import spaced
from hooks.chart.dosage import RATES
from hooks.chart.timing import read_timing
from hooks.protocol.model import Dosing

Json = dict[str, Any]

#: Where R4 wants a list and real drafts hold one object: the object is kept, in a list.
_LISTS: Final = ("category", "reasonCode", "reasonReference", "dosageInstruction", "note")

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


def correct(draft: Mapping[str, Any], dosing: Dosing, text: str) -> Json | None:
    """The whole draft with the dosing, ready to go back as an `update`.

    Every other element stays, also those that nobody here understands; `status` and `intent`, which
    R4 demands, are added where a draft has none. `text` replaces a dosage
    text that would contradict the new dose. None if the draft says its dose more than once, as one
    EHR takes the first of them and another their sum, if it says in other places what the new dose
    contradicts, or if what comes out would not be valid R4: then the draft cannot be mended from
    here, and the card only says what is wrong.
    """
    order: Json = deepcopy(dict(draft))
    order.setdefault("status", "draft")
    order.setdefault("intent", "order")
    for name in _LISTS:
        if isinstance(order.get(name), dict):
            order[name] = [order[name]]
    instructions = order.get("dosageInstruction")
    if instructions is None:
        instructions = order["dosageInstruction"] = [{}]
    if not isinstance(instructions, list) or len(instructions) != 1:
        return None
    instruction = instructions[0]
    if not isinstance(instruction, dict):
        return None
    doses = instruction.get("doseAndRate")
    if isinstance(doses, list) and len(doses) > 1:
        return None
    if _would_contradict(order, instruction):
        return None
    _set(instruction, dosing, text)
    try:
        # A draft's id is whatever its EHR made up, often longer than FHIR allows; it goes back as
        # it came, and is no reason to keep the correction back.
        MedicationRequest.model_validate({**order, "id": "draft"})
    except ValidationError:
        return None
    return order


def _would_contradict(order: Json, instruction: Json) -> bool:
    """Whether what stays of a draft would say another dose, rate or number than the new dosage."""
    if any(map(instruction.get, _LIMITS)) or _is_said_beside(instruction):
        return True
    if "text" in instruction and read_timing(instruction).recurring:
        # The new text is of one dose.
        return True
    notes = order.get("note")
    said = [name for note in notes for name in _names(note)] if isinstance(notes, list) else []
    if any(map(_DOSED.search, said)):
        return True
    contained = order.get("contained")
    held = contained if isinstance(contained, list) else []
    called = (
        order.get("medicationCodeableConcept"),
        order.get("medicationReference"),
        *(one.get("code") for one in held if isinstance(one, dict)),
    )
    given = (instruction.get("route"), instruction.get("method"))
    named = [name for one in (*called, *given) for name in _names(one)]
    return any(map(_HURRIED.search, (*said, *named)))


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


def _set(instruction: Json, dosing: Dosing, text: str) -> None:
    if "text" in instruction:
        instruction["text"] = text
    dose = quantity(dosing.dose.value, "g")
    rate = {"numerator": dose, "denominator": quantity(dosing.over.value, "min")}
    doses = instruction.get("doseAndRate")
    if isinstance(doses, dict):
        doses = instruction["doseAndRate"] = [doses]
    if not isinstance(doses, list) or not doses:
        doses = instruction["doseAndRate"] = [{}]
    for name in ("doseQuantity", "doseRange", *RATES):
        instruction.pop(name, None)
    item = doses[0]
    if isinstance(item, dict):
        for name in ("doseRange", *RATES):
            item.pop(name, None)
        item["doseQuantity"] = dose
        item["rateRatio"] = rate
    timing = instruction.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    if isinstance(repeat, dict) and "duration" in repeat:
        repeat["duration"] = dosing.over.value
        repeat["durationUnit"] = "min"
        repeat.pop("durationMax", None)
