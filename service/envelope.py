"""The envelope of a call: the members that CDS Hooks defines for every hook, checked.

What the specification demands for the service's own sake is demanded; what only the client's side
needs (`scope`, `subject`) is not looked at, and members that are not known are ignored.
"""

from http import HTTPStatus
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.outcomes import Issue, Refusal

_UUID = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"

_EXPECTED = {
    "hook": "a string",
    "hookInstance": "a UUID",
    "context": "an object",
    "prefetch": "an object",
    "fhirServer": "a string",
    "fhirAuthorization": "an object",
    "fhirAuthorization.access_token": "a string",
    "fhirAuthorization.token_type": "`Bearer`",
    "fhirAuthorization.expires_in": "an integer",
}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class FhirAuthorization(_Part):
    """The client's leave to read its FHIR server, for the time of one call."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer"]
    expires_in: int


class Envelope(_Part):
    """One call, before its hook has looked at the context."""

    hook: str
    hook_instance: str = Field(alias="hookInstance", pattern=_UUID)
    context: dict[str, Any] = Field(repr=False)
    prefetch: dict[str, Any] | None = Field(default=None, repr=False)
    fhir_server: str | None = Field(default=None, alias="fhirServer")
    fhir_authorization: FhirAuthorization | None = Field(default=None, alias="fhirAuthorization")

    @model_validator(mode="after")
    def _authorization_is_for_a_server(self) -> Self:
        if self.fhir_authorization is not None and self.fhir_server is None:
            raise ValueError("fhirServer")
        return self


def read(body: dict[str, Any]) -> Envelope:
    """The envelope that `body` holds; refuses with 400, one issue for each member at fault."""
    try:
        return Envelope.model_validate(body)
    except ValidationError as error:
        faults = [(fault["type"], fault["loc"]) for fault in error.errors(include_input=False)]
    raise Refusal(HTTPStatus.BAD_REQUEST, tuple(_issue(kind, loc) for kind, loc in faults))


def _issue(kind: str, loc: tuple[int | str, ...]) -> Issue:
    if not loc:
        return Issue(
            "required", "`fhirServer` is required where `fhirAuthorization` is given.", "fhirServer"
        )
    member = ".".join(map(str, loc))
    if kind == "missing":
        return Issue("required", f"`{member}` is required: {_EXPECTED[member]}.", member)
    return Issue("value", f"`{member}` must be {_EXPECTED[member]}.", member)
