"""Protocols for tests: the shipped file with a few lines of it written otherwise."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

from hooks.protocol import Protocol, parse

PROJECT: Final = Path(__file__).resolve().parents[2]
STRICT_WARD: Final = PROJECT / "examples" / "strict-ward.toml"
MIMIC_LAB_CODES: Final = PROJECT / "examples" / "mimic-lab-codes.toml"

SHIPPED: Final = (
    resources.files("hooks.protocol").joinpath("adult_magnesium.toml").read_text("utf-8")
)

#: The shipped file's version, as it writes it.
VERSION: Final = re.findall(r'^version = "(.+)"', SHIPPED, re.MULTILINE)[0]

Change = tuple[str, str]


def edited(*changes: Change, text: str = SHIPPED) -> str:
    """The text with each piece replaced by another; each has to be there once."""
    for old, new in changes:
        assert text.count(old) == 1, f"the file says {text.count(old)} times: {old!r}"
        text = text.replace(old, new)
    return text


def protocol(*changes: Change) -> Protocol:
    """The shipped protocol with changes."""
    return parse(edited(*changes), "site.toml")
