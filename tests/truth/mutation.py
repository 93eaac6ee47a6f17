"""One number of the protocol file changed by one step, and the charts that must notice it.

A number is a whole TOML string: a quantity with its unit, a ratio, a percentage, an offset from
UTC. Numbers inside sentences, codes, names and sources are not decisions; `PROSE` lists where they
stand, and a number anywhere else is an error of the list.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from hooks import offered
from hooks.chart.codes import drugs, laboratory
from hooks.errors import ProtocolError
from hooks.order_select import Answer, OrderSelect
from hooks.protocol import bounds
from hooks.protocol.protocol import parse
from tests.truth import charts
from tests.truth.charts import IV_BAG, NOW, Json
from tests.truth.outcome import offered as suggestions

SHIPPED: Final = (
    resources.files("hooks.protocol").joinpath("adult_magnesium.toml").read_text(encoding="utf-8")
)
CASES: Final[Sequence[Mapping[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("boundaries.toml").read_text(encoding="utf-8")
)["case"]

#: No bounds but the label's: a number that a bound holds back has to be noticed by a chart all the
#: same, since a site may pass most of them.
UNBOUND: Final = bounds.shipped().model_copy(update={"doses": (), "bands": (), "limits": ()})

#: One step of each unit: the smallest change that a person would make by a slip.
STEPS: Final[Mapping[str, str]] = {
    "mg/dL": "0.01",
    "mmol/L": "0.01",
    "mEq/L": "0.01",
    "mL/min": "1",
    "mL/min/1.73 m2": "1",
    "mg/min": "1",
    "g": "0.5",
    "min": "1",
    "h": "1",
    "d": "1",
    "y": "1",
    "kg": "0.01",
    "ms": "1",
}

#: Members whose strings may hold digits that decide nothing: names, codes, sentences, sources.
PROSE: Final = frozenset(
    {
        "quotes",
        "origins",
        "id",
        "version",
        "code",
        "system",
        "display",
        "text",
        "product",
        "rule",
        "source",
        "sources",
        "caveat",
        "summary",
        "detail",
        "lead",
        "asks",
        "words",
        "silence",
        "offers",
        "orders",
    }
)


_NUMBER: Final = re.compile(r'"(?P<number>\d+(?:\.\d+)?)(?P<unit> [^" ]+(?: m2)?)?"')
_ZONE: Final = re.compile(r'"\+00:00"')


@dataclass(frozen=True, slots=True)
class Mutant:
    """The protocol's text with one number changed, or one that stands in several lines."""

    line: int
    what: str
    text: str


def mutants() -> Iterator[Mutant]:
    """Every number one step up and one step down, and numbers that must agree changed together."""
    lines = SHIPPED.splitlines()
    for index, line in enumerate(lines):
        for start, old, new in _changes(line):
            changed = line[:start] + new + line[start + len(old) :]
            text = "\n".join([*lines[:index], changed, *lines[index + 1 :]])
            yield Mutant(index + 1, f"{old} to {new}: {line.strip()}", text)
    for old in ("0.50 mmol/L", "1.5 mg/dL", "1.7 mg/dL", "2.6 mg/dL"):
        for new in _steps(*old.split(" ", 1)):
            yield _together(lines, rf'^(below|from|to|above) = "{re.escape(old)}"', old, new)
    for old in ("2 g", "1 g"):
        for new in _steps(*old.split(" ", 1)):
            yield _together(lines, rf'^(holds|dose) = "{re.escape(old)}"', old, new)


def _together(lines: Sequence[str], where: str, old: str, new: str) -> Mutant:
    places = [index for index, line in enumerate(lines) if re.match(where, line)]
    if len(places) < 2:
        raise AssertionError(f"{old} stands in fewer than two lines")
    changed = [
        line.replace(f'"{old}"', f'"{new}"') if index in places else line
        for index, line in enumerate(lines)
    ]
    listed = ", ".join(str(index + 1) for index in places)
    return Mutant(places[0] + 1, f"{old} to {new} in lines {listed} together", "\n".join(changed))


