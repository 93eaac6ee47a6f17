"""What changes for whom from one protocol to another, in sentences for a committee.

Everything that stands in a file is compared: what decides by value, so that 0.50 mmol/L and
1.00 mEq/L are the same limit; what is only worded differently by its name in the file. Nothing
that differs goes unsaid.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel

from hooks.protocol.model import Band, Coding, Document, Dosing, Option, Row
from hooks.protocol.protocol import Protocol, span
from hooks.protocol.quantity import Quantity, Rate
from hooks.protocol.table import both, dose, label, plain

Path = tuple[str, ...]
Leaves = Mapping[Path, Any]

_WORDED: Final = frozenset({"cards", "silence", "offers", "orders", "words"})
_SENTENCES: Final = frozenset({"why", "monitoring", "caveat", "text", "lead", "next", "display"})
_TIERS: Final = ("standard", "reduced")
_TITLES: Final[Mapping[str, str]] = {
    "protocol": "About the protocol",
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
_MOST_ADDED: Final = 2
_WORDING: Final = "Wording"
_SOURCES: Final = "Sources"
#: What does not change how a patient is treated.
_WORDS_ONLY: Final = frozenset({"About the protocol", _WORDING, _SOURCES})


@dataclass(frozen=True, slots=True)
class Section:
    """The changes of one kind, one sentence each; `decides` unless they are only words."""

    title: str
    changes: tuple[str, ...]
    decides: bool


def compare(before: Protocol, after: Protocol) -> tuple[Section, ...]:
    """Everything that is different, by kind; empty if nothing is."""
    found: dict[str, list[str]] = {title: [] for title in (*_TITLES.values(), _WORDING, _SOURCES)}
    old, new = before.document, after.document
    found["For whom"] += _moved(_ages(old), _ages(new))
    found["Bands"] += _bands(before, after)
    found["Doses"] += _doses(before, after)
    found["Renal function"] += _moved(_tiers(old), _tiers(new))
    found["Renal function"] += _moved(_caution(old), _caution(new))
    for scales in (_blood_limits, _plausible):
        for first, second in zip(scales(old), scales(new), strict=True):
            found["Limits"] += _moved(first, second)
    found["Orders"] += _products(old, new)
    found["Override reasons"] += _reasons(old, new)
    for path, was, now in _changed(_leaves(old), _leaves(new)):
        for title, sentence in _said(path, was, now):
            found[title].append(sentence)
    return tuple(
        Section(name, tuple(sentences), name not in _WORDS_ONLY)
        for name, sentences in found.items()
        if sentences
    )


# ------------------------------------------------------------------ every member of the file


def _leaves(document: Document) -> Leaves:
    return dict(_walk(document, ()))


def _walk(part: object, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every single value of a part of the file by its place; what is empty is not there."""
    match part:
        case None | "" | ():
            return
        case BaseModel():
            for name, field in type(part).model_fields.items():
                yield from _walk(getattr(part, name), (*path, field.alias or name))
        case dict():
            for name, member in part.items():
                yield from _walk(member, (*path, str(name)))
        case (str(), *_):
            yield path, part
        case tuple():
            seen: dict[str, int] = {}
            for number, member in enumerate(part, start=1):
                name = _name(member, path) or str(number)
                seen[name] = seen.get(name, 0) + 1
                again = f"#{seen[name]}" if seen[name] > 1 else ""
                yield from _walk(member, (*path, f"{name}{again}"))
        case _:
            yield path, part


def _name(member: object, path: Path) -> str | None:
    """What a member of a list is called; a row by what it is for, since its id may change."""
    match member:
        case Row():
            return f"{member.band} {member.tier}" if member.tier else member.band
        case Coding():
            return member.code if path == ("override_reasons",) else None
        case _:
            return getattr(member, "id", None)


def _changed(old: Leaves, new: Leaves) -> Iterator[tuple[Path, Any, Any]]:
    """The places whose values are written differently; None where there is none."""
    for path in dict.fromkeys((*old, *new)):
        was, now = old.get(path), new.get(path)
        if was != now:
            yield path, was, now


