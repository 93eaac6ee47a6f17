"""Mutations of a decoded body: what a member is, where it stands, how often it comes."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from tests.fuzz import hostile

Json = Any
#: A place in a tree: the object or array, and the name or index in it.
Place = tuple[Any, Any]

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_OFTENER = 300

_DATES = frozenset({"effectiveDateTime", "issued", "authoredOn", "birthDate", "start", "end",
                    "outcomeTimestamp", "occurrenceDateTime", "onsetDateTime"})  # fmt: skip
_UNITS = frozenset({"unit", "code", "system", "durationUnit", "periodUnit"})
_IDS = frozenset({"id", "patientId", "encounterId", "userId", "card", "hookInstance"})
_STATUSES = (
    "final", "preliminary", "amended", "corrected", "cancelled", "entered-in-error", "active",
    "completed", "draft", "stopped", "on-hold", "unknown", "FINAL", "",
)  # fmt: skip
_COMPARATORS = ("<", "<=", ">", ">=", "~", "ad", "&lt;", "")


def decode(body: bytes) -> Json:
    """The tree of a body; raises msgspec.DecodeError and its like if it is none."""
    return _decode(body)


def encode(tree: Json) -> bytes:
    """The body of a tree; what is `msgspec.Raw` in it stands there as it is."""
    return _encode(tree)


def mutate(tree: Json, others: Sequence[bytes], chance: Random) -> Json:
    """The tree with one to some changes; `others` are bodies from which parts are taken."""
    holder = [tree]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        place = _place(holder, chance)
        change = chance.choice(_CHANGES)
        change(holder, place, others, chance)
    return holder[0]


def places(tree: Json) -> list[Place]:
    """Every place in a tree, the outer ones first."""
    found: list[Place] = []
    level: list[Any] = [tree]
    while level:
        below: list[Any] = []
        for parent in level:
            items = parent.items() if isinstance(parent, dict) else enumerate(parent)
            for key, child in items:
                found.append((parent, key))
                if isinstance(child, dict | list):
                    below.append(child)
        level = below
    return found


def _place(holder: list[Json], chance: Random) -> Place:
    """Any place; half the time by walking down, which prefers the outer ones."""
    if chance.random() < 0.5:
        return chance.choice(places(holder))
    parent: Any = holder
    key: Any = 0
    while isinstance(parent[key], dict | list) and parent[key] and chance.random() < 0.85:
        parent = parent[key]
        key = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    return parent, key


def _named(holder: list[Json], names: frozenset[str], chance: Random) -> Place | None:
    found = [(parent, key) for parent, key in places(holder) if key in names]
    return chance.choice(found) if found else None


Change = Callable[[list[Json], Place, Sequence[bytes], Random], None]


def _drop(holder: list[Json], place: Place, _: Sequence[bytes], __: Random) -> None:
    parent, key = place
    if parent is not holder:
        del parent[key]


def _stranger(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    parent, key = place
    parent[key] = _decode(chance.choice(hostile.STRANGERS))


def _retype(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    """The same content in another shape: an array where an object belongs, a text for a number."""
    parent, key = place
    value = parent[key]
    shapes: list[Any] = [[value], {"value": value}, [value, value], {str(key): value}]
    if isinstance(value, list):
        shapes += [value[0] if value else None, {"0": value}]
    elif isinstance(value, dict):
        shapes += [list(value.values()), list(value), msgspec.Raw(_text_of(value))]
    elif isinstance(value, str):
        shapes += [value.upper(), value.swapcase(), f" {value}", f"{value}\n", list(value)[:50]]
    elif not isinstance(value, msgspec.Raw):
        shapes += [str(value), not value]
    parent[key] = chance.choice(shapes)


def _text_of(value: Any) -> bytes:
    return json.dumps(_encode(value).decode(errors="replace")).encode()


def _swap(holder: list[Json], place: Place, _: Sequence[bytes], chance: Random) -> None:
    (one, first), (other, second) = place, chance.choice(places(holder))
    # By value, as one may stand inside the other.
    left, right = _encode(one[first]), _encode(other[second])
    one[first] = msgspec.Raw(right)
    if other is not holder:
        other[second] = msgspec.Raw(left)


def _graft(_: list[Json], place: Place, others: Sequence[bytes], chance: Random) -> None:
    """A part of another body, preferably one that stood under the same name."""
    parent, key = place
    donor = places([_decode(chance.choice(others))]) if others else [place]
    same = [(one, name) for one, name in donor if name == key and isinstance(name, str)]
    source, name = chance.choice(same or donor)
    parent[key] = source[name]


def _deepen(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    parent, key = place
    parent[key] = msgspec.Raw(hostile.nested(chance, _encode(parent[key])))


def _text(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    parent, key = place
    parent[key] = msgspec.Raw(chance.choice(hostile.TEXTS))


def _number(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    parent, key = place
    parent[key] = msgspec.Raw(chance.choice(hostile.NUMBERS))


def _of_names(names: frozenset[str], make: Callable[[Random], bytes]) -> Change:
    """A change of a member by one of these names, wherever in the body it stands."""

    def change(holder: list[Json], _: Place, __: Sequence[bytes], chance: Random) -> None:
        place = _named(holder, names, chance)
        if place is not None:
            parent, key = place
            parent[key] = msgspec.Raw(make(chance))

    return change


def _one_of(values: Sequence[bytes]) -> Callable[[Random], bytes]:
    return lambda chance: chance.choice(values)


def _scaled(holder: list[Json], _: Place, __: Sequence[bytes], chance: Random) -> None:
    """A number that is off by a factor that units are off by."""
    place = _named(holder, frozenset({"value", "duration"}), chance)
    if place is not None and isinstance(place[0][place[1]], int | Decimal):
        factor = chance.choice(("0.1", "0.41", "0.5", "0.9", "1.1", "2", "2.43", "10", "1000"))
        place[0][place[1]] = place[0][place[1]] * Decimal(factor)


def _repeated(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    """An object that has a member twice, the second time with another value."""
    parent, key = place
    value = parent[key]
    if not isinstance(value, dict) or not value:
        return
    name = chance.choice(list(value))
    again = chance.choice((_encode(value[name]), chance.choice(hostile.STRANGERS)))
    pair = json.dumps(name).encode() + b":" + again
    whole = _encode(value)
    both = (whole[:-1] + b"," + pair + b"}", b"{" + pair + b"," + whole[1:])
    parent[key] = msgspec.Raw(chance.choice(both))


def _renamed(_: list[Json], place: Place, __: Sequence[bytes], chance: Random) -> None:
    parent, key = place
    if isinstance(parent, dict):
        names = (f"_{key}", key.upper(), f"{key} ", f"{key}\0", "", hostile.MARK, f"{key}[0]", "id")
        parent[chance.choice(names)] = parent.pop(key)


def _many(holder: list[Json], _: Place, __: Sequence[bytes], chance: Random) -> None:
    """An item of an array again and again."""
    found = [
        child for parent, key in places(holder) if isinstance(child := parent[key], list) and child
    ]
    if not found:
        return
    where = chance.choice(found)
    item = chance.choice(where)
    size = len(_encode(item)) or 1
    where += [item] * min(chance.choice((1, 1, 2, 10, _OFTENER)), 60_000 // size)


def _shuffled(holder: list[Json], _: Place, __: Sequence[bytes], chance: Random) -> None:
    lists = [child for parent, key in places(holder) if isinstance(child := parent[key], list)]
    if lists:
        chance.shuffle(chance.choice(lists))


_references = _of_names(frozenset({"reference"}), hostile.reference)
_ids = _of_names(_IDS, hostile.identity)
_dates = _of_names(_DATES, _one_of(hostile.DATES))
_units = _of_names(_UNITS, _one_of(hostile.UNITS))
_statuses = _of_names(
    frozenset({"status", "outcome"}), _one_of([f'"{each}"'.encode() for each in _STATUSES])
)
_comparators = _of_names(
    frozenset({"value"}),
    lambda chance: f'1.2,"comparator":"{chance.choice(_COMPARATORS)}"'.encode(),
)
_values = _of_names(
    frozenset({"value", "duration", "count", "frequency"}), _one_of(hostile.NUMBERS)
)
_words = _of_names(frozenset({"text", "display"}), _one_of(hostile.TEXTS))
_servers = _of_names(
    frozenset({"fhirServer", "hookInstance", "hook", "access_token", "token_type"}),
    _one_of(hostile.TEXTS),
)

_CHANGES: tuple[Change, ...] = (
    _drop,
    _stranger,
    _stranger,
    _retype,
    _swap,
    _graft,
    _graft,
    _deepen,
    _text,
    _number,
    _repeated,
    _renamed,
    _many,
    _shuffled,
    _scaled,
    _scaled,
    _references,
    _ids,
    _dates,
    _units,
    _units,
    _statuses,
    _comparators,
    _values,
    _words,
    _servers,
)
