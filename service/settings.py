"""The settings of a running service: MAGNESIA_* variables, checked before anything starts.

Each field carries, for people, a description and what it expects; its variable is its own name in
capitals after `MAGNESIA_`.
"""

import re
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    ValidationError,
    model_validator,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hooks.mistakes import suggested
from service.fhir.servers import FhirServer

PREFIX = "MAGNESIA_"
LogFormat = Literal["json", "text"]
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PASSWORD = re.compile(r"(//[^/:@]*):[^@]*@")


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host is None or host.lower() == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SettingsError(Exception):
    """A setting is unknown or cannot be used; the message names its variable."""


def _base_url(url: str) -> str:
    # The rules for a FHIR server's address: what could be read in two ways, no token names.
    address = url.rstrip("/")
    FhirServer.parse(address)
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}".lower() + slash + path


def _listed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _fhir_servers(value: Any) -> Any:
    return tuple(map(FhirServer.parse, _listed(value))) if isinstance(value, str) else value


def _guarded(servers: tuple[FhirServer, ...]) -> tuple[FhirServer, ...]:
    if not all(server.scheme == "https" or server.is_loopback for server in servers):
        raise ValueError("a token would cross the network for everyone to read")
    return servers


def _proxy(url: str) -> str:
    FhirServer.parse(url)
    return url