def _said(path: Path, was: Any, now: Any) -> Iterator[tuple[str, str]]:
    """The sentence for a changed value and where it belongs, unless it is told otherwise."""
    place = ".".join(path)
    if path[-1] == "source":
        if not _goes_with_its_option(path, was, now):
            yield _SOURCES, _becomes(place.removesuffix(".source"), was, now)
    elif path[0] == "sources":
        yield _SOURCES, _reworded(path[1], was, now)
    elif _is_same(was, now):
        yield _WORDING, f'{place}: "{was}" is now written "{now}", the same value'
    elif path[0] in _WORDED or (path[-1] in _SENTENCES and path[0] != "sources"):
        yield _WORDING, _reworded(place, was, now)
    elif not _is_told_by_whom(path):
        yield _TITLES.get(path[0], "Limits"), _becomes(_called(path), was, now)


def _is_told_by_whom(path: Path) -> bool:
    """Whether the change is told by the patients that it concerns, or by its dose."""
    match path:
        case ("scope", "age", _) | ("bands", _, "from" | "above" | "below" | "to"):
            return True
        case ("renal", "excluded_below" | "reduced_below" | "caution_below", _):
            return True
        case ("potassium" | "qtc" | "plausible" | "extreme", *_) | ("recheck", _):
            return True
        case ("target", "redose_below" | "deficient_below", _):
            return True
        case ("rows", _, *rest):
            return rest[0] in {"id", "dose", "over", "product", "priority", "options"}
    return False


def _goes_with_its_option(path: Path, was: Any, now: Any) -> bool:
    """Whether these are the sources of an option that is new or gone, which is told already."""
    return path[0] == "rows" and "options" in path and (was is None or now is None)


def _is_same(was: Any, now: Any) -> bool:
    match was, now:
        case Quantity(), Quantity():
            return bool(was.value == now.value)
        case Rate(), Rate():
            return not was.exceeds(now) and not now.exceeds(was)
        case Decimal(), Decimal():
            return was == now
    return False


def _called(path: Path) -> str:
    """What the value at a place is called."""
    limit = ".".join(path[:-1] if path[-1] == "value" else path)
    known = label(limit)
    if known != limit:
        return f"{path[0].capitalize()}: {known.lower()}" if path[0] == "rate" else known
    match path:
        case ("protocol", name):
            return name.replace("_", " ")
        case ("bands" | "gates" | "override_reasons", name, what):
            return f"{name} {what}"
        case ("findings", name, what):
            return f"finding {name}, {what}"
    return " ".join(path)


def _becomes(what: str, was: Any, now: Any) -> str:
    if was is None:
        return f"{what}: {_shown(now)} is new"
    if now is None:
        return f"{what}: {_shown(was)} is gone"
    return f"{what}: {_shown(was)} becomes {_shown(now)}"


def _reworded(name: str, was: Any, now: Any) -> str:
    if was is None:
        return f"{name} is new"
    return f"{name} is gone" if now is None else f"{name} is worded differently"


def _shown(value: Any) -> str:
    match value:
        case Rate():
            return f"{value} ({both(value)})"
        case tuple():
            return ", ".join(value)
        case Decimal():
            return plain(value)
        case str() if " " in value:
            return f'"{value}"'
    return str(value)


def _reordered(old: list[str], new: list[str], what: str) -> Iterator[str]:
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield f"{what} stand in another order"


# ------------------------------------------------------------------ for whom a limit moves


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where one class of values ends and the next begins; `after`: the value is still below."""

    value: Decimal
    after: bool
    written: str

    @property
    def place(self) -> tuple[Decimal, bool]:
        return self.value, self.after


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values of one quantity in classes: one more class than cuts, from low to high."""

    what: str
    unit: str
    cuts: tuple[_Cut, ...]
    classes: tuple[str, ...]

    def above(self, cut: _Cut | None) -> str:
        """The class of the values just above a cut; None: of the lowest."""
        if cut is None:
            return self.classes[0]
        return self.classes[sum(own.place <= cut.place for own in self.cuts)]


def _before(limit: Quantity) -> _Cut:
    """A limit whose value belongs to what lies above it."""
    return _Cut(limit.value, False, limit.written)


def _behind(limit: Quantity) -> _Cut:
    """A limit whose value belongs to what lies below it."""
    return _Cut(limit.value, True, limit.written)


@dataclass(frozen=True, slots=True)
class _Move:
    """A range of values that goes from one class to another."""

    values: str
    was: str
    now: str


