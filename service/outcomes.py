"""Every error answer, as an OperationOutcome.

A refusal says one clear sentence for each thing that is wrong and names the member at fault. It
never repeats what the request said, so that neither patient data nor a token can leave through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from hooks.errors import HookError, InvalidContext, MissingData, NotEvaluable

MEDIA_TYPE = "application/fhir+json"


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong: a code of FHIR's issue types, a sentence, the member at fault.

    A member is a path in the body, such as `context.patientId`, or `http.` and a header's name.
    """

    code: str
    text: str
    member: str | None = None
    diagnostics: str | None = None


class Refusal(Exception):
    """A request that gets no cards: the status, what is wrong, and headers that go with it."""

    def __init__(
        self,
        status: HTTPStatus,
        issues: tuple[Issue, ...],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(" ".join(issue.text for issue in issues))
        self.status = status
        self.issues = issues
        self.headers = headers or {}


_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: Issue("invalid", "The request could not be read."),
    HTTPStatus.NOT_FOUND: Issue("not-found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: Issue(
        "not-supported", "This address does not take requests of this method."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Issue(
        "too-long", "The body is larger than this service reads."
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Issue(
        "exception",
        "The service failed, and no advice can be given. The failure has been logged.",
    ),
}


def refuse(status: HTTPStatus, code: str, text: str, member: str | None = None) -> Refusal:
    """A refusal for one reason."""
    return Refusal(status, (Issue(code, text, member),))


def answer(refusal: Refusal) -> Response:
    """The HTTP answer that a refusal makes."""
    return Response(
        document(refusal.issues),
        status=refusal.status,
        headers=dict(refusal.headers),
        content_type=MEDIA_TYPE,
    )


def document(issues: tuple[Issue, ...]) -> str:
    """The OperationOutcome as JSON; built with fhir.resources, so that it is valid R4."""
    outcome = OperationOutcome.model_validate(
        {
            "issue": [
                {
                    "severity": "error",
                    "code": issue.code,
                    "details": {"text": issue.text},
                    "diagnostics": issue.diagnostics,
                    "expression": [issue.member] if issue.member else None,
                }
                for issue in issues
            ]
        }
    )
    return outcome.model_dump_json(exclude_none=True)


def install(app: Flask) -> None:
    """Make every error of the application an OperationOutcome."""
    app.register_error_handler(Refusal, answer)
    app.register_error_handler(HookError, _of_hook)
    app.register_error_handler(HTTPException, _of_http)


def _of_hook(error: HookError) -> Response:
    match error:
        case InvalidContext():
            status, issue = HTTPStatus.BAD_REQUEST, Issue("invalid", error.message, error.member)
        case NotEvaluable():
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            issue = Issue("processing", error.message, error.member)
        case MissingData():
            status = HTTPStatus.PRECONDITION_FAILED
            issue = Issue("processing", error.message, error.member, diagnostics=error.key)
        case _:
            # The other errors of the family are about a site's files, which are read at start.
            raise error
    return answer(Refusal(status, (issue,)))


def _of_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    issue = _OF_STATUS.get(status, Issue("processing", f"{status.phrase}."))
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer(Refusal(status, (issue,), headers))