def _changes(line: str) -> Iterator[tuple[int, str, str]]:
    """Where a number stands in a line, its literal, and each literal instead of it."""
    code = line.partition(" source = ")[0]
    name = code.strip().lstrip("{ ").partition(" ")[0]
    if line.startswith("#") or name in PROSE or name.startswith('"'):
        return
    for match in _NUMBER.finditer(code):
        before = code[: match.start()].rstrip()
        member = re.search(r"([\w-]+) =$", before)
        if member is None or member[1] in PROSE:
            continue
        unit = (match["unit"] or "").strip()
        for new in _steps(match["number"], unit):
            yield match.start(), match[0], f'"{new}"'
    for match in _ZONE.finditer(code):
        for new in ("+01:00", "-01:00"):
            yield match.start(), match[0], f'"{new}"'


def _steps(number: str, unit: str) -> Iterator[str]:
    if not unit:
        step = Decimal("0.1") if "." in number else Decimal(1)
    elif unit in STEPS:
        step = Decimal(STEPS[unit])
    else:
        raise AssertionError(f"{number} {unit}: no step is known for this unit")
    for changed in (Decimal(number) + step, Decimal(number) - step):
        yield f"{changed} {unit}".strip()


def numbers_in_prose() -> Iterator[str]:
    """Paths of strings that hold a digit and are neither a mutated number nor listed prose."""

    def walk(value: object, path: tuple[str, ...]) -> Iterator[str]:
        if isinstance(value, dict):
            for name, member in value.items():
                yield from walk(member, (*path, name))
        elif isinstance(value, list):
            for member in value:
                yield from walk(member, path)
        elif isinstance(value, str) and re.search(r"\d", value):
            literal = f'"{value}"'
            known = _NUMBER.fullmatch(literal) or _ZONE.fullmatch(literal)
            if not known and not PROSE & set(path):
                yield ".".join(path)

    return walk(tomllib.loads(SHIPPED), ())


# ------------------------------------------------------------------------------------------- suite


@cache
def _codes() -> tuple[laboratory.LabCodes, drugs.DrugCodes]:
    return laboratory.load(), drugs.load()


def service(text: str) -> OrderSelect:
    """The service by a protocol text. Raises ProtocolError."""
    labs, known = _codes()
    return offered(parse(text, "mutant", UNBOUND), labs, None, known)[0]


def unmet(text: str) -> Iterator[str]:
    """The boundary charts that do not come out as they must by this protocol text."""
    try:
        hook = service(text)
    except ProtocolError as error:
        yield f"the protocol is refused: {error.problems[0]}"
        return
    for number, case in enumerate(CASES):
        for difference in _differences(hook, text, number):
            yield f"{case['about']}: {difference}"


def _differences(hook: OrderSelect, text: str, number: int) -> Iterator[str]:
    expect = CASES[number]["expect"]
    if "refused" in expect:
        old, new = CASES[number]["edit"]
        try:
            parse(text.replace(old, new), "edited")
        except ProtocolError:
            return
        yield "the file is accepted"
        return
    said, prefetch, now = _call(number)
    answer = hook.answer(hook.read_context(said), prefetch, now)
    seen = _seen(answer)
    for name, wanted in expect.items():
        match name:
            case "found":
                missing = set(wanted) - seen["found"]
                if missing:
                    yield f"expected {sorted(missing)} among {sorted(seen['found'])}"
            case "lacks":
                if set(wanted) & seen["found"]:
                    yield f"expected no {sorted(wanted)} among {sorted(seen['found'])}"
            case "says":
                yield from (f"expected {word!r}" for word in wanted if word not in seen["text"])
            case "keeps":
                yield from (f"expected no {word!r}" for word in wanted if word in seen["text"])
            case _:
                if seen[name] != wanted:
                    yield f"expected {name} {wanted}, got {seen[name]}"


