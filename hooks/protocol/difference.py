"""What changes for whom from one protocol to another, in sentences for a committee.

Everything that stands in a file is compared: what decides by its value, so that 0.50 mmol/L and
1.00 mEq/L are one limit; what is only worded differently by the old words and the new ones.
Nothing that differs goes unsaid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final

from pydantic import BaseModel

from hooks.chart.units import CANONICAL, Analyte
from hooks.protocol import scale
from hooks.protocol.limits import Plausible
from hooks.protocol.model import Band, Coding, Document, Dosing, Option, Origin, Row
from hooks.protocol.protocol import Protocol, span
from hooks.protocol.quantity import Quantity, Rate
from hooks.protocol.scale import Scale
from hooks.protocol.notation import dose, label, limit

Path = tuple[str, ...]

_ABOUT: Final = "About the protocol"
_WORDING: Final = "Wording"
_SOURCES: Final = "Sources"
_TITLES: Final[Mapping[str, str]] = {
    "protocol": _ABOUT,
    "scope": "For whom",
    "bands": "Bands",
    "rows": "Doses",
    "recheck": "Doses",
    "renal": "Renal function",
    "gates": "Gates",
    "windows": "Time windows",
    "rate": "Infusion rate",
    "target": "Limits",
    "potassium": "Limits",
    "qtc": "Limits",
    "plausible": "Limits",
    "extreme": "Limits",
    "dose_tolerance": "Limits",
    "products": "Orders",
    "route": "Orders",
    "labs": "Orders",
    "findings": "Findings",
    "override_reasons": "Override reasons",
}
#: What does not change how a patient is treated.
_WORDS_ONLY: Final = frozenset({_ABOUT, _WORDING, _SOURCES})
_WORDED_PARTS: Final = frozenset({"cards", "silence", "offers", "orders", "words"})
_WORDED_MEMBERS: Final = frozenset(
    {"why", "monitoring", "caveat", "quotes", "text", "lead", "next", "display"}
)
_CALLED: Final[Mapping[str, str]] = {"qtc": "QTc", "egfr": "eGFR"}
_TIERS: Final = ("standard", "reduced")


@dataclass(frozen=True, slots=True)
class Section:
    """The changes of one kind, one sentence each; `decides` unless they are only words."""

    title: str
    changes: tuple[str, ...]
    decides: bool


def compare(before: Protocol, after: Protocol) -> tuple[Section, ...]:
    """Everything that is different, by kind; empty if nothing is."""
    old, new = before.document, after.document
    told: set[Path] = set()
    found: dict[str, list[str]] = {title: [] for title in (*_TITLES.values(), _WORDING, _SOURCES)}
    found["Bands"] += _bands(before, after)
    found["Doses"] += _doses(old, new, told)
    found["Orders"] += _products(old, new, told)
    found["Override reasons"] += _reasons(old, new, told)
    for title, scales in _SCALES:
        for was, now in zip(scales(old), scales(new), strict=True):
            found[title] += map(str, scale.moves(was, now))
    for path, first, second in _changed(old, new):
        if not any(path[:end] in told for end in range(1, len(path) + 1)):
            title, sentence = _said(path, first, second)
            found[title] += sentence
    return tuple(
        Section(title, tuple(sentences), title not in _WORDS_ONLY)
        for title, sentences in found.items()
        if sentences
    )


# ------------------------------------------------------------------ every value of the file


def _changed(old: Document, new: Document) -> Iterator[tuple[Path, Any, Any]]:
    """The places where the files differ, with what stands there; None where nothing does."""
    rows = {_name(row, ()): row.id for row in new.rows}
    was, now = dict(_walk(old, (), rows)), dict(_walk(new, (), rows))
    for path in dict.fromkeys((*was, *now)):
        first, second = was.get(path), now.get(path)
        if first != second:
            yield path, first, second


def _walk(part: object, path: Path, rows: Mapping[str, str]) -> Iterator[tuple[Path, Any]]:
    """Every single value of a part of the file by its place; what is empty is not there."""
    match part:
        case None | "" | ():
            return
        case BaseModel():
            for name, field in type(part).model_fields.items():
                yield from _walk(getattr(part, name), (*path, field.alias or name), rows)
        case dict():
            for name, member in part.items():
                yield from _walk(member, (*path, str(name)), rows)
        case tuple() if not isinstance(part[0], str):
            for name, member in _named(part, path):
                known = rows[name] if path == ("rows",) else name
                yield from _walk(member, (*path, known), rows)
        case _:
            yield path, part


def _named(members: Iterable[object], path: Path) -> Iterator[tuple[str, object]]:
    """The members of a list by name, those without one by number; a name that recurs is told."""
    seen: dict[str, int] = {}
    for number, member in enumerate(members, start=1):
        name = _name(member, path) or str(number)
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), member


def _name(member: object, path: Path) -> str:
    """What a member of a list is called; a row by what it is for, since its id may change."""
    match member:
        case Row():
            return f"{member.band} {member.tier}" if member.tier else member.band
        case Coding() if path == ("override_reasons",):
            return member.code
        case Origin():
            return member.begins[0]
    return str(getattr(member, "id", ""))


def _said(path: Path, was: Any, now: Any) -> tuple[str, list[str]]:
    """Where a change belongs and its sentence, if it is not told by the patients it concerns."""
    place = ".".join(path)
    if path[-1] == "source":
        return _SOURCES, [_becomes(place.removesuffix(".source"), was, now)]
    if path[0] in {"sources", "origins"}:
        what = path[1] if path[0] == "sources" else f"where {path[1]} comes from, {path[-1]}"
        return _SOURCES, list(_reworded(what, was, now))
    if path[-1] == "beyond":
        what = f"{_called(path[:-1])}, beyond the bounds of the service"
        return _TITLES.get(path[0], "Limits"), [_becomes(what, was, now)]
    if _is_same(was, now):
        return _WORDING, [f'{place}: "{was}" is now written "{now}", the same value']
    if path[0] in _WORDED_PARTS or path[-1] in _WORDED_MEMBERS:
        return _WORDING, list(_reworded(place, was, now))
    if _is_told_by_whom(path):
        return _TITLES[path[0]], []
    return _TITLES.get(path[0], "Limits"), [_becomes(_called(path), was, now)]


def _is_told_by_whom(path: Path) -> bool:
    """Whether a limit is one of a scale or of a band, or a value is a dose's."""
    match path:
        case ("scope", "age", _) | ("bands", _, "from" | "above" | "below" | "to"):
            return True
        case ("renal", "excluded_below" | "reduced_below" | "caution_below", _):
            return True
        case ("target", "redose_below" | "deficient_below", _):
            return True
        case ("rows", _, "id" | "dose" | "over" | "product" | "priority"):
            return True
        case ("rows", _, "options", _, "dose" | "over" | "product" | "when"):
            return True
    return path[0] in {"potassium", "qtc", "plausible", "extreme", "recheck"}


