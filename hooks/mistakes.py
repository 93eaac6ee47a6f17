"""What is wrong in a file that a site wrote, in words for whoever wrote it: the line, the place by
the names that stand in the file, and what would be right."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from hooks import lines
from hooks.lines import Path

Problem = tuple[Path, str]

#: By what a member of a list is called, the first of them that it has.
_NAMES: Final = ("id", "name", "code")
#: What is longer is not repeated.
_LONGEST: Final = 60
_WANTED: Final[Mapping[str, str]] = {
    "string_type": "must be a text in quotation marks",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "model_type": "must be a table of names with values",
    "dict_type": "must be a table of names with values",
    "tuple_type": "must be a list in square brackets",
    "frozen_set_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "too_short": "must hold at least one",
}


def told(
    error: ValidationError, form: type[BaseModel], data: Mapping[str, Any], text: str
) -> tuple[str, ...]:
    """Every mistake that kept `data`, read from `text`, from being a `form`."""
    problems = [(tuple(one["loc"]), _said(one, form)) for one in error.errors()]
    return numbered(problems, data, text)


def numbered(problems: Iterable[Problem], data: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """The problems in the order of the file, each with its line and its place."""
    where = lines.locate(text)
    found = sorted(
        ((lines.line_of(path, where), path, said) for path, said in problems),
        key=lambda problem: problem[0],
    )
    return tuple(
        f"line {line}: {place(path, data)}: {said}" if path else f"line {line}: {said}"
        for line, path, said in found
    )


def place(path: Path, data: Any) -> str:
    """A place in a file: `rows.DT1.over`; a member of a list without a name by its number."""
    parts = []
    for part in path:
        member = _inside(data, part)
        if isinstance(part, int):
            parts.append(_called(member) or f"number {part + 1}")
        else:
            parts.append(str(part))
        data = member
    return ".".join(parts)


def suggested(name: str, known: Collection[str]) -> str:
    """`; did you mean dose?` where one of the known names is near; else nothing."""
    small = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name[:_LONGEST].lower(), small, 1)
    return f"; did you mean {small[near[0]]}?" if near else ""


def _inside(data: Any, part: str | int) -> Any:
    match data, part:
        case dict(), str():
            return data.get(part)
        case list(), int() if part < len(data):
            return data[part]
    return None


def _called(member: Any) -> str | None:
    """The name by which somebody finds a member of a list in the file."""
    if not isinstance(member, dict):
        return None
    names = (member.get(name) for name in _NAMES)
    return next((name for name in names if isinstance(name, str) and name.isprintable()), None)


def _said(problem: Any, form: type[BaseModel]) -> str:
    path, kind = tuple(problem["loc"]), problem["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        known = sorted(_members(form, path[:-1]))
        listed = f"; there are {', '.join(known)}" if known else ""
        return f"is not known{suggested(str(path[-1]), known)}{listed}"
    found = _found(problem.get("input"))
    if kind in _WANTED:
        such_as = f', such as "{problem["input"]}"' if found and kind == "string_type" else ""
        return f"{_WANTED[kind]}{such_as}{found}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if kind in {"literal_error", "enum"}:
        expected = str(problem["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
        near = suggested(str(problem.get("input")), expected.split(", "))
        return f"must be one of {expected}{found}{near}"
    if message.startswith("Input should be "):
        return f"must be {message.removeprefix('Input should be ')}{found}"
    return message


def _found(value: Any) -> str:
    """What stands there instead, if it is short enough to repeat."""
    if isinstance(value, date | time):
        return f"; found {value}"
    if isinstance(value, str | int | float | bool) and 0 < len(str(value)) <= _LONGEST:
        return f"; found {value!r}"
    return ""


def _members(form: type[BaseModel], path: Path) -> Iterator[str]:
    """The names that may stand in the table at this place of the form."""
    table: type[BaseModel] | None = form
    for part in path:
        if isinstance(part, int) or table is None:
            continue
        field = next(
            (field for name, field in table.model_fields.items() if part in {name, field.alias}),
            None,
        )
        table = None if field is None else _table(field.annotation)
    if table is not None:
        for name, field in table.model_fields.items():
            yield field.alias or name


def _table(annotation: Any) -> type[BaseModel] | None:
    """The form among the types that a member may have."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_table, get_args(annotation))), None)
