"""The page on the architecture names rooms that are there, and forgets none."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:hooks|service|tests)/[\w./]+)`", PAGE)))
ROOMS = sorted(
    str(init.parent.relative_to(ROOT))
    for package in ("hooks", "service")
    for init in (ROOT / package).glob("*/__init__.py")
)


@pytest.mark.parametrize("path", NAMED)
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists(), f"docs/architecture.md speaks of {path}, which is not there"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_named(room: str) -> None:
    topic = room.removeprefix("service/")
    assert f"`{room}`" in PAGE or f"`{topic}`" in PAGE, f"docs/architecture.md forgets {room}"
