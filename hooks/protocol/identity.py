"""Which protocol a file is: its id and version as it writes them, and a digest of what it says.

A site may change its file and forget to give it a new version. Two such files have one name; the
digest tells them apart.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: So many hexadecimal digits; enough to tell the files of a site apart, few enough to compare.
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """The id and version of a protocol file, and the digest of everything that it says."""

    id: str
    version: str
    digest: str

    def borrows(self, other: "Identity") -> bool:
        """Whether a file that says something else has the other's id and version."""
        has_its_name = (self.id, self.version) == (other.id, other.version)
        return has_its_name and self.digest != other.digest


def identity(data: Mapping[str, Any]) -> Identity:
    """The identity of a checked file, from its TOML."""
    head = data["protocol"]
    return Identity(head["id"].strip(), head["version"].strip(), digest(data))


def digest(data: Mapping[str, Any]) -> str:
    """A short digest of every value of a file.

    Comments, spaces and the order of tables' names do not count; every number and word does.
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]
