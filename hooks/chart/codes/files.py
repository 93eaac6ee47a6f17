"""Code lists are TOML files with a typed form; a list with a mistake is refused, naming it."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from hooks import lines, mistakes
from hooks.errors import ENCODING, CodeListError, unreadable

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Entry(BaseModel):
    """A part of a code list: nothing may stand in it that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


List = TypeVar("List", bound=Entry)


def shipped(form: type[List], name: str) -> List:
    """A code list that comes with the service."""
    text = resources.files(__package__ or __name__).joinpath(name).read_text(encoding="utf-8")
    return parse(form, text, name)


def written(form: type[List], path: Path) -> List:
    """A code list that a site wrote. Raises CodeListError."""
    try:
        text = path.read_text(encoding=ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        raise CodeListError(str(path), (unreadable(error),)) from error
    return parse(form, text, str(path))


def parse(form: type[List], text: str, file: str) -> List:
    """Read a code list from text. Raises CodeListError naming every mistake."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CodeListError(file, (lines.syntax(str(error), text),)) from error
    try:
        return form.model_validate(data)
    except ValidationError as error:
        raise CodeListError(file, mistakes.told(error, form, data, text)) from error
