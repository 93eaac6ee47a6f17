"""The body of a call: the bytes become a JSON object, or a refusal.

Numbers that are not integers become Decimal, so that no digit of a laboratory value is lost on the
way in or out.
"""

import re
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Request

from service import surrogates
from service.outcomes import Refusal, refuse

MAX_DEPTH = 64
#: Objects and lists in one body: twice what 4 MiB of dense FHIR hold.
MAX_CONTAINERS = 250_000
_MAX_NUMBER_LENGTH = 400
_MAX_EXPONENT = 400
# How many times its brackets may be gone through before a body is looked at as a tree.
_MAX_EFFORT = 8
_JSON = re.compile(r"application/(json|[a-z0-9!#$&^_.-]+\+json)")

# Every kind of bracket becomes a square one, so that one replacement takes off a whole level.
_ONE_KIND_OF_BRACKET = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)


def read(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Refuses with 415 what is not said to be JSON in UTF-8, with 400
    what broke off, is not a JSON object or nests deeper than MAX_DEPTH."""
    check_headers(request)
    return decode(received(request))


def received(request: Request) -> bytes:
    """All bytes of the body; refuses with 400 a body that broke off.

    The HTTP engine ends such a body as it ends every other. Of a chunked one nothing else tells;
    but no JSON object is whole before its last bracket.
    """
    came = request.get_data()
    if len(came) < (request.content_length or 0):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            "The body is shorter than its Content-Length says.",
            "http.Content-Length",
        )
    return came


def check_headers(request: Request) -> None:
    """Refuse a body that is not said to be plain JSON in UTF-8."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            "The body must not be compressed.",
            "http.Content-Encoding",
        )
    if not _JSON.fullmatch(request.mimetype):
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            "The media type of the body must be application/json.",
            "http.Content-Type",
        )
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            "The body must be in UTF-8.",
            "http.Content-Type",
        )


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` holds; refuses with 413 what would take too long to go through,
    and everything else with 400."""
    # A body of fewer bytes cannot hold as many.
    if len(body) > 2 * MAX_CONTAINERS and body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too-costly",
            f"The body holds more than {MAX_CONTAINERS:,} objects and lists.",
        )
    plain = _plainly_shallow(body)
    try:
        document = _decoded(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse(HTTPStatus.BAD_REQUEST, "structure", "The body is not JSON.") from error
    except RecursionError as error:
        raise _too_deep() from error
    except (InvalidOperation, OverflowError) as error:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "value",
            "The body holds a number that is too large or too long.",
        ) from error
    if not isinstance(document, dict):
        raise refuse(HTTPStatus.BAD_REQUEST, "structure", "The body must be a JSON object.")
    if not plain and _deeper_than(document, MAX_DEPTH):
        raise _too_deep()
    return document


def _decoded(body: bytes) -> Any:
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError:
        mended = surrogates.mended(body)
        if mended is None:
            raise
    document = _decoder.decode(mended)
    if not surrogates.is_for_people(document):
        text = "The body holds half a surrogate pair in an id, a reference, a code or a unit."
        raise refuse(HTTPStatus.BAD_REQUEST, "value", text)
    return document


def _number(text: str) -> Decimal:
    # Beyond this, arithmetic with the number overflows or takes long; no measurement comes near.
    if len(text) > _MAX_NUMBER_LENGTH:
        raise OverflowError
    value = Decimal(text)
    if ("e" in text or "E" in text) and abs(value.adjusted()) > _MAX_EXPONENT:
        raise OverflowError
    return value


_decoder = msgspec.json.Decoder(float_hook=_number)


def _plainly_shallow(body: bytes) -> bool:
    """Whether the brackets alone show that the body nests no deeper than MAX_DEPTH.

    All but brackets and quotes is dropped, then the innermost pairs are taken off level by level.
    A bracket inside a string and one outside it have an odd number of quotes between them, so one
    never takes off the other, and what is empty in the end was no deeper than the levels taken
    off. A bracket that stands alone in a string stays over; then only the decoded tree can tell,
    as it has to where taking levels off would cost more than looking at the tree.
    """
    skeleton = _ESCAPED.sub(b"", body) if b"\\" in body else body
    skeleton = skeleton.translate(_ONE_KIND_OF_BRACKET, _NO_BRACKET)
    effort = _MAX_EFFORT * len(skeleton)
    for _ in range(MAX_DEPTH):
        effort -= len(skeleton)
        if effort < 0:
            return False
        skeleton = skeleton.replace(b'""', b"").replace(b"[]", b"")
        if not skeleton:
            return True
    return False


def _deeper_than(document: dict[str, Any], depth: int) -> bool:
    level: list[Any] = [document]
    for _ in range(depth):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep() -> Refusal:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "structure",
        f"The body nests deeper than {MAX_DEPTH} levels.",
    )
