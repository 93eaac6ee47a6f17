"""How a request is decided, and why: for `magnesia explain`, replay and order entry."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hooks.order_select import Answer, OrderSelect
from hooks.protocol.assessment import Outcome, Step
from service import envelope, evaluation, exact, site, timing
from service.envelope import Envelope
from service.outcomes import refuse
from service.prefetch import Prefetched
from service.settings import Settings
from service.timing import Cost

_WHOLE_MINUTE = re.compile(r"(T\d\d:\d\d):00")
_OUTCOME_STYLES = {Outcome.DECIDED: "bold green", Outcome.NOT_ASKED: "dim"}


def decide(request: dict[str, Any], now: datetime, settings: Settings) -> Answer:
    """What the service would answer to `request` at `now`, with the decision.

    Raises Refusal or a HookError where the service would refuse, SiteFileError for a file of the
    site that cannot be used.
    """
    return answer_to(request, now, site.services(settings), settings)


def answer_to(
    request: dict[str, Any],
    now: datetime,
    hooks: Iterable[OrderSelect],
    settings: Settings | None = None,
    fetch: Callable[[OrderSelect, Envelope, Prefetched], Prefetched] | None = None,
) -> Answer:
    """What the one of `hooks` that is called answers: within the limits of `settings`, if they are
    given, and with what `fetch` gets of the keys that are absent. Raises Refusal or a HookError."""
    received = envelope.read(request)
    hook = _called(received.hook, hooks)
    context = evaluation.context(hook, received, settings)
    completed = None if fetch is None else partial(fetch, hook, received)
    return hook.answer(context, evaluation.data(hook, context, received, completed), now)


def _called(name: str, hooks: Iterable[OrderSelect]) -> OrderSelect:
    for hook in hooks:
        if hook.hook == name:
            return hook
    raise refuse(HTTPStatus.BAD_REQUEST, "value", "No service answers this hook.", "hook")


_DERIVED: Final[Mapping[str, str]] = {
    "egfr": "eGFR {} mL/min/1.73 m2 (CKD-EPI 2021)",
    "creatinineClearance": "creatinine clearance {} mL/min (Cockcroft-Gault)",
    "renalTier": "renal function: {}",
}


def time(request: dict[str, Any], now: datetime, settings: Settings) -> list[tuple[str, Cost]]:
    """What each stage of the call costs on this machine. Raises as `decide` does."""
    raw = exact.encode(request)
    hook = _called(envelope.read(request).hook, site.services(settings))
    return [(stage.name, timing.cost(stage.act)) for stage in timing.stages(raw, hook, now)]


def show(console: Console, answer: Answer, now: datetime) -> None:
    """Print the chart that was read and every gate and row that was tried."""
    _rule(console, f"Chart at {now.isoformat()}")
    _show_inputs(console, answer.assessment.get("inputs", {}))
    for item in answer.assessment.get("unusable", []):
        console.print(Text(f"Not used: {item.get('text', '')}"))
    _rule(console, "Gates and rows")
    if answer.decision is None:
        console.print(Text("None was asked: nothing that was selected gives a reason to."))
    else:
        console.print(_steps(answer.decision.trace))
        console.print(Text(f"Band {answer.decision.band}, decided by {answer.decision.rule}."))
    _rule(console, "Cards")


def _rule(console: Console, title: str) -> None:
    console.print()
    console.rule(Text(title, style="bold"), align="left", style="dim")


def _show_inputs(console: Console, inputs: Mapping[str, Any]) -> None:
    """The results that were used, then what was derived from them."""
    if not inputs:
        console.print(Text("No result that could be used."))
    results = Table.grid(padding=(0, 2))
    derived = []
    for name, value in inputs.items():
        if isinstance(value, Mapping):
            amount = (
                f"{value.get('comparator', '')}{value.get('value', '')} {value.get('unit', '')}"
            )
            time = _time(str(value.get("time", "")))
            cells = (
                name,
                amount,
                time,
                str(value.get("status", "")),
                str(value.get("reference", "")),
            )
            results.add_row(*map(Text, cells))
        else:
            derived.append(_DERIVED.get(name, f"{name} {{}}").format(value))
    console.print(results)
    if derived:
        console.print(Text(", ".join(derived)))


def _time(text: str) -> str:
    return _WHOLE_MINUTE.sub(r"\1", text).replace("T", " ").replace("+00:00", "Z")


def _steps(trace: Iterable[Step]) -> Table:
    table = Table("Rule", "Asks", "Outcome", "Because", box=box.SIMPLE_HEAD, pad_edge=False)
    for step in trace:
        cells = (step.id, step.question, step.outcome, step.because)
        table.add_row(*map(Text, cells), style=_OUTCOME_STYLES.get(step.outcome))
    return table
