"""Web pages: which may call, and what a browser must be told for it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import assemble
from service.settings import Settings
from tests.service.conftest import NOW
from tests.service.tea import TeaHook

PAGE = "https://ehr.example:8443"
PATHS = [
    "/cds-services",
    "/cds-services/",
    "/cds-services/tea",
    "/cds-services//tea",
    "/cds-services/tea/feedback",
    "/cds-services/unknown",
    "/nowhere",
]


def client_for(*origins: str) -> FlaskClient:
    settings = Settings(cors_origins=origins)
    return assemble(settings, [TeaHook()], lambda: NOW).test_client()


def preflight(client: FlaskClient, path: str, origin: str = PAGE) -> TestResponse:
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_answered_at_every_address(client: FlaskClient, path: str) -> None:
    answer = preflight(client, path)
    assert 200 <= answer.status_code < 300
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert words(answer.headers["Access-Control-Allow-Methods"]) == {"get", "post", "options"}
    assert words(answer.headers["Access-Control-Allow-Headers"]) == {
        "authorization",
        "content-type",
    }
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cds-services/tea", {}, 400),
        ("/cds-services/unknown", {}, 404),
        ("/cds-services", {}, 405),
        ("/cds-services/tea", None, 415),
    ],
)
def test_a_page_can_read_an_error(
    client: FlaskClient, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = (
        client.post(path, json=body, headers={"Origin": PAGE})
        if body is not None
        else (client.post(path, data="x", headers={"Origin": PAGE}))
    )
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_can_read_a_failure(client: FlaskClient, call: dict[str, Any]) -> None:
    call["context"]["mood"] = "broken"
    answer = client.post("/cds-services/tea", json=call, headers={"Origin": PAGE})
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("origin", [PAGE, "http://[::1]:8000"])
def test_a_listed_page_may_call(origin: str) -> None:
    client = client_for(PAGE, "http://[::1]:8000")
    for answer in (
        preflight(client, "/cds-services/tea", origin),
        client.get("/cds-services", headers={"Origin": origin}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.vary


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://ehr.example:8443.evil.example", "https://ehrXexample:8443"],
)
def test_another_page_gets_no_leave(origin: str) -> None:
    client = client_for(PAGE)
    for answer in (
        preflight(client, "/cds-services/tea", origin),
        client.get("/cds-services", headers={"Origin": origin}),
    ):
        assert answer.status_code < 300
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.vary


def test_without_a_list_no_page_gets_leave() -> None:
    answer = preflight(client_for(), "/cds-services/tea")
    assert answer.status_code == 204
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
