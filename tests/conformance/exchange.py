"""A call over Flask's test client, and its answer read strictly."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.assertions import demand

DISCOVERY = "/cds-services"
SERVICE = "/cds-services/magnesium-replacement"

_encode = msgspec.json.Encoder(decimal_format="number").encode


def fire(client: FlaskClient, call: Any, headers: Mapping[str, str] | None = None) -> TestResponse:
    """POST the call, whatever JSON it is, to the service."""
    return client.post(
        SERVICE,
        data=_encode(call),
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def answered(client: FlaskClient, call: Any, headers: Mapping[str, str] | None = None) -> Any:
    """The answer to a call that is valid: 200 and, strictly read, an object."""
    response = fire(client, call, headers)
    assert response.status_code == 200, demand(18, f"{response.status} {response.text[:400]}")
    return answer_of(response)


def answer_of(response: TestResponse) -> Any:
    """The JSON object in the response, as assertion 19 demands it."""
    media_type = response.mimetype or "none"
    assert media_type == "application/json" or media_type.endswith("+json"), demand(19, media_type)
    return read(response.get_data())


def read(body: bytes) -> Any:
    """The object in the body. Duplicate members, NaN and bytes that are no UTF-8 do not pass."""
    try:
        answer = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except ValueError as problem:
        raise AssertionError(demand(19, problem)) from problem
    assert isinstance(answer, dict), demand(19, f"a root of type {type(answer).__name__}")
    return answer


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"a member twice among {[name for name, _ in pairs]}")
    return members