def _moves(old: _Scale, new: _Scale) -> Iterator[_Move]:
    """The ranges whose class changes, the lowest first, neighbors with the same change as one."""
    cuts = {cut.place: cut for cut in (*new.cuts, *old.cuts)}
    ends: list[_Cut | None] = [None, *(cuts[place] for place in sorted(cuts)), None]
    runs: list[tuple[_Cut | None, _Cut | None, str, str]] = []
    for lower, upper in pairwise(ends):
        was, now = old.above(lower), new.above(lower)
        if runs and runs[-1][2:] == (was, now):
            runs[-1] = (runs[-1][0], upper, was, now)
        else:
            runs.append((lower, upper, was, now))
    for lower, upper, was, now in runs:
        if was != now:
            yield _Move(f"{old.what} {_range(lower, upper, old.unit)}", was, now)


def _moved(old: _Scale, new: _Scale) -> Iterator[str]:
    for move in _moves(old, new):
        yield f"{move.values}: {move.was} becomes {move.now}"


def _range(lower: _Cut | None, upper: _Cut | None, unit: str) -> str:
    """A range in words: `1.45 to below 1.50 mg/dL`, `above 2.6 mg/dL`, `exactly 1.5 mg/dL`."""
    if lower is None or upper is None:
        cut = lower or upper
        if cut is None:
            return "of any value"
        word = ("above" if cut.after else "from") if lower else ("to" if cut.after else "below")
        return f"{word} {_with_unit(cut, plain(cut.value), unit)}"
    if lower.value == upper.value:
        return f"exactly {_with_unit(lower, plain(lower.value), unit)}"
    start, end = _evened(plain(lower.value), plain(upper.value))
    start += _otherwise(lower, unit)
    if lower.after:
        start = f"above {start}"
    return f"{start} to {'' if upper.after else 'below '}{_with_unit(upper, end, unit)}"


def _evened(*numbers: str) -> tuple[str, ...]:
    """Numbers with the same count of decimals where that costs two at most: 1.45 and 1.50."""
    counts = [len(number.partition(".")[2]) for number in numbers]
    places = max(counts)
    if places > _MOST_ADDED:
        return numbers
    return tuple(f"{Decimal(number):.{places}f}" for number in numbers)


def _with_unit(cut: _Cut, number: str, unit: str) -> str:
    return f"{number} {unit}{_otherwise(cut, unit)}"


def _otherwise(cut: _Cut, unit: str) -> str:
    """How the file writes the limit, if in another unit."""
    return "" if cut.written.endswith(f" {unit}") else f" ({cut.written})"


# ------------------------------------------------------------------ what has classes


def _ages(document: Document) -> _Scale:
    age = document.scope.age
    cuts = (_before(age.from_), _behind(age.to))
    return _Scale("age", "y", cuts, ("no advice", "advice", "no advice"))


def _band_scale(protocol: Protocol) -> _Scale:
    cuts = [_lower_end(band) for band in protocol.bands[1:]]
    return _Scale("magnesium", "mg/dL", tuple(cuts), tuple(band.id for band in protocol.bands))


def _lower_end(band: Band) -> _Cut:
    if band.from_ is not None:
        return _before(band.from_)
    if band.above is not None:
        return _behind(band.above)
    raise AssertionError("only the lowest band of a checked protocol has no lower limit")


def _tiers(document: Document) -> _Scale:
    renal = document.renal
    cuts = (_before(renal.excluded_below.value), _before(renal.reduced_below.value))
    return _Scale("renal function", "mL/min", cuts, ("no dose", "reduced dose", "standard dose"))


def _caution(document: Document) -> _Scale:
    cuts = (_before(document.renal.caution_below.value),)
    return _Scale("renal function", "mL/min", cuts, ("caution", "no caution"))


