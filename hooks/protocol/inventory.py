"""Every value of a protocol file by its place, and the places where two files differ."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from hooks.protocol.document import Document, Origin
from hooks.protocol.model import Coding, Row

Path = tuple[str, ...]


def changed(old: Document, new: Document) -> Iterator[tuple[Path, Any, Any]]:
    """The places where the files differ, with what stands there; None where nothing does."""
    rows = {name_of(row, ()): row.id for row in new.rows}
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
        name = name_of(member, path) or str(number)
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), member


def name_of(member: object, path: Path) -> str:
    """What a member of a list is called; a row by what it is for, since its id may change."""
    match member:
        case Row():
            return f"{member.band} {member.tier}" if member.tier else member.band
        case Coding() if path == ("override_reasons",):
            return member.code
        case Origin():
            return member.begins[0]
    return str(getattr(member, "id", ""))
