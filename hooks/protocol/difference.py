"""What changes for whom from one protocol to another, in sentences for a committee.

Everything that stands in a file is compared: what decides by its value, so that 0.50 mmol/L and
1.00 mEq/L are one limit; what is only worded differently by the old words and the new ones.
Nothing that differs goes unsaid.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hooks.protocol import treatment
from hooks.protocol.change import becomes, called, is_same, reordered, reworded
from hooks.protocol.document import Document
from hooks.protocol.inventory import Path, changed
from hooks.protocol.model import Coding
from hooks.protocol.protocol import Protocol

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
    found["Bands"] += treatment.bands(before, after)
    found["Doses"] += treatment.doses(old, new, told)
    found["Orders"] += _products(old, new, told)
    found["Override reasons"] += _reasons(old, new, told)
    for title, sentence in treatment.limits(old, new):
        found[title].append(sentence)
    for path, first, second in changed(old, new):
        if not any(path[:end] in told for end in range(1, len(path) + 1)):
            title, sentences = _said(path, first, second)
            found[title] += sentences
    return tuple(
        Section(title, tuple(changes), title not in _WORDS_ONLY)
        for title, changes in found.items()
        if changes
    )


def _said(path: Path, was: Any, now: Any) -> tuple[str, list[str]]:
    """Where a change belongs and its sentence, if it is not told by the patients it concerns."""
    place = ".".join(path)
    if path[-1] == "source":
        return _SOURCES, [becomes(place.removesuffix(".source"), was, now)]
    if path[0] in {"sources", "origins"}:
        what = path[1] if path[0] == "sources" else f"where {path[1]} comes from, {path[-1]}"
        return _SOURCES, list(reworded(what, was, now))
    if path[-1] == "beyond":
        what = f"{called(path[:-1])}, beyond the bounds of the service"
        return _TITLES.get(path[0], "Limits"), [becomes(what, was, now)]
    if is_same(was, now):
        return _WORDING, [f'{place}: "{was}" is now written "{now}", the same value']
    if path[0] in _WORDED_PARTS or path[-1] in _WORDED_MEMBERS:
        return _WORDING, list(reworded(place, was, now))
    if _is_told_by_whom(path):
        return _TITLES[path[0]], []
    return _TITLES.get(path[0], "Limits"), [becomes(called(path), was, now)]


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


def _products(old: Document, new: Document, told: set[Path]) -> Iterator[str]:
    was = {product.id: product for product in old.products}
    now = {product.id: product for product in new.products}
    for name, product in was.items():
        if name not in now:
            yield f"product {name}, {product.holds}, is gone"
            continue
        first, second = _codes(product.coding), _codes(now[name].coding)
        if first != second:
            yield becomes(f"product {name}, codes", first, second)
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
    yield from reordered(list(was), list(now), "the reasons")
