"""What came out: an answer as plain values, and where it differs from what the table expects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hooks.order_select import Answer
from tests.truth.charts import NOW
from tests.truth.reading import RECHECK, Expected, Span

#: The modifiers of clinical 9 that say something; M3 says nothing.
MODIFIERS: Final = frozenset({"M1", "M2", "M4", "M5", "M6", "M7", "M8", "M9"})

_LEVELS: Final = {"19123-9": "magnesium", "2601-3": "magnesium", "2160-0": "creatinine"}


@dataclass(frozen=True, slots=True)
class Medication:
    """A magnesium order that is offered; `replaces` is the draft that it updates."""

    grams: Decimal
    minutes: Decimal
    replaces: str | None


@dataclass(frozen=True, slots=True)
class Offered:
    """One suggestion: its doses, and its levels with their windows in minutes from now."""

    medications: tuple[Medication, ...]
    levels: tuple[tuple[str, Span], ...]
    recommended: bool

    @property
    def kind(self) -> str:
        """The word of the table for it."""
        if self.medications:
            return "update" if self.medications[0].replaces else "dose"
        analytes = sorted(analyte for analyte, _ in self.levels)
        if analytes == ["creatinine", "magnesium"]:
            return "creatinine+recheck"
        if analytes == ["magnesium"]:
            return "level" if self.levels[0][1][0] == 0 else "recheck"
        return " and ".join(analytes)


def offered(answer: Answer) -> list[Offered]:
    """The suggestions of an answer, in their order."""
    return [_offered(one) for card in answer.cards for one in card.get("suggestions", ())]


def _offered(suggestion: Mapping[str, Any]) -> Offered:
    medications, levels = [], []
    for action in suggestion["actions"]:
        resource = action["resource"]
        if resource["resourceType"] == "MedicationRequest":
            medications.append(_medication(resource, action["type"]))
        else:
            code = resource["code"]["coding"][0]["code"]
            period = resource["occurrencePeriod"]
            levels.append((_LEVELS[code], (_minutes(period["start"]), _minutes(period["end"]))))
    return Offered(tuple(medications), tuple(levels), suggestion.get("isRecommended", False))


def _medication(resource: Mapping[str, Any], action: str) -> Medication:
    """A dose as it is offered: one dose, one rate, and a duration that agrees with them."""
    (dosage,) = resource["dosageInstruction"]
    (dose,) = dosage["doseAndRate"]
    grams, ratio = _measured(dose["doseQuantity"], "g"), dose["rateRatio"]
    minutes = _measured(ratio["denominator"], "min")
    repeat = dosage.get("timing", {}).get("repeat", {})
    said = repeat.get("duration", minutes), repeat.get("durationUnit", "min")
    if _measured(ratio["numerator"], "g") != grams or said != (minutes, "min"):
        raise AssertionError("an offered dose contradicts its own rate or duration")
    replaced = f"{resource['resourceType']}/{resource['id']}" if action == "update" else None
    return Medication(grams, minutes, replaced)


def _measured(quantity: Mapping[str, Any], unit: str) -> Decimal:
    if quantity["code"] != unit:
        raise AssertionError(f"an offered dose is written in {unit}, got {quantity['code']}")
    return Decimal(quantity["value"])


def _minutes(moment: str) -> int:
    """Whole minutes from now."""
    seconds = Decimal((datetime.fromisoformat(moment) - NOW).total_seconds())
    return int(seconds / 60)


def differences(expected: Expected, answer: Answer) -> Iterator[str]:
    """What differs, in words without the facts of the one chart."""
    account, card = answer.assessment, next(iter(answer.cards), None)
    if expected.band is not None and account["band"] != expected.band:
        yield f"band {expected.band}, got {account['band']}"
    if expected.rule is not None and account.get("rule") != expected.rule:
        yield f"rule {expected.rule}, got {account.get('rule')}"
    if not expected.row_open and account.get("row") != expected.row:
        yield f"row {expected.row}, got {account.get('row')}"
    if expected.card is not None and expected.card != (card is not None):
        why = f" ({account.get('silence')})" if card is None else f" ({card['summary']})"
        yield f"{'a card' if expected.card else 'silence'}, got the opposite{why}"
    if card is not None and expected.indicator not in {None, card["indicator"]}:
        yield f"indicator {expected.indicator}, got {card['indicator']}"
    rules = {finding["rule"] for finding in account.get("findings", ())} & MODIFIERS
    if not expected.found <= rules or (expected.exactly and expected.found != rules):
        yield f"modifiers {sorted(expected.found)}, got {sorted(rules)}"
    yield from _of_offers(expected, answer)


def _of_offers(expected: Expected, answer: Answer) -> Iterator[str]:
    found = offered(answer)
    if expected.offers is None:
        return
    kinds = {one.kind for one in found}
    dosed = kinds & {"dose", "update"}
    said = tuple(sorted(kinds - {"recheck"} if dosed else kinds))
    if said not in expected.offers:
        yield f"offers {' or '.join(map(str, expected.offers))}, got {said}"
        return
    wanted = [(Decimal(dose.grams), Decimal(dose.minutes)) for dose in expected.doses]
    got = [(one.grams, one.minutes) for suggestion in found for one in suggestion.medications]
    if got != wanted:
        yield f"doses {_written(wanted)}, got {_written(got)}"
        return
    dose = answer.assessment.get("dose")
    if (wanted[0] if wanted else None) != (dose and (dose["grams"], dose["minutes"])):
        yield f"dose of the account {_written(wanted[:1])}, got {dose}"
    if dosed and not (found[0].recommended and found[0].medications):
        yield "the row's dose first and recommended, got another"
    if "recheck" not in answer.assessment and said != ():
        yield "a recheck in the account, got none"
    if "recheck" in answer.assessment and said == () == expected.offers[0]:
        yield f"no recheck in the account, got {answer.assessment['recheck']}"
    yield from _of_windows(expected, found)


def _of_windows(expected: Expected, found: Iterable[Offered]) -> Iterator[str]:
    for one in found:
        ends = expected.ends
        if one.medications:
            minutes = int(one.medications[0].minutes)
            ends = ((minutes, minutes),)
        for analyte, window in one.levels:
            if analyte == "creatinine":
                if window[0] != 0:
                    yield f"a creatinine now, got {window}"
            elif one.kind != "level" and ends is not None and not _fits(window, ends):
                yield f"magnesium 240 to 360 min after {_spans(ends)}, got {window}"


def _fits(window: Span, ends: Iterable[Span]) -> bool:
    """Whether the window is the recheck's, counted from an end within one of the spans."""
    end = window[0] - RECHECK[0]
    return window[1] - RECHECK[1] == end and any(low <= end <= high for low, high in ends)


def _spans(spans: Iterable[Span]) -> str:
    return " or ".join(str(low) if low == high else f"{low}..{high}" for low, high in spans)


def _written(doses: Iterable[tuple[Decimal, Decimal]]) -> str:
    return ", ".join(f"{grams} g / {minutes} min" for grams, minutes in doses) or "none"