def _is_same(was: Any, now: Any) -> bool:
    """Whether two values that are written differently decide the same."""
    match was, now:
        case Quantity(), Quantity():
            return bool(was.value == now.value)
        case Rate(), Rate():
            return not was.exceeds(now) and not now.exceeds(was)
    return False


def _called(path: Path) -> str:
    """What the value at a place is called."""
    place = ".".join(path).removesuffix(".value")
    known = label(place)
    if known != place:
        return known
    match path:
        case ("protocol", name):
            return name.replace("_", " ")
        case ("bands" | "gates" | "override_reasons", name, member):
            return f"{name}, {member}"
        case ("findings", name, member):
            return f"finding {name}, {member}"
    return place


def _becomes(what: str, was: Any, now: Any) -> str:
    if was is None:
        return f"{what}: {_shown(now)} is new"
    if now is None:
        return f"{what}: {_shown(was)} is gone"
    return f"{what}: {_shown(was)} becomes {_shown(now)}"


def _reworded(name: str, was: Any, now: Any) -> Iterator[str]:
    """The old words and the new ones; of a text of many lines only the lines that change."""
    before, after = _lines(was), _lines(now)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    told = False
    for what, start, end, other_start, other_end in matcher.get_opcodes():
        if what == "equal":
            continue
        told = True
        for old, new in zip_longest(before[start:end], after[other_start:other_end]):
            if old is None:
                yield f'{name}: "{new}" is new'
            elif new is None:
                yield f'{name}: "{old}" is gone'
            else:
                yield f'{name}: "{old}" becomes "{new}"'
    if not told:
        yield f"{name} is laid out differently"


