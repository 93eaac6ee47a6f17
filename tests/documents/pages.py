"""The pages that people read, and the commands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
#: A block in another language than the shell's says so, or is known by how it begins.
_OTHER_LANGUAGES = {"ini", "toml", "json", "nginx", "promql", "python", "text", "yaml"}
_OTHER_BEGINNINGS = ("[[client]]", "[[code]]")
_COMMENT = re.compile(r"\s{2,}# .*$")


@dataclass(frozen=True)
class Block:
    """The commands of one code block, without the remarks beside them."""

    page: str
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.commands[0]}"


def blocks() -> Iterator[Block]:
    """The blocks of shell commands, page by page."""
    for page in PAGES:
        for token in MarkdownIt("commonmark").parse(page.read_text()):
            if token.type not in {"code_block", "fence"}:
                continue
            if token.info in _OTHER_LANGUAGES or token.content.startswith(_OTHER_BEGINNINGS):
                continue
            lines = (_COMMENT.sub("", line).strip() for line in token.content.splitlines())
            yield Block(page.name, tuple(line for line in lines if line))


def shown_program(name: str) -> str:
    """The Python program that a page shows under this name."""
    for page in PAGES:
        before = ""
        for token in MarkdownIt("commonmark").parse(page.read_text()):
            if token.type == "inline":
                before = token.content
            elif token.info == "python" and before.startswith(f"`{name}`"):
                return token.content
    raise LookupError(f"no page shows {name}")


def spoken() -> Iterator[tuple[str, str]]:
    """Each command of the program that stands in the middle of a sentence, with its page."""
    for page in PAGES:
        for token in MarkdownIt("commonmark").enable("table").parse(page.read_text()):
            for part in token.children or ():
                if part.type == "code_inline" and re.match(r"(\S*/)?magnesia \S", part.content):
                    yield page.name, part.content