def _seen(answer: Answer) -> Json:
    account = answer.assessment
    found = suggestions(answer)
    doses = [
        f"{one.grams} g / {one.minutes} min"
        for suggestion in found
        for one in suggestion.medications
    ]
    levels = [
        list(window)
        for suggestion in found
        for analyte, window in suggestion.levels
        if analyte == "magnesium"
    ]
    texts = [account.get("silence", "")]
    for card in answer.cards:
        texts += [card["summary"], card["detail"]]
        for suggestion in card.get("suggestions", ()):
            texts += [
                str(action["resource"].get("medicationCodeableConcept"))
                for action in suggestion["actions"]
            ]
    return {
        "rule": account.get("rule"),
        "dose": doses[0] if doses else "none",
        "offers": doses,
        "recheck": levels[0] if levels else [],
        "found": {finding["rule"] for finding in account.get("findings", ())},
        "text": "\n".join(texts),
    }


_PLAIN: Final = {
    "magnesium": ["1.2 mg/dL, 2 h"],
    "potassium": ["4.1 mmol/L, 2 h"],
    "creatinine": ["0.8 mg/dL, 2 h"],
    "weight": ["70 kg, 20 h"],
    "qtc": [],
    "egfr": [],
}
_SPANS: Final = {"min": "minutes", "h": "hours", "d": "days"}


@cache
def _call(number: int) -> tuple[Json, Json, datetime]:
    """The request of a boundary chart, sent once."""
    case = CASES[number]
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    human: Json = {
        "resourceType": "Patient",
        "id": charts.PATIENT,
        "gender": case.get("sex", "female"),
        "birthDate": case.get("born", "1964-05-14"),
    }
    prefetch: Json = {
        "patient": human,
        "medications": charts.searchset(_recorded(case, now)),
        "labOrders": charts.searchset([]),
        "conditions": charts.searchset(
            [charts.condition(case["condition"])] if "condition" in case else []
        ),
    }
    for analyte, plain in _PLAIN.items():
        lines = case.get(analyte, plain)
        prefetch[analyte] = charts.searchset(
            _result(analyte, line, str(place), now) for place, line in enumerate(lines)
        )
    draft = charts.medication(charts.DRUGS[case.get("drug", "acetaminophen")])
    if "draft" in case:
        grams, minutes = _dose(case["draft"])
        draft = _repeated(charts.medication(IV_BAG, grams=grams, minutes=minutes), case)
    said = charts.context([draft], ["draft-1"])
    return charts.over_the_wire(said), charts.over_the_wire(prefetch), now


def _result(analyte: str, line: str, name: str, now: datetime) -> Json:
    value, _, when = line.partition(", ")
    found = charts.observation(analyte, value, name=name)
    date = re.fullmatch(r"\d{4}-\d\d-\d\d", when)
    return {**found, "effectiveDateTime": when if date else _moment(when, now)}


def _recorded(case: Mapping[str, Any], now: datetime) -> Iterator[Json]:
    for word, status in (("running", "active"), ("given", "completed")):
        if word in case:
            dose, _, when = case[word].partition(", ")
            grams, minutes = _dose(dose)
            order = charts.medication(
                IV_BAG, name=word, status=status, grams=grams, minutes=minutes
            )
            yield {**_repeated(order, case), "authoredOn": _moment(when, now)}


def _repeated(order: Json, case: Mapping[str, Any]) -> Json:
    """The order, given again `every` so many min, `times` times, where the case says so."""
    if "every" in case:
        period, unit = case["every"].split(" ")
        repeat: Json = {"frequency": 1, "period": Decimal(period), "periodUnit": unit}
        if "times" in case:
            repeat["count"] = case["times"]
        order["dosageInstruction"][0]["timing"] = {"repeat": repeat}
    return order


def _dose(text: str) -> tuple[str, str | None]:
    grams, _, minutes = text.removesuffix(" min").partition(" / ")
    return grams.removesuffix(" g"), minutes or None


def _moment(text: str, now: datetime) -> str:
    number, unit = text.split(" ")
    return (now - timedelta(**{_SPANS[unit]: float(number)})).astimezone(UTC).isoformat()