def _blood_limits(document: Document) -> Iterator[_Scale]:
    target, potassium = document.target, document.potassium
    yield _Scale(
        "magnesium",
        "mg/dL",
        (_before(target.redose_below.value),),
        ("an additional dose considered after a dose", "none considered"),
    )
    yield _Scale(
        "magnesium",
        "mg/dL",
        (_before(target.deficient_below.value),),
        ("deficient", "not deficient"),
    )
    yield _Scale(
        "potassium",
        "mmol/L",
        (_before(potassium.very_low_below.value), _before(potassium.low_below.value)),
        ("very low", "low", "not low"),
    )
    yield _Scale("QTc", "ms", (_before(document.qtc.long_from.value),), ("not long", "long"))
    extreme = document.extreme.magnesium
    yield _Scale(
        "magnesium",
        "mg/dL",
        (_before(extreme.below), _behind(extreme.above)),
        ("extreme", "not extreme", "extreme"),
    )


def _plausible(document: Document) -> Iterator[_Scale]:
    plausible = document.plausible
    for what, unit, limits in (
        ("magnesium", "mg/dL", plausible.magnesium),
        ("potassium", "mmol/L", plausible.potassium),
        ("creatinine", "mg/dL", plausible.creatinine),
        ("weight", "kg", plausible.weight),
        ("QTc", "ms", plausible.qtc),
    ):
        cuts = (_before(limits.from_), _behind(limits.to))
        yield _Scale(what, unit, cuts, ("not plausible", "plausible", "not plausible"))


# ------------------------------------------------------------------ bands and doses


def _bands(before: Protocol, after: Protocol) -> Iterator[str]:
    for move in _moves(_band_scale(before), _band_scale(after)):
        yield f"{move.values}: {move.was} becomes {move.now}"
        for tier in _TIERS:
            was, now = _dosing(before, move.was, tier), _dosing(after, move.now, tier)
            if not _is_same_dosing(was, now):
                yield (f"{move.values}, {tier} renal function: {_dose(was)} becomes {_dose(now)}")


def _dosing(protocol: Protocol, band: str, tier: str) -> Dosing | None:
    return next(
        (
            row.dosing
            for row in protocol.document.rows
            if row.band == band and row.tier in (tier, None)
        ),
        None,
    )


def _dose(dosing: Dosing | None) -> str:
    return "no dose" if dosing is None else dose(dosing)


def _is_same_dosing(was: Dosing | None, now: Dosing | None) -> bool:
    if was is None or now is None:
        return was is now
    return was.dose.value == now.dose.value and was.over.value == now.over.value


def _doses(before: Protocol, after: Protocol) -> Iterator[str]:
    new = {_name(row, ()): row for row in after.document.rows}
    for row in before.document.rows:
        other = new.get(_name(row, ()))
        if other is not None:
            yield from _rows(row, other)
    old_recheck, recheck = before.document.recheck, after.document.recheck
    if (old_recheck.from_.value, old_recheck.to.value) != (recheck.from_.value, recheck.to.value):
        was = span(str(old_recheck.from_), str(old_recheck.to))
        now = span(str(recheck.from_), str(recheck.to))
        yield f"repeat level after the end of every dose: {was} becomes {now}"


def _rows(was: Row, now: Row) -> Iterator[str]:
    whom = f"{was.band}, {was.tier} renal function" if was.tier else was.band
    if was.id != now.id:
        yield f"{whom}: row {was.id} is now called {now.id}"
    whom = f"{whom} ({now.id})"
    if not _is_same_dosing(was.dosing, now.dosing):
        yield f"{whom}: {_dose(was.dosing)} becomes {_dose(now.dosing)}"
    for name, old, new in (
        ("product", was.product, now.product),
        ("priority", was.priority, now.priority),
    ):
        if old != new:
            yield _becomes(f"{whom}: {name}", old, new)
    yield from _options(whom, was.options, now.options)


def _options(whom: str, was: Iterable[Option], now: Iterable[Option]) -> Iterator[str]:
    old, new = ({option.id: option for option in options} for options in (was, now))
    for name, option in old.items():
        other = new.get(name)
        if other is None:
            yield f"{whom}: the option {_option(option)} is gone"
            continue
        if not _is_same_dosing(option, other) or option.when != other.when:
            yield f"{whom}: the option {_option(option)} becomes {_option(other)}"
        if option.product != other.product:
            yield _becomes(f"{whom}: product of the option {name}", option.product, other.product)
    for name, option in new.items():
        if name not in old:
            yield f"{whom}: the option {_option(option)} is new"
    yield from _reordered(list(old), list(new), f"{whom}: the options")


def _option(option: Option) -> str:
    return f"{dose(option)} {option.when}"
