"""The attack table: every forgery is refused, and every family has tokens that are not."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.exchange import SERVICE, fire
from tests.conformance.request import order_select
from tests.trust.forgeries import CONTROLS, FORGERIES, Make, World

TRIED = [(family, name) for family, made in FORGERIES.items() for name in made]
GOOD = [(family, name) for family, made in CONTROLS.items() for name in made]


def call(client: FlaskClient, make: Make, world: World) -> TestResponse:
    return fire(client, order_select(), {"Authorization": f"Bearer {make(world)}"})


@pytest.mark.parametrize(("family", "name"), TRIED)
def test_a_forgery_is_refused(gate: FlaskClient, world: World, family: str, name: str) -> None:
    refused = call(gate, FORGERIES[family][name], world)
    without = fire(gate, order_select())
    assert refused.status_code == 401, f"accepted: {family}, {name}"
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.data == without.data, "what is said is the same for every reason"


@pytest.mark.parametrize(("family", "name"), GOOD)
def test_a_good_token_is_accepted(gate: FlaskClient, world: World, family: str, name: str) -> None:
    answer = call(gate, CONTROLS[family][name], world)
    assert answer.status_code == 200, f"refused: {family}, {name}"
    assert "cards" in answer.text


def test_every_family_has_a_control_and_there_are_enough() -> None:
    assert FORGERIES.keys() == CONTROLS.keys()
    assert len(TRIED) >= 60


@pytest.mark.parametrize("header", ["Basic dXNl", "Bearer", "bearer ", "Token x", "x" * 9000])
def test_no_other_credentials_are_accepted(gate: FlaskClient, header: str) -> None:
    answer = gate.get("/cds-services", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_token_anywhere_else_is_no_token(gate: FlaskClient, world: World) -> None:
    token = CONTROLS["algorithm"]["ES384"](world)
    for answer in (
        gate.post(f"{SERVICE}?access_token={token}", json=order_select()),
        gate.post(SERVICE, data={"access_token": token}),
        gate.post(SERVICE, json=order_select(), headers={"Cookie": f"access_token={token}"}),
        gate.post(SERVICE, json=order_select(), headers={"X-Authorization": f"Bearer {token}"}),
    ):
        assert answer.status_code == 401


def test_the_scheme_is_read_as_http_has_it(gate: FlaskClient, world: World) -> None:
    token = CONTROLS["algorithm"]["ES384"](world)
    answer = fire(gate, order_select(), {"Authorization": f"bearer {token}"})
    assert answer.status_code == 200
