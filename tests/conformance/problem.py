"""What a checker found: the assertion that is broken, where, and what is there."""

from dataclasses import dataclass
from typing import Any

from tests.conformance.assertions import demand


@dataclass(frozen=True)
class Problem:
    """One breach of one assertion."""

    assertion: int
    where: str
    found: str

    def __str__(self) -> str:
        return demand(self.assertion, f"{self.where}: {self.found}")


def blank(value: Any) -> bool:
    """Whether this is anything but a string with something to read in it."""
    return not isinstance(value, str) or not value.strip()


def empty_members(value: Any, where: str) -> list[str]:
    """Where, at or below this value, something is null or empty."""
    if value is None or value in ("", [], {}):
        return [where]
    if isinstance(value, dict):
        return [
            spot
            for name, member in value.items()
            for spot in empty_members(member, f"{where}.{name}")
        ]
    if isinstance(value, list):
        return [
            spot
            for index, item in enumerate(value)
            for spot in empty_members(item, f"{where}[{index}]")
        ]
    return []
