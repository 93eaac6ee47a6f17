"""A record to look at: real orders of the MIMIC-IV demo, spread over some weeks.

    python -m tests.insight.mimic ORDERS.ndjson.gz sqlite:///FILE

Each order with LOINC codes is sent to the service itself some times, its dates moved to a day of
the weeks before `--until`; the first days are silent. What clinicians did with the cards is made
up: the demo does not know it.
"""

import gzip
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec

from service.app import create_app
from service.fixture import Fixture, moment
from service.settings import Settings

SERVICE = "/cds-services/magnesium-replacement"
_TIMES = 5
_DAYS = 75
_SILENT_DAYS = 20
_REPORTED = 0.8
_ACCEPTED = 0.45
_UNTIL = "2026-11-23T12:00:00Z"

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


@click.command()
@click.argument("orders", type=click.Path(exists=True, path_type=Path))
@click.argument("database")
@click.option("--until", default=_UNTIL, show_default=True)
def main(orders: Path, database: str, until: str) -> None:
    """Send the ORDERS and write the record to DATABASE."""
    with gzip.open(orders) as lines:
        found = [_decoder.decode(line) for line in lines]
    cases = [case for case in found if case["dialect"] == "loinc"] * _TIMES
    last = moment(until)
    chance = random.Random(4)  # noqa: S311 - the same picture every time
    times = sorted(last - timedelta(days=_DAYS * chance.random() ** 1.3) for _ in cases)
    now = times[0]
    apps = {
        mode: create_app(
            Settings.model_validate({"database_url": database, "mode": mode}), clock=lambda: now
        ).test_client()
        for mode in ("silent", "live")
    }
    for at, case in zip(times, chance.sample(cases, len(cases)), strict=True):
        now = at
        silent = at < last - timedelta(days=_DAYS - _SILENT_DAYS)
        client = apps["silent" if silent else "live"]
        body = Fixture(case["body"], now=moment(case["now"])).freshened(at)
        answer = client.post(SERVICE, data=_encoder.encode(body), content_type="application/json")
        for card in answer.get_json().get("cards", ()):
            item = _feedback(card, at, chance)
            if item:
                client.post(f"{SERVICE}/feedback", json={"feedback": [item]})
    for client in apps.values():
        client.application.extensions["record"].stop()
    click.echo(f"{len(cases)} orders from {times[0].date()} to {times[-1].date()}.")


def _feedback(card: dict[str, Any], at: datetime, chance: random.Random) -> dict[str, Any] | None:
    if chance.random() > _REPORTED:
        return None
    when = (at + timedelta(seconds=chance.lognormvariate(3.2, 1.2))).astimezone(UTC)
    item: dict[str, Any] = {"card": card["uuid"], "outcomeTimestamp": when.isoformat()}
    suggestions = card.get("suggestions", [])
    if suggestions and chance.random() < _ACCEPTED:
        return item | {
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": suggestions[0]["uuid"]}],
        }
    item["outcome"] = "overridden"
    if chance.random() < _REPORTED:
        item["overrideReason"] = {"reason": chance.choice(card["overrideReasons"])}
    return item


if __name__ == "__main__":
    main()