def _lines(words: Any) -> list[str]:
    if words is None:
        return []
    text = ", ".join(words) if isinstance(words, tuple) else str(words)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _shown(value: Any) -> str:
    match value:
        case Rate():
            return limit(value)
        case tuple():
            return ", ".join(value)
        case Decimal():
            return scale.plain(value)
        case str() if " " in value:
            return f'"{value}"'
    return str(value)


# ------------------------------------------------------------------ whom a limit concerns


def _ages(document: Document) -> Iterator[Scale]:
    age = document.scope.age
    cuts = (scale.before(age.from_), scale.behind(age.to))
    yield Scale("age", "y", cuts, ("no advice", "advice", "no advice"))


def _kidneys(document: Document) -> Iterator[Scale]:
    renal = document.renal
    yield Scale(
        "renal function",
        "mL/min",
        (scale.before(renal.excluded_below.value), scale.before(renal.reduced_below.value)),
        ("no dose", "reduced dose", "standard dose"),
    )
    caution = scale.before(renal.caution_below.value)
    yield Scale("renal function", "mL/min", (caution,), ("caution", "no caution"))


def _results(document: Document) -> Iterator[Scale]:
    target, potassium, extreme = document.target, document.potassium, document.extreme.magnesium
    yield Scale(
        "magnesium after a dose",
        "mg/dL",
        (scale.before(target.redose_below.value),),
        ("additional dose considered", "no additional dose"),
    )
    deficient = scale.before(target.deficient_below.value)
    yield Scale("magnesium", "mg/dL", (deficient,), ("deficient", "not deficient"))
    yield Scale(
        "potassium",
        "mmol/L",
        (
            scale.before(potassium.very_low_below.value),
            scale.before(potassium.low_below.value),
        ),
        ("very low", "low", "not low"),
    )
    long = scale.before(document.qtc.long_from.value)
    yield Scale("QTc", "ms", (long,), ("not long", "long"))
    ends = (scale.before(extreme.below), scale.behind(extreme.above))
    yield Scale("magnesium", "mg/dL", ends, ("extreme", "not extreme", "extreme"))
    for name in Plausible.model_fields:
        limits = getattr(document.plausible, name)
        unit = CANONICAL[Analyte(name)]
        ends = (scale.before(limits.from_), scale.behind(limits.to))
        what = _CALLED.get(name, name)
        yield Scale(what, unit, ends, ("not plausible", "plausible", "not plausible"))


_SCALES: Final[tuple[tuple[str, Callable[[Document], Iterator[Scale]]], ...]] = (
    ("For whom", _ages),
    ("Renal function", _kidneys),
    ("Limits", _results),
)


# ------------------------------------------------------------------ bands and doses


def _bands(before: Protocol, after: Protocol) -> Iterator[str]:
    """Which levels change their band, and what dose that means in each renal tier."""
    for move in scale.moves(_band_scale(before), _band_scale(after)):
        yield str(move)
        for tier in _TIERS:
            was = _dosing(before.document, move.was, tier)
            now = _dosing(after.document, move.now, tier)
            if not _is_same_dosing(was, now):
                yield f"{move.values}, {tier} renal function: {_dose(was)} becomes {_dose(now)}"


def _band_scale(protocol: Protocol) -> Scale:
    cuts = tuple(_beginning(band) for band in protocol.bands[1:])
    return Scale("magnesium", "mg/dL", cuts, tuple(band.id for band in protocol.bands))


def _beginning(band: Band) -> scale.Cut:
    if band.from_ is not None:
        return scale.before(band.from_)
    if band.above is not None:
        return scale.behind(band.above)
    raise AssertionError("only the lowest band of a checked protocol has no lower limit")


