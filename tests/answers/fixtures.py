"""The answers to the fixtures, each at the moment that it was written for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from service import fixture, site
from service.app import assemble
from service.settings import Settings

STORED: Final = Path(__file__).with_name("stored")

_FIXTURES: Final = Path(__file__).resolve().parents[2] / "fixtures"
_ADDRESS: Final = "/cds-services/magnesium-replacement"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def answers() -> Iterator[tuple[str, str]]:
    """The name of each fixture and the answer to it, laid out to be read."""
    hooks = site.services(Settings())
    for path in sorted(_FIXTURES.glob("*.json")):
        now = fixture.load(path).now
        if now is None:
            raise ValueError(f"{path.name} names no moment of its own")
        client = assemble(Settings(), hooks, lambda now=now: now).test_client()  # type: ignore[misc]
        response = client.post(
            _ADDRESS, data=path.read_bytes(), headers={"Content-Type": "application/json"}
        )
        document = msgspec.json.format(response.get_data(), indent=2).decode()
        yield path.stem, f"{_numbered(document)}\n"


def _numbered(document: str) -> str:
    """Random ids replaced by numbers, in the order in which they first stand there."""
    seen: dict[str, str] = {}
    return _UUID.sub(lambda found: seen.setdefault(found[0], f"uuid-{len(seen) + 1}"), document)
