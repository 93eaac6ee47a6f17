"""Cards on a terminal, laid out as an EHR's sidebar shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

_COLORS = {"info": "blue", "warning": "dark_orange", "critical": "red"}
# A terminal would obey the control characters, and show text in another order for the directional
# marks, that a service put into its cards.
_CONTROL = dict.fromkeys(
    (
        *(code for code in range(32) if chr(code) not in "\n\t"),
        *range(0x7F, 0xA0),
        *(0x200E, 0x200F),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    )
)


def show(console: Console, cards: Sequence[Mapping[str, Any]]) -> None:
    """Print each card: indicator, summary, detail, buttons, links, reasons, source."""
    for card in cards:
        console.print(_panel(plain(card)))


def show_title(console: Console, title: str | None) -> None:
    """Print the title of a request, if it has one."""
    if title:
        console.print(Text(plain(title), style="bold"))


def show_answer(
    console: Console, cards: Sequence[Mapping[str, Any]], assessment: Mapping[str, Any]
) -> None:
    """Print the cards of an answer, or that there is none and why."""
    if cards:
        show(console, cards)
        return
    silence = assessment.get("silence")
    console.print(Text(plain(f"No card. {silence}" if silence else "No card.")))


def _panel(card: Mapping[str, Any]) -> Panel:
    indicator = str(card.get("indicator", ""))
    color = _COLORS.get(indicator, "white")
    parts: list[RenderableType] = [Text(str(card.get("summary", "")), style="bold")]
    if card.get("detail"):
        parts += [Text(), Markdown(str(card["detail"]), hyperlinks=False)]
    for suggestion in _parts(card, "suggestions"):
        parts += [Text(), *_button(suggestion)]
    if links := _parts(card, "links"):
        parts += [Text(), *map(_link, links)]
    parts += [Text(), *_foot(card)]
    return Panel(
        Group(*parts),
        title=Text(f" {indicator.upper()} ", style=f"bold {color}"),
        title_align="left",
        border_style=color,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _button(suggestion: Mapping[str, Any]) -> Iterable[RenderableType]:
    button = Text.assemble("[ ", (str(suggestion.get("label", "")), "bold"), " ]")
    if suggestion.get("isRecommended"):
        button.append("  recommended", style="green")
    yield button
    for action in _parts(suggestion, "actions"):
        line = Text.assemble(
            (f"{action.get('type', '')} ", "dim"), str(action.get("description", ""))
        )
        yield Padding(line, (0, 0, 0, 4))


def _link(link: Mapping[str, Any]) -> RenderableType:
    return Text.assemble(str(link.get("label", "")), (f"  {link.get('url', '')}", "dim"))


def _foot(card: Mapping[str, Any]) -> Iterable[RenderableType]:
    reasons = [str(reason.get("display", "")) for reason in _parts(card, "overrideReasons")]
    if reasons:
        yield Text.assemble(("Dismiss because: ", "dim"), " | ".join(reasons))
    source = card.get("source")
    if isinstance(source, Mapping):
        foot = Text.assemble(("Source: ", "dim"), (str(source.get("label", "")), "italic"))
        if source.get("url"):
            foot.append(f"  {source['url']}", style="dim")
        yield foot


def _parts(whole: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list in a card; what a service put there instead is passed over."""
    items = whole.get(name)
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def plain(value: Any) -> Any:
    """`value` with every text in it stripped of what a terminal would obey."""
    match value:
        case str():
            # Half a surrogate pair, which JSON can hold, cannot be written to a terminal.
            shown = value.encode("utf-8", "backslashreplace").decode("utf-8")
            return shown.translate(_CONTROL)
        case dict():
            return {key: plain(member) for key, member in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value
