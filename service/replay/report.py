"""A comparison as a committee reads it, and as CSV."""

import csv
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.commands.sidebar import plain
from service.commands.spreadsheet import harmless
from service.replay.comparison import Comparison
from service.replay.kept import Kept
from service.replay.verdict import Decision, Undecided, Verdict

_MOST_CHANGES = 25
_COLUMNS = ("result", "band", "rule", "grams", "minutes", "answer", "reason")


class Sheet:
    """The CSV: one row a request, in the order of the files. It names no patient."""

    def __init__(self, out: IO[str]) -> None:
        self._rows = csv.writer(out)
        names = [f"{name}_{side}" for side in ("before", "after") for name in _COLUMNS]
        self._rows.writerow(("file", "line", "changed", *names))

    def add(self, kept: Kept, before: Verdict, after: Verdict) -> None:
        """Write the row of one request."""
        changed = "no" if before == after else "yes"
        cells = (kept.file, str(kept.line), changed, *_cells(before), *_cells(after))
        self._rows.writerow(map(harmless, cells))


def _cells(verdict: Verdict) -> tuple[str, ...]:
    if isinstance(verdict, Undecided):
        return (verdict.why, "", "", "", "", "", verdict.reason)
    grams, minutes = (
        "" if amount is None else str(amount) for amount in (verdict.grams, verdict.minutes)
    )
    return (
        "decided",
        verdict.band,
        verdict.rule,
        grams,
        minutes,
        _answer(verdict),
        verdict.sentence or "",
    )


def show(console: Console, comparison: Comparison, titles: tuple[str, str]) -> None:
    """Print what changes, for how many and how."""
    console.print(Text(f"Replay of {_count(comparison.requests, 'request')}", style="bold"))
    for side, title in zip(("before", "after"), titles, strict=True):
        console.print(Text(plain(f"  {side:7} {title}")))
    console.print()
    console.print(_tallies(comparison))
    console.print()
    changed, decided = comparison.changed, comparison.decided
    if changed:
        share = _share(changed, decided)
        verb = "changes" if changed == 1 else "change"
        sentence = f"{changed:,} of {_count(decided, 'decision')} {verb} ({share})."
        console.print(Text(sentence, style="bold"))
        console.print()
        console.print(_ways(comparison))
        console.print()
        _show_changes(console, comparison)
    elif decided:
        console.print(Text(f"Nothing changes in {_count(decided, 'decision')}.", style="bold"))
    else:
        console.print(Text("No request could be decided.", style="bold"))
    _show_undecided(console, comparison)


def _tallies(comparison: Comparison) -> Table:
    before, after = comparison.before, comparison.after
    table = Table("", "Before", "After", "Difference", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = (
        ("Requests decided", before.decided, after.decided),
        ("  with a card", before.cards, after.cards),
        ("  with a dose", before.doses, after.doses),
        ("  with silence", before.decided - before.cards, after.decided - after.cards),
        (
            "Requests not decided",
            comparison.requests - before.decided,
            comparison.requests - after.decided,
        ),
    )
    for name, old, new in rows:
        difference = f"{new - old:+,}" if new != old else ""
        table.add_row(name, f"{old:,}", f"{new:,}", difference)
    return table


def _ways(comparison: Comparison) -> Table:
    table = Table("Requests", "What changes", box=box.SIMPLE_HEAD, pad_edge=False)
    table.columns[0].justify = "right"
    for way, count in comparison.ways.most_common():
        table.add_row(f"{count:,}", way)
    return table


def _show_changes(console: Console, comparison: Comparison) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Requests", justify="right")
    for name in ("", "Band", "Rule", "Dose"):
        table.add_column(name, no_wrap=True)
    table.add_column("Answer", overflow="fold")
    changes = sorted(comparison.changes.items(), key=lambda item: (-item[1], repr(item[0])))
    for change, count in changes[:_MOST_CHANGES]:
        *cells, answer = _words(change.after)
        for way in change.also:
            answer.append(f"; {way.lower()}", style="italic")
        table.add_row(f"{count:,}", Text("before", style="dim"), *_words(change.before))
        table.add_row("", Text("after", style="dim"), *cells, answer, end_section=True)
    console.print(table)
    rest = changes[_MOST_CHANGES:]
    if rest:
        others = sum(count for _, count in rest)
        sentence = f"{_count(len(rest), 'rarer change')} in {_count(others, 'request')}: see --csv."
        console.print(Text(sentence))


def _words(verdict: Verdict) -> list[Text]:
    if isinstance(verdict, Undecided):
        cells = ("-", "-", "-", f"{verdict.why}: {verdict.reason}")
    else:
        cells = (verdict.band, verdict.rule, _dose(verdict), _answer_with_reason(verdict))
    return [Text(plain(cell)) for cell in cells]


def _dose(decision: Decision) -> str:
    if decision.grams is None:
        return "no dose"
    return f"{decision.grams} g over {decision.minutes} min"


def _answer(decision: Decision) -> str:
    if decision.card is None:
        return "silence"
    return f"{decision.card} card ({decision.indicator})"


def _answer_with_reason(decision: Decision) -> str:
    if decision.card is None and decision.sentence:
        return f"silence: {decision.sentence}"
    return _answer(decision)


def _show_undecided(console: Console, comparison: Comparison) -> None:
    reasons = comparison.undecided.most_common()
    if not reasons:
        return
    total = sum(count for _, count in reasons)
    console.print()
    console.print(Text(f"Not decided: {_count(total, 'request')}", style="bold"))
    table = Table("Requests", "Why", "In words", box=box.SIMPLE_HEAD, pad_edge=False)
    table.columns[0].justify = "right"
    for verdict, count in reasons:
        table.add_row(f"{count:,}", verdict.why, Text(plain(verdict.reason)))
    console.print(table)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole
    return "less than 1 %" if percent < 1 else f"{percent:.0f} %"
