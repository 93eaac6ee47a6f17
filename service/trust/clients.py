"""The clients that may call: a file of the site's, checked whole before anything starts.

Each `[[client]]` table names one EHR: who it says it is (`iss`), where its public keys are, what
it may ask for, how often, and whether it is shown cards.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from hooks import lines
from hooks.errors import ENCODING, SiteFileError, unreadable
from service.fhir.servers import FhirServer

_DEFAULT_RATE = 500
_HIGHEST_RATE = 1_000_000

Algorithm = Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
#: What CDS Hooks recommends.
_RECOMMENDED: frozenset[Algorithm] = frozenset(("ES384", "RS384"))
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^\S+$")]


Items = TypeVar("Items", bound=Collection[object])


class ClientsError(SiteFileError):
    """A file of clients cannot be used."""


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("must be printable, without spaces around it")
    return name


def _some(items: Items) -> Items:
    if not items:
        raise ValueError("must hold at least one")
    return items


def _key_url(url: str) -> str:
    address, _, query = url.partition("?")
    try:
        server = FhirServer.parse(address)
    except ValueError:
        raise ValueError(
            "must be a plain https address, such as https://ehr.example/jwks"
        ) from None
    if server.scheme != "https" and not server.is_loopback:
        raise ValueError("must be https unless it is on a loopback address")
    if not query.isprintable() or not query.isascii() or "#" in query:
        raise ValueError("must be a plain address")
    return url


Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]


class Client(BaseModel):
    """One client. `jwks_file` is relative to the file in which it stands until it is loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    iss: Text
    jwks_url: Annotated[Text, AfterValidator(_key_url)] | None = None
    jwks_file: Path | None = None
    algorithms: Annotated[frozenset[Algorithm], AfterValidator(_some)] = _RECOMMENDED
    tenants: Annotated[frozenset[Text], AfterValidator(_some)] | None = None
    services: Annotated[frozenset[Text], AfterValidator(_some)] | None = None
    jku: Text | None = None
    rate: Annotated[float, Field(strict=True, gt=0, le=_HIGHEST_RATE, allow_inf_nan=False)] = (
        _DEFAULT_RATE
    )
    mode: Literal["live", "silent"] = "live"

    @model_validator(mode="after")
    def _has_keys_from_one_place(self) -> Self:
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError("needs exactly one of `jwks_url` and `jwks_file`")
        return self

    def may_use(self, service: str) -> bool:
        """Whether it may call the service of this id."""
        return self.services is None or service in self.services

    def accepts_jku(self, jku: object) -> bool:
        """Whether a token of this client may say that its keys are there. It is compared, and
        never fetched."""
        return isinstance(jku, str) and jku in {self.jwks_url, self.jku} - {None}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client: Annotated[tuple[Client, ...], AfterValidator(_some)]


class Clients:
    """The clients of a file, in its order."""

    def __init__(self, listed: Iterable[Client] = ()) -> None:
        self.listed = tuple(listed)
        self._silent = {client.name for client in self.listed if client.mode == "silent"}

    def __iter__(self) -> Iterator[Client]:
        return iter(self.listed)

    def is_silent(self, name: str | None) -> bool:
        """Whether no card is shown to the client of this name."""
        return name in self._silent


def load(path: Path, services: Iterable[str]) -> Clients:
    """The clients of a file, where `services` are offered. Raises ClientsError naming every
    mistake with its line."""
    try:
        text = path.read_text(encoding=ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        raise ClientsError(str(path), (unreadable(error),)) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ClientsError(str(path), (lines.syntax(str(error), text),)) from error
    try:
        listed = _File.model_validate(data).client
    except ValidationError as error:
        problems = [(tuple(one["loc"]), _said(one)) for one in error.errors()]
        raise ClientsError(str(path), _lined(problems, data, text)) from error
    found = [*_repeated(listed), *_unknown(listed, frozenset(services))]
    if found:
        raise ClientsError(str(path), _lined(found, data, text))
    return Clients(
        client
        if client.jwks_file is None
        else client.model_copy(update={"jwks_file": path.parent / client.jwks_file})
        for client in listed
    )


_Problem = tuple[lines.Path, str]


def _repeated(listed: tuple[Client, ...]) -> Iterator[_Problem]:
    for member in ("name", "iss"):
        first: dict[str, int] = {}
        for index, client in enumerate(listed):
            other = first.setdefault(getattr(client, member), index)
            if other != index:
                yield ("client", index, member), f"is that of client {other + 1} too"


def _unknown(listed: tuple[Client, ...], services: frozenset[str]) -> Iterator[_Problem]:
    for index, client in enumerate(listed):
        for service in sorted((client.services or frozenset()) - services):
            offered = ", ".join(sorted(services))
            yield ("client", index, "services"), f"'{service}' is not offered here: {offered} is"


def _said(problem: Any) -> str:
    match problem["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden" if len(problem["loc"]) == 1:
            return "is not known; each client is a table [[client]]"
        case "extra_forbidden":
            known = ", ".join(Client.model_fields)
            return f"is not known; a client has {known}"
        case _:
            message = str(problem["msg"]).removeprefix("Value error, ")
            return message[:1].lower() + message[1:]


def _lined(problems: list[_Problem], data: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """The problems in the order of the file, each with its line, its table and its member."""
    where = lines.locate(text)
    numbered = sorted(
        ((lines.line_of(path, where), _place(path, data), said) for path, said in problems)
    )
    return tuple(f"line {line}: {place}: {said}" for line, place, said in numbered)


def _place(path: lines.Path, data: Mapping[str, Any]) -> str:
    match path:
        case ("client", int(index), *member):
            table = data["client"][index]
            name = table.get("name") if isinstance(table, dict) else None
            called = f" ({name})" if isinstance(name, str) and name.isprintable() else ""
            inside = "".join(f": {part}" for part in member if isinstance(part, str))
            return f"client {index + 1}{called}{inside}"
        case _:
            return ".".join(map(str, path))
