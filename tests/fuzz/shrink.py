"""The smallest request that still breaks the same rule."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from tests.fuzz import tree
from tests.fuzz.attack import JSON, Attack

#: After so many attempts what is left is small enough.
ATTEMPTS = 3000


def smallest(attack: Attack, breaks: Callable[[Attack], bool]) -> Attack:
    """An attack as small as could be found for which `breaks` is still true."""
    left = ATTEMPTS
    shrunk = True
    while shrunk and left:
        shrunk = False
        for candidate in _smaller(attack):
            if not left:
                break
            left -= 1
            if len(candidate.body) <= len(attack.body) and breaks(candidate):
                attack, shrunk = candidate, True
                break
    return attack


def _smaller(attack: Attack) -> Iterator[Attack]:
    if attack.headers != JSON:
        yield replace(attack, headers=JSON)
    yield from map(attack.with_body, _by_tree(attack.body))
    yield from map(attack.with_body, _by_bytes(attack.body))


def _by_tree(body: bytes) -> Iterator[bytes]:
    """Without one member or item, the outer ones first."""
    try:
        whole = tree.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return
    if not isinstance(whole, dict | list):
        return
    for parent, key in tree.places([whole])[1:]:
        if isinstance(parent, dict):
            members = dict(parent)
            del parent[key]
            yield tree.encode(whole)
            parent.clear()
            parent.update(members)
        else:
            item = parent.pop(key)
            yield tree.encode(whole)
            parent.insert(key, item)


def _by_bytes(body: bytes) -> Iterator[bytes]:
    size = len(body) // 2
    while size >= 1:
        for at in range(0, len(body), size):
            yield body[:at] + body[at + size :]
        size //= 2
