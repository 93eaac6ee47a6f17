"""What each stage of a call costs in one process: `python -m bench.stages [CASE...]`.

CPU time, the best of many rounds: a busy machine makes single rounds slow, but not the best one.
`the whole call` is the WSGI application without a server, the stages and Flask together.
"""

import copy
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from werkzeug.test import EnvironBuilder

from service import fixture, site, timing
from service.app import assemble
from service.hook import Hook
from service.outcomes import Refusal
from service.settings import Settings
from service.timing import Cost

Json = dict[str, Any]

_FIXTURES: Final = Path(__file__).resolve().parents[1] / "fixtures"
_ADDRESS: Final = "/cds-services/magnesium-replacement"
_ANALYTES: Final = ("magnesium", "potassium", "creatinine")
_LIMIT: Final = 50_000_000


def _load(name: str) -> tuple[Json, datetime]:
    case = fixture.load(_FIXTURES / f"{name}.json")
    if case.now is None:
        raise ValueError(f"{name} names no moment of its own")
    return copy.deepcopy(case.request), case.now


def _nothing_selected() -> tuple[Json, datetime]:
    call, now = _load("seed-mg-1.2")
    call["context"]["selections"] = []
    return call, now


def _without_magnesium() -> tuple[Json, datetime]:
    call, now = _load("seed-mg-1.2")
    del call["prefetch"]["magnesium"]
    return call, now


def _with_results(count: int) -> tuple[Json, datetime]:
    """The seed call with so many more results, a third of them of each analyte."""
    call, now = _load("seed-mg-1.2")
    for index in range(count):
        entries = call["prefetch"][_ANALYTES[index % len(_ANALYTES)]]["entry"]
        entry = copy.deepcopy(entries[0])
        taken = now - timedelta(minutes=70 + 7 * (index // len(_ANALYTES)))
        entry["resource"] |= {"id": f"older-{index}", "effectiveDateTime": taken.isoformat()}
        entries.append(entry)
    return call, now


CASES: Final[Mapping[str, Callable[[], tuple[Json, datetime]]]] = {
    "seed": lambda: _load("seed-mg-1.2"),
    "normal": lambda: _load("normal"),
    "mild": lambda: _load("mild"),
    "412": _without_magnesium,
    "not-relevant": _nothing_selected,
    "20": lambda: _with_results(20),
    "200": lambda: _with_results(200),
    "2000": lambda: _with_results(2000),
}


def measure(name: str) -> dict[str, Cost]:
    """The costs of the stages of a case, as far as it gets, and of its whole call."""
    call, now = CASES[name]()
    raw = msgspec.json.Encoder(decimal_format="number").encode(call)
    settings = Settings(max_body_bytes=_LIMIT)
    hooks = site.services(settings)
    measured: dict[str, Cost] = {}
    # The whole call shows what a refusal costs.
    with suppress(Refusal):
        for stage in timing.stages(raw, hooks[0], now):
            measured[stage.name] = timing.cost(stage.act)
    measured["the whole call"] = timing.cost(_whole(raw, settings, hooks, now))
    return measured


def _whole(
    raw: bytes, settings: Settings, hooks: Sequence[Hook], now: datetime
) -> Callable[[], object]:
    app = assemble(settings, hooks, lambda: now)
    headers = [("Content-Type", "application/json"), ("Host", "127.0.0.1:8000")]
    builder = EnvironBuilder(_ADDRESS, method="POST", headers=headers, data=raw)
    environment = builder.get_environ()

    def act() -> None:
        environ = {**environment, "wsgi.input": BytesIO(raw)}
        answer = app.wsgi_app(environ, lambda *_: lambda _: None)
        b"".join(answer)

    return act


def main(names: Sequence[str]) -> None:
    """Print the costs of the cases, all of them if none is named."""
    # As in the processes that serve: what was made at the start is not looked through again.
    gc.freeze()
    costs = {name: measure(name) for name in names or CASES}
    table = Table("Stage, µs", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in costs:
        table.add_column(name, justify="right")
    stages = dict.fromkeys(stage for measured in costs.values() for stage in measured)
    for stage in stages:
        found = [measured.get(stage) for measured in costs.values()]
        table.add_row(stage, *("" if cost is None else f"{cost.best:.1f}" for cost in found))
    Console(width=140).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
