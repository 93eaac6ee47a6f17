"""What each stage of a call costs, from the bytes that came to the bytes that go."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from statistics import median
from time import process_time

from rich import box
from rich.console import Console
from rich.table import Table

from hooks.chart.units import Analyte
from hooks.order_select import OrderSelect
from hooks.protocol.assess import assess
from service import body, decision, envelope, invocation, prefetch
from service.observability import Call

_ROUNDS = 40
_ROUND_SECONDS = 0.004


@dataclass(frozen=True)
class Stage:
    """One stage: its name, and itself to be done again and again."""

    name: str
    act: Callable[[], object]


@dataclass(frozen=True)
class Cost:
    """CPU time of one thing in microseconds: the best of many rounds, and the one in the middle."""

    best: float
    middle: float


def stages(raw: bytes, hook: OrderSelect, now: datetime) -> Iterator[Stage]:
    """The stages of the call that `raw` is, at `now`, in order; they end where its answer is known.

    Raises Refusal or a HookError where the service would refuse.
    """
    yield Stage("decode the body", lambda: body.decode(raw))
    document = body.decode(raw)
    yield Stage("check the envelope", lambda: envelope.read(document))
    received = envelope.read(document)
    yield Stage("read the context", lambda: hook.read_context(received.context))
    context = hook.read_context(received.context)
    yield Stage("sort the prefetch", lambda: prefetch.sort(hook.prefetch, received.prefetch))
    prefetched = prefetch.sort(hook.prefetch, received.prefetch)
    if not hook.needs_data(context):
        yield Stage("answer", lambda: hook.answer(context, {}, now))
        return
    prefetched.demand(hook.required)
    data: Mapping[str, dict[str, object] | None] = prefetched.data
    for analyte in Analyte:
        yield Stage(f"read {analyte}", partial(hook.reader.results, analyte, context, data))
    yield Stage("read the orders", lambda: hook.reader.orders(context, data))
    yield Stage("read ordered levels", lambda: hook.reader.levels(context, data))
    yield Stage("read the problems", lambda: hook.reader.problems(context, data, now))
    chart = hook.reader.read(context, data, now)
    yield Stage("assess", lambda: assess(chart, hook.protocol))
    assessment = assess(chart, hook.protocol)
    yield Stage("word the card", lambda: hook.word(context, assessment))
    answer = hook.word(context, assessment)
    yield Stage("encode the answer", lambda: invocation.encode(answer.cards, answer.assessment))
    call = Call(hook.id, now, hook=hook.hook, instance=received.hook_instance, answer=answer)
    yield Stage("account for the record", lambda: decision.entry(call, 200, 1.0))


def cost(act: Callable[[], object]) -> Cost:
    """What `act` costs, done often enough that the clock can tell."""
    act()
    began = process_time()
    act()
    times = max(1, int(_ROUND_SECONDS / max(process_time() - began, 1e-6)))
    rounds = []
    for _ in range(_ROUNDS):
        gc.collect(0)
        began = process_time()
        for _ in range(times):
            act()
        rounds.append((process_time() - began) / times * 1e6)
    return Cost(min(rounds), median(rounds))


def show(console: Console, measured: Iterable[tuple[str, Cost]]) -> None:
    """Print the stages with their costs, and the sum."""
    table = Table("Stage", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("best, µs", justify="right")
    table.add_column("median, µs", justify="right")
    best = middle = 0.0
    for name, spent in measured:
        table.add_row(name, f"{spent.best:.1f}", f"{spent.middle:.1f}")
        best, middle = best + spent.best, middle + spent.middle
    table.add_section()
    table.add_row("sum", f"{best:.1f}", f"{middle:.1f}")
    console.print(table)
