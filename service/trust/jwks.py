"""What a JWK Set holds: the public keys of a client, and why an entry is of no use."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from jwt.algorithms import Algorithm, get_default_algorithms

from hooks.errors import ENCODING

MAX_KEYS = 100
_SHORTEST_RSA = 2048
_LONGEST_RSA = 8192
_LONGEST_KID = 256
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
#: Keys whose private half anybody can read, by their `x`: the public sandbox's, and the example
#: of the CDS Hooks specification.
_PUBLISHED = {
    "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "46SDH7Znh821wblCBglA61sNE9ZrHYKKt3qRtRTmSXyOI_FIGBLWrWa0GPUkDCEk",
}

_ALGORITHMS: Mapping[str, Algorithm] = get_default_algorithms()


class KeysUnreadable(Exception):
    """A key set cannot be had; the message is a clause that says why."""


@dataclass(frozen=True)
class Key:
    """One entry of a key set: the algorithms that it serves, or why it serves none."""

    kid: str
    kty: str
    algorithms: tuple[str, ...]
    fault: str | None = None
    published: bool = False
    public: Any = field(default=None, repr=False)


def verify(algorithm: str, public: Any, signed: bytes, signature: bytes) -> bool:
    """Whether the signature was made with the private half of this key."""
    return bool(_ALGORITHMS[algorithm].verify(signed, public, signature))


def read(document: bytes, permitted: Collection[str], *, exposed: bool) -> tuple[Key, ...]:
    """The entries of a JWK Set, for a client that signs with one of `permitted`.

    Where the service is `exposed`, no key is of use whose private half is published. Raises
    KeysUnreadable.
    """
    try:
        # A number too long for an integer spoils its entry alone; no member of a key is a number.
        entries = json.loads(document.decode(ENCODING), parse_int=float)["keys"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise KeysUnreadable("it is no JWK Set") from error
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise KeysUnreadable(f"it is no JWK Set of at most {MAX_KEYS} keys")
    keys = [_key(entry, permitted, exposed=exposed) for entry in entries]
    return tuple(_without_doubt(keys))


def _without_doubt(keys: list[Key]) -> list[Key]:
    """Two different keys of one name and algorithm are both of no use."""
    owner: dict[tuple[str, str], Any] = {}
    doubtful = set()
    for key in keys:
        for algorithm in key.algorithms:
            known = owner.setdefault((key.kid, algorithm), key.public)
            if known.public_numbers() != key.public.public_numbers():
                doubtful.add(key.kid)
    return [
        Key(key.kid, key.kty, (), "another key has the same kid") if key.kid in doubtful else key
        for key in keys
    ]


def _key(entry: Any, permitted: Collection[str], *, exposed: bool) -> Key:
    if not isinstance(entry, dict):
        return Key("-", "-", (), "it is not an object")
    kid, kty = entry.get("kid"), entry.get("kty")
    shown = kty[:8] if isinstance(kty, str) else "-"
    if not isinstance(kid, str) or not kid.strip() or len(kid) > _LONGEST_KID:
        return Key("-", shown, (), "it has no kid")
    if not isinstance(kty, str) or kty not in {"EC", "RSA"}:
        return Key(kid, shown, (), "its kty is neither EC nor RSA")
    fault = _fault(entry)
    x = entry.get("x")
    published = isinstance(x, str) and x in _PUBLISHED
    if published and exposed:
        fault = "its private half is published, so anyone can sign with it"
    algorithms = tuple(sorted(name for name in permitted if _fits(entry, name)))
    if fault is None and not algorithms:
        fault = f"it fits none of {', '.join(sorted(permitted))}"
    if fault is not None:
        return Key(kid, kty, (), fault)
    try:
        public: Any = _ALGORITHMS[algorithms[0]].from_jwk(entry)
    except Exception:  # noqa: BLE001 - whatever the libraries raise, it spoils this entry alone
        return Key(kid, kty, (), "its numbers make no key")
    if kty == "RSA" and not _SHORTEST_RSA <= public.key_size <= _LONGEST_RSA:
        return Key(kid, kty, (), f"it is not {_SHORTEST_RSA} to {_LONGEST_RSA} bits long")
    return Key(kid, kty, algorithms, None, published, public)


def _fault(entry: Mapping[str, Any]) -> str | None:
    if _PRIVATE & entry.keys():
        return "it is a private key, which must not be given away"
    if entry.get("use", "sig") != "sig":
        return "its use is not sig"
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return "its key_ops are without verify"
    return None


def _fits(entry: Mapping[str, Any], algorithm: str) -> bool:
    if entry.get("alg", algorithm) != algorithm:
        return False
    if entry["kty"] == "EC":
        return _CURVES.get(algorithm) == entry.get("crv")
    return algorithm[0] != "E"
