"""A change of one value of a protocol file, in words."""

from collections.abc import Iterator
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from hooks.protocol import scale
from hooks.protocol.inventory import Path
from hooks.protocol.notation import label, limit
from hooks.protocol.quantity import Quantity, Rate


def is_same(was: Any, now: Any) -> bool:
    """Whether two values that are written differently decide the same."""
    match was, now:
        case Quantity(), Quantity():
            return bool(was.value == now.value)
        case Rate(), Rate():
            return not was.exceeds(now) and not now.exceeds(was)
    return False


def called(path: Path) -> str:
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


def becomes(what: str, was: Any, now: Any) -> str:
    """What a value was and what it is now; None where it does not stand in the file."""
    if was is None:
        return f"{what}: {_shown(now)} is new"
    if now is None:
        return f"{what}: {_shown(was)} is gone"
    return f"{what}: {_shown(was)} becomes {_shown(now)}"


def reworded(name: str, was: Any, now: Any) -> Iterator[str]:
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
            return scale.digits(value)
        case str() if " " in value:
            return f'"{value}"'
    return str(value)


def reordered(was: list[str], now: list[str], what: str) -> Iterator[str]:
    """Whether the names that stand in both lists stand in another order."""
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield f"{what} stand in another order"