def _dosing(document: Document, band: str, tier: str) -> Dosing | None:
    row = next(row for row in document.rows if row.band == band and row.tier in (tier, None))
    return row.dosing


def _dose(dosing: Dosing | None) -> str:
    return "no dose" if dosing is None else dose(dosing)


def _is_same_dosing(was: Dosing | None, now: Dosing | None) -> bool:
    if was is None or now is None:
        return was is now
    return was.dose.value == now.dose.value and was.over.value == now.over.value


def _doses(old: Document, new: Document, told: set[Path]) -> Iterator[str]:
    rows = {_name(row, ()): row for row in new.rows}
    for row in old.rows:
        yield from _rows(row, rows[_name(row, ())], told)
    if (old.recheck.from_.value, old.recheck.to.value) != (
        new.recheck.from_.value,
        new.recheck.to.value,
    ):
        was, now = (span(str(part.recheck.from_), str(part.recheck.to)) for part in (old, new))
        yield f"repeat level after the end of every dose: {was} becomes {now}"


def _rows(was: Row, now: Row, told: set[Path]) -> Iterator[str]:
    whom = f"{was.band}, {was.tier} renal function" if was.tier else was.band
    if was.id != now.id:
        yield f"{whom}: row {was.id} is now called {now.id}"
    whom = f"{whom} ({now.id})"
    if not _is_same_dosing(was.dosing, now.dosing):
        yield f"{whom}: {_dose(was.dosing)} becomes {_dose(now.dosing)}"
    if was.product != now.product:
        yield _becomes(f"{whom}: product", was.product, now.product)
    if was.priority != now.priority:
        yield _becomes(f"{whom}: priority", was.priority, now.priority)
    old, new = ({option.id: option for option in row.options} for row in (was, now))
    for name, option in old.items():
        if name in new:
            yield from _options(whom, option, new[name])
        else:
            yield f"{whom}: the option {_option(option)} is gone"
    for name, option in new.items():
        if name not in old:
            yield f"{whom}: the option {_option(option)} is new"
    told |= {("rows", now.id, "options", name) for name in old.keys() ^ new.keys()}
    yield from _reordered(list(old), list(new), f"{whom}: the options")


def _options(whom: str, was: Option, now: Option) -> Iterator[str]:
    if not _is_same_dosing(was, now) or was.when != now.when:
        yield f"{whom}: the option {_option(was)} becomes {_option(now)}"
    if was.product != now.product:
        yield _becomes(f"{whom}: product of the option {was.id}", was.product, now.product)


def _option(option: Option) -> str:
    return f"{dose(option)} {option.when}"


# ------------------------------------------------------------------ orders and reasons


def _products(old: Document, new: Document, told: set[Path]) -> Iterator[str]:
    was = {product.id: product for product in old.products}
    now = {product.id: product for product in new.products}
    for name, product in was.items():
        if name not in now:
            yield f"product {name}, {product.holds}, is gone"
            continue
        first, second = _codes(product.coding), _codes(now[name].coding)
        if first != second:
            yield _becomes(f"product {name}, codes", first, second)
            told.add(("products", name, "coding"))
    for name, product in now.items():
        if name not in was:
            yield f"product {name}, {product.holds}, is new"
    told |= {("products", name) for name in was.keys() ^ now.keys()}


def _codes(codings: Iterable[Coding]) -> tuple[str, ...]:
    return tuple(f"{coding.system}|{coding.code}" for coding in codings)


def _reasons(old: Document, new: Document, told: set[Path]) -> Iterator[str]:
    was = {reason.code: reason.display for reason in old.override_reasons}
    now = {reason.code: reason.display for reason in new.override_reasons}
    for code, display in was.items():
        if code not in now:
            yield f'"{display}" ({code}) is gone'
    for code, display in now.items():
        if code not in was:
            yield f'"{display}" ({code}) is new'
    told |= {("override_reasons", code) for code in was.keys() ^ now.keys()}
    yield from _reordered(list(was), list(now), "the reasons")


def _reordered(was: list[str], now: list[str], what: str) -> Iterator[str]:
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield f"{what} stand in another order"