def _authorities(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ValueError("no certificates in it") from error
    return path


def _known_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if origins != ("*",) and not all(map(_ORIGIN.fullmatch, origins)):
        raise ValueError("not a list of origins")
    return tuple(origin.lower() for origin in origins)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _database_url(url: str) -> str:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise ValueError("not the address of a database") from error
    match address.drivername:
        case "sqlite" if address.database not in {None, "", ":memory:"} and not address.host:
            return url
        case "postgresql" | "postgres" | "postgresql+psycopg" if address.database:
            address = address.set(drivername="postgresql+psycopg")
            return address.render_as_string(hide_password=False)
    raise ValueError("not a database that the record can be kept in")


def _expects(what: str, *, secret: bool = False) -> dict[str, Any]:
    """What a setting expects; the value of a secret is never repeated."""
    return {"expects": what, "secret": secret}


class Settings(BaseModel):
    """Everything that a site can set. `Settings()` holds the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1",
        pattern=r"^[A-Za-z0-9.:-]+$",
        description="The address to listen on.",
        json_schema_extra=_expects("a host name or an IP address"),
    )
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="The port to listen on; 0 takes any free one and says which.",
        json_schema_extra=_expects("a port number from 0 to 65535"),
    )
    base_url: Annotated[str, AfterValidator(_base_url)] | None = Field(
        default=None,
        description="The address by which clients know the service, where a proxy stands before "
        "it.",
        json_schema_extra=_expects("an absolute http or https address without a query"),
    )
    cors_origins: (
        Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_known_origins)] | None
    ) = Field(
        default=None,
        description="The web origins whose pages may call the service. Not set: every origin on a "
        "loopback address, unless it reads FHIR servers without a token, and none on any other; "
        "an empty value: none.",
        json_schema_extra=_expects("`*`, or a comma-separated list such as https://ehr.example"),
    )
    protocol: FilePath | None = Field(
        default=None,
        description="A site's own protocol in place of the one shipped.",
        json_schema_extra=_expects("the path of a file that exists"),
    )
    lab_codes: FilePath | None = Field(
        default=None,
        description="A site's own laboratory codes, beside the ones shipped.",
        json_schema_extra=_expects("the path of a file that exists"),
    )
    qt_drugs: FilePath | None = Field(
        default=None,
        description="A site's own list of drugs that prolong the QT interval, in place of the one "
        "shipped.",
        json_schema_extra=_expects("the path of a file that exists"),
    )
    fhir_servers: Annotated[
        tuple[FhirServer, ...], BeforeValidator(_fhir_servers), AfterValidator(_guarded)
    ] = Field(
        default=(),
        description="The FHIR servers that may be read for what a call leaves out, by their base "
        "URLs.",
        json_schema_extra=_expects(
            "a comma-separated list of base URLs such as https://ehr.example/fhir/r4, without a "
            "user or a query, and with https unless they are on a loopback address"
        ),
    )
    fhir_open: bool = Field(
        default=False,
        description="Whether these may be read without a token too, as the servers of sandboxes "
        "are.",
        json_schema_extra=_expects("1 or 0"),
    )
    fetch_deadline_ms: int = Field(
        default=1500,
        ge=50,
        le=1800,
        description="How long a call may take to read FHIR servers, in all.",
        json_schema_extra=_expects("a number of milliseconds from 50 to 1800"),
    )
    fhir_proxy: Annotated[str, AfterValidator(_proxy)] | None = Field(
        default=None,
        description="The proxy through which FHIR servers on other machines are read. It resolves "
        "their names, and so it has to check what they resolve to.",
        json_schema_extra=_expects("an address such as http://proxy.example:3128, without a user"),
    )
    fhir_ca: Annotated[FilePath, AfterValidator(_authorities)] | None = Field(
        default=None,
        description="The certificate authorities to trust for FHIR servers, in place of the "
        "public ones.",
        json_schema_extra=_expects("the path of a file of certificates in PEM form"),
    )
    max_body_bytes: int = Field(
        default=4 * 1024 * 1024,
        ge=1024,
        description="The largest request body that is read.",
        json_schema_extra=_expects("a number of bytes, at least 1024"),
    )
    max_entries: int = Field(
        default=5000,
        ge=1,
        description="The most entries that one Bundle of the prefetch may hold, sent or fetched.",
        json_schema_extra=_expects("a number of entries, at least 1"),
    )
    max_drafts: int = Field(
        default=1000,
        ge=1,
        description="The most entries that `draftOrders` may hold.",
        json_schema_extra=_expects("a number of entries, at least 1"),
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="How many processes answer calls.",
        json_schema_extra=_expects("a number from 1 to 64"),
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        Field(
            default="info",
            description="The least severe message that is logged.",
            json_schema_extra=_expects("debug, info, warning or error"),
        )
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] | None = Field(
        default=None,
        description="How the log is written. Not set: as text to a terminal, else one JSON object "
        "a line.",
        json_schema_extra=_expects("json or text"),
    )
    auth: Annotated[Literal["required", "off"], BeforeValidator(_lower)] | None = Field(
        default=None,
        description="Whether callers must prove who they are. Not set: required, unless the host "
        "is a loopback address.",
        json_schema_extra=_expects("required or off"),
    )
    clients: FilePath | None = Field(
        default=None,
        description="The clients that may call, with their keys, where callers must prove who "
        "they are.",
        json_schema_extra=_expects("the path of a file that exists"),
    )
    mode: Annotated[Literal["live", "silent"], BeforeValidator(_lower)] = Field(
        default="live",
        description="Silent: every call is evaluated and recorded, and no card is shown.",
        json_schema_extra=_expects("live or silent"),
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="sqlite:///var/magnesia.sqlite",
        description="Where the record of decisions and feedback is kept: a file, its path relative "
        "to the working directory, or a PostgreSQL database.",
        json_schema_extra=_expects(
            "sqlite:///path/of/file or postgresql://user:password@host/database", secret=True
        ),
        repr=False,
    )
    spool: Path | None = Field(
        default=None,
        description="The directory where decisions wait while the database is down. Not set: "
        "`spool` beside the SQLite file, or var/spool for PostgreSQL.",
        json_schema_extra=_expects("the path of a directory"),
    )
    patient_key: str | None = Field(
        default=None,
        min_length=16,
        description="A secret under which patient ids are hashed into the record, so that repeats "
        "can be counted. Not set: nothing about who the patient is goes into the record.",
        json_schema_extra=_expects("a secret of at least 16 characters", secret=True),
        repr=False,
    )

    insight_token_sha256: Annotated[str, BeforeValidator(_lower)] | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="The SHA-256 of the token with which people open /insight. Not set: the page "
        "is open on a loopback address, if MAGNESIA_BASE_URL is not set or on one too, and does "
        "not exist on any other.",
        json_schema_extra=_expects("the SHA-256 of a token, 64 hexadecimal digits", secret=True),
        repr=False,
    )

    metrics_token_sha256: Annotated[str, BeforeValidator(_lower)] | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="The SHA-256 of the token with which Prometheus reads /metrics. Not set: it is "
        "open on a loopback address, if MAGNESIA_BASE_URL is not set or on one too, and does not "
        "exist on any other.",
        json_schema_extra=_expects("the SHA-256 of a token, 64 hexadecimal digits", secret=True),
        repr=False,
    )

    @model_validator(mode="after")
    def _callers_are_trusted(self) -> Self:
        # Pydantic passes the text of a ValueError on; from_environment shows it as it is.
        if self.auth == "off":
            return self
        if self.auth is None and not self.on_loopback and None in {self.clients, self.base_url}:
            raise ValueError(
                f"MAGNESIA_HOST={self.host} is not a loopback address, so callers must prove who "
                "they are: set MAGNESIA_CLIENTS and MAGNESIA_BASE_URL, or say MAGNESIA_AUTH=off "
                "to answer everyone who can reach it."
            )
        if not self.is_auth_required:
            if self.clients is not None:
                raise ValueError(
                    "MAGNESIA_CLIENTS is set, and on a loopback address callers are not asked who "
                    "they are: say MAGNESIA_AUTH=required, or MAGNESIA_AUTH=off."
                )
            return self
        if self.clients is None:
            raise ValueError(
                "MAGNESIA_AUTH=required needs MAGNESIA_CLIENTS, the file of the clients that may "
                "call."
            )
        if self.base_url is None:
            raise ValueError(
                "MAGNESIA_AUTH=required needs MAGNESIA_BASE_URL, the address that tokens are made "
                "out for."
            )
        if self.base_url.startswith("http:") and not is_loopback(urlsplit(self.base_url).hostname):
            raise ValueError(
                "MAGNESIA_BASE_URL must be https where MAGNESIA_AUTH=required: tokens and patient "
                "data would cross the network for everyone to read."
            )
        return self

    @property
    def is_auth_required(self) -> bool:
        """Whether callers must prove who they are."""
        return self.auth == "required" or (self.auth is None and not self.on_loopback)

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine are meant to reach the service, if only through a
        proxy."""
        elsewhere = self.base_url is not None and not is_loopback(urlsplit(self.base_url).hostname)
        return elsewhere or not self.on_loopback

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The web origins that may call: `("*",)` for every one."""
        if self.cors_origins is not None:
            return self.cors_origins
        # Whatever page is open in a browser on this machine could read patients through it.
        reads_for_anyone = self.fhir_open and bool(self.fhir_servers)
        return ("*",) if self.on_loopback and not reads_for_anyone else ()

    @property
    def spool_directory(self) -> Path:
        """Where decisions wait while the database is down."""
        if self.spool is not None:
            return self.spool
        address = make_url(self.database_url)
        if address.get_backend_name() == "sqlite" and address.database:
            return Path(address.database).parent / "spool"
        return Path("var/spool")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings that `environ` says, the defaults for the rest.

        An empty variable is one that is not set, except MAGNESIA_CORS_ORIGINS. Raises
        SettingsError, with one sentence, for an unknown MAGNESIA_* variable or a wrong value.
        """
        given: dict[str, str] = {}
        for variable, value in sorted(environ.items()):
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in cls.model_fields or variable != PREFIX + name.upper():
                known = [field.upper() for field in cls.model_fields]
                near = suggested(variable.removeprefix(PREFIX), known)
                meant = near.replace("mean ", f"mean {PREFIX}", 1) or "."
                raise SettingsError(
                    f"{variable} is not a setting{meant} `magnesia settings` lists them."
                )
            if value.strip() or name == "cors_origins":
                given[name] = value.strip()
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError(cls._sentence(error, given)) from error

    @classmethod
    def _sentence(cls, error: ValidationError, given: Mapping[str, str]) -> str:
        first = error.errors()[0]
        if not first["loc"]:
            return str(first["ctx"]["error"])
        name = str(first["loc"][0])
        extra = cls.model_fields[name].json_schema_extra
        expects, secret = (
            (extra["expects"], extra["secret"]) if isinstance(extra, dict) else ("", 0)
        )
        sentence = f"{PREFIX}{name.upper()} must be {expects}"
        value = _PASSWORD.sub(r"\1:...@", given[name])
        return f"{sentence}." if secret else f"{sentence}, not '{value}'."
