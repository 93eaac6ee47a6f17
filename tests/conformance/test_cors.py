"""Assertion 97: a page of an allowed origin may call, and read even a refusal."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.settings import Settings
from tests.conformance.assertions import demand
from tests.conformance.exchange import DISCOVERY, SERVICE, fire
from tests.conformance.request import order_select
from tests.conftest import NOW

ALLOWED = "https://ehr.example"
ALSO_ALLOWED = "https://sandbox.example:8443"

# Origins that look like an allowed one to a careless comparison.
DISALLOWED = [
    "https://evil.example",
    "http://ehr.example",
    "https://ehr.example.evil.example",
    "https://evil-ehr.example",
    "https://sub.ehr.example",
    "https://ehr.example:8443",
    "https://ehrXexample",
    "null",
]


@pytest.fixture
def browser() -> FlaskClient:
    """A service that two origins may call from a browser."""
    settings = Settings(cors_origins=(ALLOWED, ALSO_ALLOWED))
    return create_app(settings, clock=lambda: NOW).test_client()


def preflight(browser: FlaskClient, path: str, method: str, origin: str) -> TestResponse:
    """What a browser asks before the call; it carries no token."""
    return browser.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )


def listed(response: TestResponse, header: str) -> set[str]:
    """The members of a header's list, in lower case."""
    return {part.strip().lower() for part in response.headers.get(header, "").split(",")}


@pytest.mark.parametrize("origin", [ALLOWED, ALSO_ALLOWED])
@pytest.mark.parametrize(("path", "method"), [(DISCOVERY, "GET"), (SERVICE, "POST")])
def test_a97_a_preflight_is_granted_without_a_token(
    browser: FlaskClient, path: str, method: str, origin: str
) -> None:
    response = preflight(browser, path, method, origin)
    assert response.status_code in (200, 204), demand(97, response.status)
    granted = response.headers.get("Access-Control-Allow-Origin")
    assert granted == origin, demand(97, f"Allow-Origin: {granted}")
    methods = listed(response, "Access-Control-Allow-Methods")
    assert method.lower() in methods, demand(97, f"Allow-Methods: {methods}")
    headers = listed(response, "Access-Control-Allow-Headers")
    assert {"authorization", "content-type"} <= headers, demand(97, f"Allow-Headers: {headers}")
    assert "origin" in listed(response, "Vary"), demand(97, "no Vary: Origin")
    credentials = response.headers.get("Access-Control-Allow-Credentials")
    assert credentials is None, demand(97, "credentials are allowed")


@pytest.mark.parametrize("origin", DISALLOWED)
@pytest.mark.parametrize(("path", "method"), [(DISCOVERY, "GET"), (SERVICE, "POST")])
def test_a97_another_origin_is_granted_nothing(
    browser: FlaskClient, path: str, method: str, origin: str
) -> None:
    asked = preflight(browser, path, method, origin)
    assert asked.status_code < 500, demand(97, asked.status)
    called = browser.open(path, method=method, json=order_select(), headers={"Origin": origin})
    for response in (asked, called):
        granted = response.headers.get("Access-Control-Allow-Origin")
        assert granted is None, demand(97, f"Allow-Origin: {granted} for {origin}")


def test_a97_answers_carry_the_header(browser: FlaskClient) -> None:
    for response in (
        browser.get(DISCOVERY, headers={"Origin": ALLOWED}),
        fire(browser, order_select(), {"Origin": ALLOWED}),
    ):
        assert response.status_code == 200, demand(97, response.status)
        granted = response.headers.get("Access-Control-Allow-Origin")
        assert granted == ALLOWED, demand(97, f"Allow-Origin: {granted}")


@pytest.mark.parametrize(
    ("status", "path", "method", "body", "content_type"),
    [
        (400, SERVICE, "POST", "{", "application/json"),
        (400, SERVICE, "POST", "[" * 100_000, "application/json"),
        (404, f"{DISCOVERY}/no-such-service", "POST", "{}", "application/json"),
        (405, SERVICE, "GET", "", "application/json"),
        (405, DISCOVERY, "POST", "{}", "application/json"),
        (413, SERVICE, "POST", " " * 50_000_000, "application/json"),
        (415, SERVICE, "POST", "{}", "text/plain"),
    ],
)
def test_a97_refusals_carry_the_header(
    browser: FlaskClient, status: int, path: str, method: str, body: str, content_type: str
) -> None:
    headers = {"Origin": ALLOWED, "Content-Type": content_type}
    response = browser.open(path, method=method, data=body, headers=headers)
    assert response.status_code == status, demand(97, response.status)
    granted = response.headers.get("Access-Control-Allow-Origin")
    assert granted == ALLOWED, demand(97, f"Allow-Origin: {granted} on {status}")


def test_a97_a_missing_key_carries_the_header(browser: FlaskClient) -> None:
    call = order_select()
    del call["prefetch"]
    response = fire(browser, call, {"Origin": ALLOWED})
    assert response.status_code == 412, demand(97, response.status)
    granted = response.headers.get("Access-Control-Allow-Origin")
    assert granted == ALLOWED, demand(97, f"Allow-Origin: {granted}")
