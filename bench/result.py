"""What is kept of a measurement: a small file, and the tables that a person reads."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.load import WRK, Load
from bench.measure import SERVICE, Measured

Json = dict[str, Any]

_COLUMNS = ("", "CPU µs", "lowest-highest", "service is", "calls/s", "p50 ms", "p99 ms")

_PACKAGES = ("flask", "werkzeug", "gunicorn", "granian", "msgspec", "sqlalchemy")


@dataclass
class Result:
    """Everything that one run of the bench found out."""

    mode: str
    cases: list[Measured] = field(default_factory=list)
    #: Cases that could not be measured, and why.
    skipped: dict[str, str] = field(default_factory=dict)
    half: Load | None = None
    ready: list[float] = field(default_factory=list)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def document(self) -> Json:
        """As it is kept: no host name, no path."""
        return {
            "date": datetime.now(UTC).isoformat(timespec="minutes"),
            "commit": _commit(),
            "mode": self.mode,
            "machine": _machine(self.load_before),
            "versions": _versions(),
            "cases": [_case(measured) for measured in self.cases],
            "skipped": self.skipped,
            "half_of_the_highest_rate": None if self.half is None else _load(self.half),
            "start_to_ready_seconds": [round(seconds, 2) for seconds in self.ready],
        }

    def write(self, directory: Path) -> Path:
        """Keep it under its date and commit."""
        directory.mkdir(parents=True, exist_ok=True)
        document = self.document()
        stamp = re.sub(r"[^0-9]", "", document["date"].partition("+")[0])
        file = directory / f"{stamp}-{document['commit']}.json"
        file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
        return file

    def show(self, console: Console) -> None:
        """Print the tables."""
        for measured in self.cases:
            console.print(_table(measured))
        if self.half is not None:
            console.print(
                f"At half of the highest rate ({self.half.rate:.0f} calls/s, random arrivals): "
                f"p50 {self.half.p50:.1f} ms, p99 {self.half.p99:.1f} ms."
            )
        if self.cases:
            memory = self.cases[0].memory
            console.print(
                "Memory of a process after its load: RSS "
                f"{', '.join(f'{one.rss:.0f}' for one in memory)} MB, PSS "
                f"{', '.join(f'{one.pss:.0f}' for one in memory)} MB."
            )
        if self.ready:
            console.print(f"Start to ready: {median(self.ready):.2f} s.")
        for name, reason in self.skipped.items():
            console.print(f"Not measured: {name}: {reason}", soft_wrap=True)


def _table(measured: Measured) -> Table:
    table = Table(
        title=f"{measured.case.name}: {measured.case.title}\n"
        f"{measured.request_bytes:,} B in, {measured.answer_bytes:,} B out, "
        f"{measured.connections} connections, {len(measured.rounds[SERVICE])} rounds",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in (
        "",
        "CPU µs/call",
        "lowest-highest",
        "service is",
        "calls/s",
        "p50 ms",
        "p99 ms",
    ):
        table.add_column(column, justify="left" if not column else "right")
    for server, rounds in measured.rounds.items():
        costs = [one.cpu for one in rounds]
        table.add_row(
            server,
            f"{median(costs):.0f}",
            f"{min(costs):.0f}-{max(costs):.0f}",
            "" if server == SERVICE else f"x {measured.ratio(server):.2f}",
            f"{median(one.load.rate for one in rounds):.0f}",
            f"{median(one.load.p50 for one in rounds):.1f}",
            f"{median(one.load.p99 for one in rounds):.1f}",
        )
    return table


def _case(measured: Measured) -> Json:
    return {
        "name": measured.case.name,
        "connections": measured.connections,
        "request_bytes": measured.request_bytes,
        "answer_bytes": measured.answer_bytes,
        "servers": {
            server: {
                "cpu_us": [round(one.cpu) for one in rounds],
                "cpu_us_median": round(measured.cpu(server)),
                **_middle([one.load for one in rounds]),
            }
            for server, rounds in measured.rounds.items()
        },
        "cpu_of_service_to": {
            server: round(measured.ratio(server), 3)
            for server in measured.rounds
            if server != SERVICE
        },
        "memory_mb": [{"rss": round(one.rss), "pss": round(one.pss)} for one in measured.memory],
    }


def _middle(loads: Sequence[Load]) -> Json:
    return {
        "calls_per_second": round(median(load.rate for load in loads)),
        "p50_ms": round(median(load.p50 for load in loads), 2),
        "p99_ms": round(median(load.p99 for load in loads), 2),
    }


def _load(load: Load) -> Json:
    return {"calls": load.requests, **_middle([load])}


def _machine(load_before: float) -> Json:
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", info, re.MULTILINE)
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(load_before, 1),
    }


def _versions() -> Json:
    found = {"python": platform.python_version()}
    found |= {name: version(name) for name in _PACKAGES}
    said = _said([WRK, "--version"]) if WRK else ""
    return {**found, "wrk": said.split(" ")[1] if said else "none"}


def _commit() -> str:
    commit = _said(["git", "rev-parse", "--short=10", "HEAD"]) or "unknown"
    return f"{commit}-changed" if _said(["git", "status", "--porcelain"]) else commit


def _said(command: list[str]) -> str:
    """The first line that a program prints; nothing if it is not there."""
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parent,
        )
    except OSError:
        return ""
    return ran.stdout.partition("\n")[0].strip()
