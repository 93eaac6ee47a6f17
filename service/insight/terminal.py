"""The counts of the record on a terminal."""

from collections.abc import Mapping
from itertools import dropwhile

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.commands.sidebar import plain
from service.insight import words
from service.insight.tally import Insight

_BAR = 20


def show(console: Console, found: Insight, legend: Mapping[str, str]) -> None:
    """Print what the page shows; `legend` explains the rules."""
    first = found.calendar.first if found.calendar else None
    console.print(Text(f"Insight, {words.period(found.period, first)} (UTC)", style="bold"))
    for reason, decisions in found.losses:
        sentence = f"{words.count(decisions, 'decision')} could not be kept: {reason}."
        console.print(Text(plain(sentence), style="bold red"))
    live, silent = found.all.live, found.all.silent
    if not live.total and not silent.total:
        console.print(Text("Nothing is recorded in this period."))
        return
    if live.total:
        _show_totals(console, found)
        _show_spans(console, found)
    if found.all.outcomes.cards or found.all.outcomes.reported:
        _show_rules(console, found, legend)
        _show_numbers(console, "Why cards were overridden", found.reasons)
        _show_numbers(console, "Time to feedback", found.waits)
    if silent.total:
        _heading(console, "Silent mode: decided and recorded, not shown")
        console.print(
            f"{words.count(silent.total, 'call')}; "
            f"{words.share(silent.alerts, silent.answered)} would have had a card: "
            f"{words.number(silent.alerts)} of {words.number(silent.answered)} answered calls"
        )
    _show_people(console, found)
    _show_clients(console, found)
    if found.unknown:
        console.print()
        console.print(
            f"Left out: feedback on {words.count(found.unknown, 'card')} that this service did "
            "not show."
        )


def _heading(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _show_totals(console: Console, found: Insight) -> None:
    live, became = found.all.live, found.all.outcomes
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    rows = (
        ("Calls", words.number(live.total), f"{words.number(live.refused)} of them refused"),
        (
            "Alert rate",
            words.share(live.alerts, live.answered),
            f"{words.number(live.alerts)} of {words.count(live.answered, 'answered call')}"
            " had a card",
        ),
        (
            "Accepted",
            words.share(became.accepted, became.reported),
            f"{words.number(became.accepted)} of {words.count(became.reported, 'card')}"
            " with feedback",
        ),
        (
            "Overridden",
            words.share(became.overridden, became.reported),
            f"{words.number(became.overridden)} of {words.count(became.reported, 'card')}"
            " with feedback",
        ),
        (
            "No feedback",
            words.share(became.unreported, became.cards),
            f"{words.number(became.unreported)} of {words.count(became.cards, 'card')}",
        ),
    )
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _show_spans(console: Console, found: Insight) -> None:
    _heading(console, f"Calls by {found.step}")
    table = _table(found.step.value.capitalize(), "Calls", "With a card", "Alert rate", "Refused")
    # Before the first call there is nothing to compare.
    for start, group in dropwhile(lambda span: not span[1].live.total, found.spans):
        table.add_row(
            words.span(start, found.step),
            words.number(group.live.total),
            words.number(group.live.alerts),
            words.share(group.live.alerts, group.live.answered),
            words.number(group.live.refused),
        )
    console.print(table)


def _show_rules(console: Console, found: Insight, legend: Mapping[str, str]) -> None:
    _heading(console, "Cards by rule")
    table = _table("Rule", "Cards", "Accepted", "Overridden", "No feedback")
    for rule, group in found.rules:
        became = group.outcomes
        if became.cards:
            name = Text(plain(words.rule(rule)))
            if rule is not None and rule in legend:
                name.append(f"  {legend[rule]}", style="dim")
            table.add_row(
                name,
                words.number(became.cards),
                words.number(became.accepted),
                words.number(became.overridden),
                words.number(became.unreported),
            )
    console.print(table)


def _show_numbers(console: Console, title: str, numbers: list[tuple[str, int]]) -> None:
    if not numbers:
        return
    _heading(console, title)
    table = _table("", "Cards")
    table.add_column("")
    most = max(number for _, number in numbers)
    for name, number in numbers:
        bar = "█" * (round(_BAR * number / most) if most else 0)
        table.add_row(Text(plain(name)), words.number(number), bar)
    console.print(table)


def _show_people(console: Console, found: Insight) -> None:
    if not found.ages:
        return
    _heading(console, "For whom")
    table = _table("Years", "Calls with a card", "Not shown")
    for band, age in found.ages:
        table.add_row(words.age(band), words.number(age.live), words.number(age.silent))
    console.print(table)
    console.print(f"Again for the same patient: {words.repeats(found.repeats)}")


def _show_clients(console: Console, found: Insight) -> None:
    _heading(console, "Who called")
    table = _table("Client", "Calls", "Alert rate", "Accepted", "Overridden", "Silent")
    for client, group in found.clients:
        table.add_row(
            Text(plain(words.client(client))),
            words.number(group.live.total),
            words.share(group.live.alerts, group.live.answered),
            words.number(group.outcomes.accepted),
            words.number(group.outcomes.overridden),
            words.number(group.silent.total),
        )
    console.print(table)


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=box.SIMPLE_HEAD, pad_edge=False)
    for name in others:
        table.add_column(name, justify="right")
    return table
