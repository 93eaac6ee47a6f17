"""Assertions 1 to 17: what the service says about itself."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conformance import directory
from tests.conformance.assertions import demand
from tests.conformance.exchange import DISCOVERY, answer_of, fire
from tests.conformance.request import order_select


@pytest.fixture
def document(client: FlaskClient) -> Any:
    return answer_of(client.get(DISCOVERY))


def breaches(document: Any, assertion: int) -> list[str]:
    return [
        str(problem) for problem in directory.problems(document) if problem.assertion == assertion
    ]


def test_a1_discovery_answers_with_an_object(client: FlaskClient) -> None:
    response = client.get(DISCOVERY)
    assert response.status_code == 200, demand(1, response.status)
    assert isinstance(answer_of(response), dict), demand(1, response.text)


def test_a2_discovery_has_a_json_media_type(client: FlaskClient) -> None:
    media_type = client.get(DISCOVERY).mimetype
    assert media_type == "application/json", demand(2, media_type)


def test_a3_services_is_an_array(document: Any) -> None:
    assert breaches(document, 3) == []
    offered = [(service["id"], service["hook"]) for service in document["services"]]
    assert offered == [("magnesium-replacement", "order-select")], demand(3, offered)


def test_a4_each_service_has_hook_id_and_description(document: Any) -> None:
    assert breaches(document, 4) == []


def test_a5_each_service_has_a_title(document: Any) -> None:
    assert breaches(document, 5) == []


def test_a6_prefetch_maps_keys_to_templates(document: Any) -> None:
    assert breaches(document, 6) == []
    keys = set(document["services"][0]["prefetch"])
    published = {"patient", "magnesium", "potassium", "creatinine", "weight"}
    assert published <= keys, demand(6, f"{published - keys} missing")


def test_a7_versions_and_requirements_are_well_formed(document: Any) -> None:
    assert breaches(document, 7) == []


def test_a8_discovery_holds_nothing_empty(document: Any) -> None:
    assert breaches(document, 8) == []


def test_a9_id_and_hook_are_unique(document: Any) -> None:
    assert breaches(document, 9) == []


def test_a10_ids_are_url_safe_and_can_be_called(client: FlaskClient, document: Any) -> None:
    assert breaches(document, 10) == []
    for service in document["services"]:
        response = client.post(f"{DISCOVERY}/{service['id']}", json={"hook": service["hook"]})
        assert response.status_code == 400, demand(10, f"{service['id']}: {response.status}")
    assert fire(client, order_select()).status_code == 200, demand(10, "the seed is refused")


def test_a11_templates_use_permitted_tokens(document: Any) -> None:
    assert breaches(document, 11) == []


def test_a12_templates_stay_in_the_query_subset(document: Any) -> None:
    assert breaches(document, 12) == []


def test_a13_templates_use_no_old_or_future_token(document: Any) -> None:
    assert breaches(document, 13) == []


def test_a14_extensions_are_objects_with_dotted_names(document: Any) -> None:
    assert breaches(document, 14) == []


def test_a15_discovery_is_stable(client: FlaskClient) -> None:
    first, second = client.get(DISCOVERY).data, client.get(DISCOVERY).data
    assert first == second, demand(15, second)


def test_a16_a_trailing_slash_is_served_or_redirected(client: FlaskClient) -> None:
    status = client.get(f"{DISCOVERY}/").status_code
    assert status in (200, 301, 307, 308, 404), demand(16, f"GET with a slash gives {status}")


def test_a16_head_and_options_are_answered(client: FlaskClient) -> None:
    head, options = client.head(DISCOVERY), client.options(DISCOVERY)
    assert head.status_code == 200, demand(16, f"HEAD gives {head.status}")
    assert head.data == b"", demand(16, "HEAD gives a body")
    assert options.status_code in (200, 204), demand(16, f"OPTIONS gives {options.status}")


def test_a16_post_is_not_allowed_on_discovery(client: FlaskClient) -> None:
    response = client.post(DISCOVERY, json=order_select())
    assert response.status_code == 405, demand(16, f"POST gives {response.status}")
    allowed = {method.strip() for method in response.headers.get("Allow", "").split(",")}
    assert "GET" in allowed, demand(16, f"Allow: {allowed}")
    assert "POST" not in allowed, demand(16, f"Allow: {allowed}")


def test_a17_members_from_before_1_0_are_absent(document: Any) -> None:
    assert breaches(document, 17) == []
