"""Identities for what a card brings into the world."""

from collections.abc import Mapping
from os import urandom
from typing import Final

_VARIANTS: Final[Mapping[str, str]] = {f"{digit:x}": "89ab"[digit % 4] for digit in range(16)}


def new_id() -> str:
    """A random UUID (version 4, RFC 9562) as text, at a third of the cost of `uuid.uuid4`."""
    digits = urandom(16).hex()
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )
