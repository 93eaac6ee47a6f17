"""The corpus beside the project: one JSON object a line, compressed."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]

ORDER_BODIES = "order-bodies.ndjson.gz"
EPIC_SHAPED = "order-bodies-derived-epic.ndjson.gz"
BELGIAN = "order-bodies-belgian-labs.ndjson.gz"
REPLAY = "mimic-demo-replay.ndjson.gz"

#: Where the reference material lies for the command; the tests use their fixture `shared`.
SHARED = Path(__file__).resolve().parents[3] / "shared"


def lines(shared: Path, name: str) -> Iterator[Json]:
    """The lines of a corpus file, in order."""
    with gzip.open(shared / "corpus" / name, "rb") as archive:
        for line in archive:
            yield msgspec.json.decode(line)
