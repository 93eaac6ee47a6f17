"""Where things stand in a TOML file, so that a mistake can be named by its line.

`tomllib` reads values and forgets lines; this keeps only lines and forgets values. It knows what
protocol files use: tables, arrays of tables, keys, and values that go on over several lines.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

Path = tuple[str | int, ...]

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"\s*((?:\"[^\"]*\"|[\w-]+)(?:\s*\.\s*(?:\"[^\"]*\"|[\w-]+))*)\s*=(.*)$")
_NAME: Final = re.compile(r"\"([^\"]*)\"|([\w-]+)")
_FENCES: Final = ("'''", '"""')


def locate(text: str) -> Mapping[Path, int]:
    """The line, counted from one, of every table and key; array members by their index."""
    lines: dict[Path, int] = {(): 1}
    for path, number, _ in _places(text):
        for end in range(1, len(path) + 1):
            lines.setdefault(path[:end], number)
    return lines


def _places(text: str) -> Iterator[tuple[Path, int, str | None]]:
    """Every table and key in the order of the file: its path, its line, and behind a key what is
    left of the line."""
    members: dict[Path, int] = {}
    table: Path = ()
    fence: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if fence is not None:
            fence = None if fence in line else fence
            continue
        header = _HEADER.match(line)
        if header:
            table = _table(_names(header[2]), members, is_array=header[1] == "[[")
            yield table, number, None
            continue
        key = _KEY.match(line)
        if key:
            yield (*table, *_names(key[1])), number, key[2]
            fence = next((mark for mark in _FENCES if key[2].count(mark) == 1), None)


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of the path, or of the nearest thing around it."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _names(text: str) -> tuple[str, ...]:
    return tuple(quoted or bare for quoted, bare in _NAME.findall(text))


def _table(names: tuple[str, ...], members: dict[Path, int], *, is_array: bool) -> Path:
    path: Path = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in members:
            path = (*path, members[path])
    path = (*path, names[-1])
    if is_array:
        members[path] = members.get(path, -1) + 1
        path = (*path, members[path])
    return path


_TWICE: Final = "Cannot overwrite a value"
#: By what a member of a list is called in the file.
_CALLED: Final = re.compile(r"\s*[\"']([^\"']+)[\"']")
#: What the parser's words mean to somebody who writes such a file with a text editor.
_SYNTAX: Final = (
    ("Illegal character '\\n'", "a text is not closed: a quotation mark is missing at its end"),
    ("Unterminated string", "a text is not closed: quotation marks are missing at its end"),
    ("Expected \"'''\"", "a text is not closed: quotation marks are missing at its end"),
    ('Expected \'"""\'', "a text is not closed: quotation marks are missing at its end"),
    ("Expected '=' after a key", "behind a name comes `=` and its value"),
    ("Invalid value", "behind the `=` stands no value; a text needs quotation marks"),
    ("Invalid initial character for a key", "a name is expected here, such as `dose`"),
    ("Invalid statement", "here begins neither a name with `=` nor a table in square brackets"),
    ("Expected newline or end of document", "something stands behind the value on its line"),
    (_TWICE, "this name stands twice in its table"),
    ("Cannot declare", "this table stands twice"),
    ("Unclosed array", "a list is not closed: `]` is missing, or a comma"),
    ("Unclosed inline table", "a table in braces is not closed: `}` is missing, or a comma"),
    ("Expected ']'", "square brackets are not closed"),
    ("Duplicate inline table key", "a name stands twice in a table in braces"),
)

_AT: Final = re.compile(r" \(at line (\d+), column (\d+)\)")
#: What a word processor makes of a quotation mark.
_CURLY: Final = frozenset(
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    "\N{DOUBLE LOW-9 QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
    "\N{RIGHT SINGLE QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
_STRAIGHT: Final = 'a text needs straight quotation marks ("), not curly ones'
_ONE_LINE: Final = "what stands in { } has to be on one line, to its `}`"
#: What the parser says where a table in braces does not go on.
_IN_BRACES: Final = ("Invalid initial character for a key", "Unclosed inline table")
#: A number without quotation marks at the end of what was read, and the rest of a quantity.
_BARE: Final = re.compile(r"[=\[,]\s*(\d[\d.]*\s*)$")
_UNIT: Final = re.compile(r"(?:,\d+)?\s*[^\W\d_][^\s,}\]#]*(?: m2)?")


def syntax(message: str, text: str) -> str:
    """A TOML error with its line in front, as other mistakes have it, and in plain words."""
    match = _AT.search(message)
    written = text.splitlines()
    line = match[1] if match else str(len(written) or 1)
    said = message.partition(" (at ")[0]
    plain = next((words for begin, words in _SYNTAX if said.startswith(begin)), said)
    if said.startswith(_TWICE):
        plain = _twice(text) or plain
    if match is not None and int(line) <= len(written):
        where, column = written[int(line) - 1], int(match[2]) - 1
        plain = _slip(said, where[:column], where[column:]) or plain
    return f"line {line}: not valid TOML: {plain}"


def _slip(said: str, read: str, left: str) -> str | None:
    """What went wrong on a line that was read up to a place; None if it is no slip known here."""
    if left[:1] in _CURLY or (not left and read.rstrip()[-1:] in _CURLY):
        return _STRAIGHT
    number, unit = _BARE.search(read), _UNIT.match(left)
    if number and unit:
        return f'a quantity needs quotation marks: "{number[1]}{unit[0].rstrip()}"'
    if not said.startswith(_IN_BRACES) or "{" not in read:
        return None
    if left.startswith("}"):
        return "a comma stands before the `}`; remove it"
    return None if left.partition("#")[0].strip() else _ONE_LINE


def _twice(text: str) -> str | None:
    """The first name that stands twice in its table, with both lines; None if none is found."""
    first: dict[Path, int] = {}
    names: dict[Path, str] = {}
    for path, number, value in _places(text):
        if value is None:
            continue
        *table, name = path
        if path in first:
            where = ".".join(_shown(tuple(table), names))
            inside = f" in {where}" if where else ""
            return f"`{name}` stands twice{inside} (lines {first[path]} and {number}): remove one"
        first[path] = number
        if name in {"id", "name", "code"} and (called := _CALLED.match(value)):
            names.setdefault(tuple(table), called[1])
    return None


def _shown(table: Path, names: Mapping[Path, str]) -> Iterator[str]:
    for index, part in enumerate(table):
        known = names.get(table[: index + 1], f"number {part + 1}") if isinstance(part, int) else ""
        yield known or str(part)
