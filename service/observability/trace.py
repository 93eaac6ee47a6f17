"""The trace of which a call is a part, by the W3C Trace Context recommendation (level 1).

This service records no spans of its own. It says in its log of which trace a call was, and passes
the trace on to the FHIR servers that the call makes it read, so that whoever does record can put
the two together. Nothing of a caller's header is passed on but what the recommendation defines.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

#: What the recommendation asks a vendor to pass on at least; more than that is dropped.
LONGEST_STATE = 512
_MOST_MEMBERS = 32
_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})", re.ASCII)
_KEY = r"[a-z](?:[a-z0-9_*/-]{0,255})|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(
    rf"[ \t]*(?:(?:{_KEY})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])?"
    r"[ \t]*",
    re.ASCII,
)
# Of the flags only this one has a meaning; the others must be zero in what is sent.
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Trace:
    """`id` is 32 hexadecimal digits; `state` goes on as it came."""

    id: str
    sampled: bool = False
    state: str | None = None

    @classmethod
    def read(cls, parent: str | None, state: str | None) -> "Trace | None":
        """The trace that a call's `traceparent` and `tracestate` name; None for anything but a
        lawful `traceparent` of version 00."""
        found = None if parent is None else _PARENT.fullmatch(parent)
        if found is None:
            return None
        return cls(found[1], bool(int(found[2], 16) & _SAMPLED), _lawful(state))

    @classmethod
    def begun(cls) -> "Trace":
        """A trace of its own, which nobody has said to record."""
        return cls(_digits(16))

    def headers(self) -> Mapping[str, str]:
        """What goes with one request to another server: a new span of the trace."""
        parent = f"00-{self.id}-{_digits(8)}-{_SAMPLED if self.sampled else 0:02x}"
        if self.state is None:
            return {"traceparent": parent}
        return {"traceparent": parent, "tracestate": self.state}


def _lawful(state: str | None) -> str | None:
    """`state` if it can be passed on as it is; a bad one is dropped without the trace."""
    if not state or len(state) > LONGEST_STATE:
        return None
    members = state.split(",")
    if len(members) > _MOST_MEMBERS or not all(map(_MEMBER.fullmatch, members)):
        return None
    keys = [member.partition("=")[0].strip() for member in members if member.strip()]
    return state if keys and len(keys) == len(set(keys)) else None


def _digits(size: int) -> str:
    digits = secrets.token_hex(size)
    # All zeros names no trace and no span.
    return digits if int(digits, 16) else _digits(size)
