"""An attack made of another one: its tree, its bytes, or the request around them."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import msgspec

from tests.fuzz import hostile, tree
from tests.fuzz.attack import DISCOVERY, FEEDBACK, JSON, SERVICE, Attack

#: An attack larger than the application reads is of use only now and then.
LARGEST = 400_000

_METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "PROPFIND", "X")
_TARGETS = (
    SERVICE, FEEDBACK, DISCOVERY, f"{DISCOVERY}/", f"{SERVICE}/", f"{FEEDBACK}/",
    f"{DISCOVERY}//magnesium-replacement", f"{DISCOVERY}//magnesium-replacement/feedback",
    f"{DISCOVERY}/{hostile.MARK}", f"{DISCOVERY}/{hostile.MARK}/feedback",
    f"{DISCOVERY}/%2e%2e/{hostile.MARK}", f"{DISCOVERY}/%00{hostile.MARK}",
    f"{DISCOVERY}/%ff%fe{hostile.MARK}", f"{DISCOVERY}/%3Cimg%20src%3D{hostile.MARK}%3E",
    f"{SERVICE}?{hostile.MARK}=1&a[]=%ff", f"{SERVICE}%0d%0a{hostile.MARK}", f"/{hostile.MARK}",
    f"{DISCOVERY}/{hostile.MARK * 2000}", "/health/live", "/health/ready", "//", "/%5c..",
    "/", "/protocol", "/protocol.json", f"/insight?days={hostile.MARK}", "/insight?days=all",
    "/insight", "/insight/leave", "/order-entry/explain", "/order-entry/markdown",
    "/order-entry/catalogue", f"/order-entry/patients/{hostile.MARK}",
    f"/order-entry/patients/..%2f..%2f{hostile.MARK}", f"/insight/static/..%2f{hostile.MARK}",
    f"/%3Cscript%3E{hostile.MARK}", "/metrics",
)  # fmt: skip
_HEADERS = (
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/fhir+json"),
    ("Content-Type", "application/json; charset=utf-16"),
    ("Content-Type", "application/json; charset=UTF-8"),
    ("Content-Type", f"application/json; charset={hostile.MARK}"),
    ("Content-Type", f"application/{hostile.MARK}+json"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", f"multipart/form-data; boundary={hostile.MARK}"),
    ("Content-Type", ""),
    ("Content-Type", "application/json" * 500),
    ("Content-Type", f'application/json; a="{hostile.MARK}\\'),
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", hostile.MARK),
    ("Content-Length", "0"),
    ("Content-Length", "-1"),
    ("Content-Length", "10"),
    ("Content-Length", "99999999"),
    ("Content-Length", f"1{hostile.MARK}"),
    ("Content-Length", "1e3"),
    ("Content-Length", "\u00b2"),
    ("Content-Length", ""),
    ("Transfer-Encoding", "chunked"),
    ("Origin", f"https://{hostile.MARK}.example"),
    ("Origin", "null"),
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", hostile.MARK),
    ("Authorization", f"Bearer {hostile.MARK}"),
    ("Authorization", "\xff\xfe"),
    ("Host", f"{hostile.MARK}.example:99999"),
    ("Host", ""),
    ("Host", "[::1"),
    ("Accept", hostile.MARK),
    ("Accept-Encoding", "\xff"),
    ("Cookie", f"{hostile.MARK}=\xff; ;=;"),
    ("X-Forwarded-For", hostile.MARK),
    ("Range", "bytes=0-1"),
    ("Expect", "100-continue"),
    ("If-None-Match", "*"),
)


def mutated(parent: Attack, others: Sequence[Attack], chance: Random) -> Attack:
    """A new attack. Most change the tree, some the bytes, a few the request around the body."""
    attack = parent
    kind = chance.random()
    if kind < 0.90:
        attack = attack.with_body(_tree(attack.body, others, chance))
    if kind > 0.88:
        attack = attack.with_body(_bytes(attack.body, others, chance))
    if chance.random() < 0.04:
        attack = _around(attack, chance)
    if len(attack.body) > LARGEST:
        attack = attack.with_body(attack.body[:LARGEST])
    return attack


def _tree(body: bytes, others: Sequence[Attack], chance: Random) -> bytes:
    try:
        whole = tree.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return chance.choice(others).body
    if not isinstance(whole, dict | list):
        return body
    donors = [chance.choice(others).body for _ in range(2)]
    return tree.encode(tree.mutate(whole, [each for each in donors if _is_tree(each)], chance))


def _is_tree(body: bytes) -> bool:
    try:
        return isinstance(tree.decode(body), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return False


def _bytes(body: bytes, others: Sequence[Attack], chance: Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    to = min(len(body), at + chance.choice((1, 1, 2, 8, 64, 1024)))
    match chance.randrange(10):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        case 2:
            return body[:at] + body[to:]
        case 3:
            return body[:to] + body[at:]
        case 4:
            other = chance.choice(others).body
            return body[:at] + other[chance.randrange(len(other) + 1) :]
        case 5:
            odd = chance.choice(
                (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x28", b"\x00")
            )
            return body[:at] + odd + body[at:]
        case 6:
            return body[:at] + hostile.nested(chance, body[at:to]) + body[to:]
        case 7:
            sign = chance.choice((b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"//"))
            return body[:at] + sign + body[at:]
        case 8:
            codec = chance.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7"))
            return body.decode("utf-8", "replace").encode(codec)
        case _:
            return body + chance.choice((b" ", b"\n{}", b"\x00", b",", b"]", b" " * 300_000))


def _around(attack: Attack, chance: Random) -> Attack:
    match chance.randrange(4):
        case 0:
            return replace(attack, method=chance.choice(_METHODS))
        case 1:
            return replace(attack, target=chance.choice(_TARGETS))
        case 2:
            name, value = chance.choice(_HEADERS)
            kept = tuple(pair for pair in JSON if pair[0] != name)
            return replace(attack, headers=(*kept, (name, value)))
        case _:
            return replace(
                attack,
                method=chance.choice(_METHODS),
                target=chance.choice(_TARGETS),
                headers=tuple(chance.sample(_HEADERS, chance.randrange(4))),
            )
