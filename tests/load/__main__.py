"""A minute of load, and the figures written to docs/evidence/load.md."""

import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tests.durability.load import SERVICE, percentile
from tests.load import trial
from tests.load.storm import Credentials, End
from tests.load.trial import KINDS, Steady, Stopped, Trial
from tests.load.verdict import faults

REPORT = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "load.md"
SETTLE = 5.0
BASE_URL = "https://magnesia.example"


@click.command()
@click.option("--rate", default=200.0, show_default=True, help="Calls in a second.")
@click.option("--seconds", default=60.0, show_default=True, help="For how long.")
@click.option("--auth/--no-auth", default=False, help="Whether each call carries a signed token.")
def main(rate: float, seconds: float, auth: bool) -> None:
    """Load a service beside a failing FHIR server, stop it under load, and write the figures."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        settings, credentials = _with_tokens(path) if auth else ({}, dict)
        found = trial.run(path, rate, seconds, SETTLE, settings, credentials)
    wrong = faults(found)
    lines = list(_page(found, seconds, wrong, auth=auth))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    Console().print("\n".join(lines), markup=False)
    sys.exit(bool(wrong))


def _with_tokens(directory: Path) -> tuple[dict[str, str], Credentials]:
    """The settings of a service that demands tokens, and a new token for each call."""
    trust: Any = importlib.import_module("tests.trust.issuer")
    issuer = trust.Issuer("Load", "https://ehr.example")
    clients = trust.write_clients(directory / "trust", issuer)
    settings = {
        "MAGNESIA_AUTH": "required",
        "MAGNESIA_BASE_URL": BASE_URL,
        "MAGNESIA_CLIENTS": str(clients),
    }
    return settings, lambda: {"Authorization": f"Bearer {issuer.token(BASE_URL + SERVICE)}"}


def _page(found: Trial, seconds: float, wrong: Sequence[str], *, auth: bool) -> Iterator[str]:
    steady = found.steady
    yield "# Load: 200 calls a second beside a FHIR server that fails"
    yield ""
    yield (
        f"Measured by `make load` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores shared "
        "by the service, its callers, the FHIR server and whatever else ran there (load average "
        f"{os.getloadavg()[0]:.1f} at the end), Python {platform.python_version()}. Two worker "
        f"processes, the record in SQLite, tokens {'demanded' if auth else 'not demanded'}. The "
        "FHIR server hangs, breaks off, drips or answers 500 to a third of what it is asked. Of "
        "six calls four bring every prefetch key, one lacks potassium and creatinine, one "
        "magnesium, which no answer can do without: there 412 is the right answer when the FHIR "
        "server gives nothing. This page is written by the script."
    )
    yield ""
    yield from (f"- Not as it must be: {each}" for each in wrong)
    if not wrong:
        yield "Everything that must be true was: see `tests/load/verdict.py`."
    yield ""
    yield f"## {seconds:g} s at {steady.rate:g} calls/s"
    yield ""
    yield (
        "Each call is due at its own moment, whatever became of those before, and its time is "
        "counted from that moment. Milliseconds:"
    )
    yield ""
    yield from _times(steady)
    yield ""
    yield (
        f"Answers: {_counts(steady.statuses)}. Calls without an answer: "
        f"{sum(each.end is not End.ANSWERED for each in steady.sent)}. Answered and not in the "
        f"record: {steady.unrecorded}. In all {len(steady.sent):,} calls."
    )
    yield ""
    yield (
        f"What the processes of the service hold together, {SETTLE:g} s after a first load of "
        f"{seconds / 3:.0f} s, at most during the load, and {SETTLE:g} s after it:"
    )
    yield ""
    yield from _held(steady)
    yield ""
    yield "## SIGTERM under the same load"
    yield ""
    yield from _stop(found.stopped)


def _times(steady: Steady) -> Iterator[str]:
    yield "| calls | how many | p50 | p90 | p99 | worst |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind in (*dict.fromkeys(KINDS), None):
        yield _row(kind or "all", steady.times(kind))
    yield _row("all, from when they were sent", [each.taken for each in steady.sent])
    yield _row("sent later than due by", [each.lateness for each in steady.sent])


def _row(name: str, times: Sequence[float]) -> str:
    parts = " | ".join(f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99, 1))
    return f"| {name} | {len(times):,} | {parts} |"


def _held(steady: Steady) -> Iterator[str]:
    yield "| | before | at most | after |"
    yield "| --- | --- | --- | --- |"
    for name in ("processes", "threads", "files", "sockets", "megabytes"):
        values = (getattr(held, name) for held in (steady.before, steady.most, steady.after))
        label = "open files, sockets among them" if name == "files" else name
        yield f"| {label} | {' | '.join(f'{value:.0f}' for value in values)} |"


def _stop(stopped: Stopped) -> Iterator[str]:
    yield (
        "A call was sent before the stop if its sending began before the signal was sent. After "
        "it, a call may be turned away: its connection refused, or closed before a byte of an "
        "answer and without a decision in the record, which shows that nobody worked on it. "
        "Callers go on sending on the connections they have."
    )
    yield ""
    yield "| | answered whole | refused | closed unanswered | cut | no answer |"
    yield "| --- | --- | --- | --- | --- | --- |"
    ends = (End.ANSWERED, End.REFUSED, End.CLOSED, End.CUT, End.HUNG)
    for name, counted in (("sent before", stopped.before), ("sent after", stopped.after)):
        yield f"| {name} the stop | {' | '.join(str(counted[end]) for end in ends)} |"
    yield ""
    yield (
        f"Worked on and not answered: {stopped.processed_unanswered}. Answered and not in the "
        f"record: {stopped.answered_unrecorded}. The longest wait of a call that was turned away: "
        f"{stopped.longest_turned_away:.1f} s. Answers: {_counts(stopped.statuses)}. The service "
        f"ended after {stopped.seconds_to_end:.1f} s with status {stopped.exit_status}."
    )


def _counts(statuses: Any) -> str:
    ordered = sorted(statuses.items(), key=str)
    return ", ".join(f"{status or 'none'}: {count:,}" for status, count in ordered)


if __name__ == "__main__":
    main()
