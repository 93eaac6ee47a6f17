"""What the service keeps is for its own user alone, whatever the umask of who starts it."""

import stat
from pathlib import Path

import requests

from tests.conformance.exchange import SERVICE
from tests.durability.site import Site

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json"


def test_nobody_else_can_read_what_the_service_keeps(tmp_path: Path) -> None:
    with Site(tmp_path, "sqlite:///var/magnesia.sqlite", 1) as site:
        item = {
            "card": "card",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-23T10:01:00Z",
        }
        answered = requests.post(
            f"{site.url}{SERVICE}",
            data=FIXTURE.read_bytes(),
            headers={"Content-Type": "application/json"},
            timeout=20,
        )
        assert answered.status_code == 200
        told = requests.post(f"{site.url}{SERVICE}/feedback", json={"feedback": [item]}, timeout=20)
        assert told.status_code == 200
        kept = [tmp_path / "var", *(tmp_path / "var").rglob("*")]
        assert {"magnesia.sqlite", "magnesia.sqlite-wal", "spool"} <= {path.name for path in kept}
        open_to_others = {
            str(path): stat.filemode(path.stat().st_mode)
            for path in kept
            if path.stat().st_mode & 0o077
        }
        assert not open_to_others
