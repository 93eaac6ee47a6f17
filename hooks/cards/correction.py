"""A drafted order, corrected: the entire draft with another dose and rate, and nothing else."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from fhir.resources.R4B.medicationrequest import MedicationRequest
from pydantic import ValidationError

from hooks.cards.contradiction import would_contradict
from hooks.cards.orders import quantity
from hooks.chart.concept import object_of, objects
from hooks.chart.dosage import RATES
from hooks.protocol.model import Dosing

Json = dict[str, Any]

#: Where R4 wants a list and real drafts hold one object: the object is kept, in a list.
_LISTS: Final = ("category", "reasonCode", "reasonReference", "dosageInstruction", "note")
#: The status of a narrative that says nothing but what stands in the members of its resource.
_GENERATED: Final = "generated"

#: What the models raise, beside their own error, at a contained resource of a type that R4 does not
#: know or that is none.
_UNKNOWN_TYPE: Final = (LookupError, TypeError, AttributeError, ValueError)


def correct(draft: Mapping[str, Any], dosing: Dosing, text: str) -> Json | None:
    """The whole draft with the dosing, ready to go back as an `update`.

    Every other element stays, also those that nobody here understands, but for a narrative that was
    made of the old ones; `status` and `intent`, which R4 demands, are added where a draft has none.
    `text` replaces a dosage text that would contradict the new dose. None if the draft says its
    dose more than once, as one EHR takes the first of them and another their sum, if it says in
    other places what the new dose contradicts, or if what comes out would not be valid R4: then the
    draft cannot be mended from here, and the card only says what is wrong.
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
    order = _without_narrative(order)
    if would_contradict(order, instruction, dosing):
        return None
    _set(instruction, dosing, text)
    return order if _is_r4(order) else None


def _without_narrative(order: Json) -> Json:
    """The order without a narrative that was made of its old members."""
    if object_of(order.get("text")).get("status") != _GENERATED:
        return order
    return {name: member for name, member in order.items() if name != "text"}


def _is_r4(order: Json) -> bool:
    """Whether an order is a MedicationRequest that leaves as valid R4."""
    contained = order.get("contained")
    if not all(isinstance(one.get("resourceType"), str) for one in objects(contained)):
        return False
    try:
        # A draft's id is whatever its EHR made up, often longer than FHIR allows; it goes back as
        # it came, and is no reason to keep the correction back.
        MedicationRequest.model_validate({**order, "id": "draft"})
    except (ValidationError, *_UNKNOWN_TYPE):
        return False
    return True


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
    if isinstance(repeat, dict) and ("duration" in repeat or "durationMax" in repeat):
        repeat["duration"] = dosing.over.value
        repeat["durationUnit"] = "min"
        repeat.pop("durationMax", None)
