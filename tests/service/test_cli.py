"""The command line: what it prints, and the status with which it ends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from click.testing import CliRunner, Result

from service import cli, site
from service.commands import client, firing
from tests.service.tea import TeaHook

URL = "http://127.0.0.1:8000/cds-services/magnesium-replacement"
NOW = datetime(2026, 12, 24, 20, 0, tzinfo=UTC)

CARD = {
    "uuid": "6f1c7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11",
    "summary": "The guest is thirsty",
    "indicator": "warning",
    "detail": "**Two** spoons.\n\n- no milk\n- [not a style] see [the book](https://tea.example)",
    "source": {"label": "The tea house", "url": "https://tea.example/house"},
    "suggestions": [
        {
            "label": "Make tea",
            "uuid": "1c7f5e6f-6c0c-4a53-9a0e-9f6f5a0b7d11",
            "isRecommended": True,
            "actions": [
                {"type": "create", "description": "Boil water", "resource": {}},
                {"type": "update", "description": "Warm the pot", "resource": {}},
            ],
        },
        {"label": "Make coffee", "uuid": "2c7f5e6f-6c0c-4a53-9a0e-9f6f5a0b7d11"},
    ],
    "selectionBehavior": "any",
    "overrideReasons": [
        {"code": "a", "system": "s", "display": "Had tea already"},
        {"code": "b", "system": "s", "display": "Prefers coffee"},
    ],
    "links": [{"label": "How to make tea", "url": "https://tea.example/how", "type": "absolute"}],
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


@pytest.fixture
def file(tmp_path: Path, call: dict[str, Any]) -> Path:
    """A fixture of 23 November, 10:00."""
    call["context"]["time"] = "2026-11-23T09:00:00Z"
    about = {"title": "A thirsty guest", "now": "2026-11-23T10:00:00Z"}
    path = tmp_path / "thirsty.json"
    path.write_text(json.dumps({**call, "extension": {"org.magnesia.fixture": about}}))
    return path


@pytest.fixture
def plain(tmp_path: Path, call: dict[str, Any]) -> Path:
    """A request that names no moment of its own."""
    call["context"]["time"] = "2026-11-23T09:00:00Z"
    path = tmp_path / "plain.json"
    path.write_text(json.dumps(call))
    return path


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cli, firing):
        monkeypatch.setattr(module, "utc_now", lambda: NOW)


class TestFire:
    @responses.activate
    def test_cards_are_shown_as_in_a_sidebar(self, file: Path) -> None:
        responses.post(URL, json={"cards": [CARD]})
        result = run("fire", str(file))
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.stdout, "no color codes where no terminal reads them"
        assert max(map(len, result.stdout.splitlines())) <= 80
        inside = [line.strip("│╭╮╰╯─ ") for line in result.stdout.splitlines()]
        assert [line for line in inside if line] == [
            "A thirsty guest",
            "WARNING",
            "The guest is thirsty",
            "Two spoons.",
            "• no milk",
            "• [not a style] see the book (https://tea.example)",
            "[ Make tea ]  recommended",
            "create Boil water",
            "update Warm the pot",
            "[ Make coffee ]",
            "How to make tea  https://tea.example/how",
            "Dismiss because: Had tea already | Prefers coffee",
            "Source: The tea house  https://tea.example/house",
        ]

    @responses.activate
    def test_control_characters_of_a_service_do_not_reach_the_terminal(self, file: Path) -> None:
        card = {**CARD, "summary": "red \x1b[31malert\x07", "detail": "\x9b31m and \u202e reversed"}
        responses.post(URL, json={"cards": [card]})
        output = run("fire", str(file)).stdout
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(output)

    @responses.activate
    @pytest.mark.parametrize(
        "card",
        [{}, {"suggestions": 1, "links": ["x"], "source": "y", "overrideReasons": {}, "detail": 2}],
    )
    def test_an_odd_card_of_a_foreign_service_is_shown_as_far_as_it_goes(
        self, file: Path, card: dict[str, Any]
    ) -> None:
        responses.post(URL, json={"cards": [{"summary": "odd", **card}]})
        result = run("fire", str(file))
        assert result.exit_code == 0
        assert "odd" in result.stdout

    @responses.activate
    def test_the_dates_are_moved_to_the_present(self, file: Path) -> None:
        responses.post(URL, json={"cards": []})
        run("fire", str(file))
        sent = json.loads(responses.calls[0].request.body or "")
        assert sent["context"]["time"] == "2026-12-24T19:00:00Z"
        assert sent["hookInstance"] != json.loads(file.read_text())["hookInstance"]
        assert responses.calls[0].request.headers["Content-Type"] == "application/json"

    @responses.activate
    def test_a_file_can_be_sent_as_it_is(self, file: Path) -> None:
        responses.post(URL, json={"cards": []})
        result = run("fire", str(file), "--as-is")
        assert json.loads(responses.calls[0].request.body or "") == json.loads(file.read_text())
        assert result.stderr == ""

    @responses.activate
    def test_a_file_without_a_moment_is_sent_as_it_is_and_said_so(self, plain: Path) -> None:
        responses.post(URL, json={"cards": []})
        result = run("fire", str(plain))
        assert json.loads(responses.calls[0].request.body or "") == json.loads(plain.read_text())
        assert "names no moment of its own, so it is sent as it is" in result.stderr

    @responses.activate
    def test_without_a_card_the_reason_is_told(self, file: Path) -> None:
        silence = {"org.magnesia.assessment": {"silence": "Nobody wants tea."}}
        responses.post(URL, json={"cards": [], "extension": silence})
        result = run("fire", str(file))
        assert result.stdout == "A thirsty guest\nNo card. Nobody wants tea.\n"
        assert result.exit_code == 0

    @responses.activate
    def test_a_foreign_service_may_give_no_reason(self, file: Path) -> None:
        responses.post("https://tea.example/cds-services/tea", json={"cards": []})
        result = run("fire", str(file), "--url", "https://tea.example/cds-services/tea")
        assert result.stdout == "A thirsty guest\nNo card.\n"

    @responses.activate
    def test_the_answer_can_be_had_as_json(self, file: Path) -> None:
        responses.post(URL, body='{"cards": [{"summary": "x", "value": 1.20}]}')
        result = run("fire", str(file), "--json")
        assert json.loads(result.stdout) == {"cards": [{"summary": "x", "value": 1.2}]}
        assert "1.20" in result.stdout

    @responses.activate
    def test_a_token_goes_with_the_call(self, file: Path, tmp_path: Path) -> None:
        sent = responses.post(URL, json={"cards": []})
        token = tmp_path / "token"
        token.write_text("eyJ.eyJ.c2ln-_\n")
        result = run("fire", str(file), "--token-file", str(token))
        assert result.exit_code == 0, result.output
        assert sent.calls[0].request.headers["Authorization"] == "Bearer eyJ.eyJ.c2ln-_"

    @responses.activate
    def test_a_token_is_not_sent_in_the_clear(self, file: Path, tmp_path: Path) -> None:
        token = tmp_path / "token"
        token.write_text("eyJ.eyJ.c2ln")
        address = "http://tea.example/cds-services/tea"
        result = run("fire", str(file), "--url", address, "--token-file", str(token))
        assert result.exit_code == 1
        assert result.stderr == "magnesia: A token is sent over https only, or to this machine.\n"
        assert len(responses.calls) == 0

    @pytest.mark.parametrize("content", ["", "two tokens", "a\r\nHost: tea.example", "\u00fc"])
    def test_a_file_without_a_token(self, file: Path, tmp_path: Path, content: str) -> None:
        token = tmp_path / "token"
        token.write_text(content)
        result = run("fire", str(file), "--token-file", str(token))
        assert result.exit_code == 2
        assert "--token-file: there must be one token in it, and nothing else." in result.stderr

    @responses.activate
    @pytest.mark.parametrize("arguments", [(), ("--json",)])
    def test_a_refusal_is_told_in_its_own_words(
        self, file: Path, arguments: tuple[str, ...]
    ) -> None:
        issue = {"severity": "error", "code": "required", "details": {"text": "`hook` is missing."}}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        responses.post(URL, json=outcome, status=400)
        result = run("fire", str(file), *arguments)
        assert result.exit_code == 1
        assert result.stderr == "magnesia: The service answered 400. `hook` is missing.\n"
        assert result.stdout == ""

    @responses.activate
    @pytest.mark.parametrize("body", ["<html>", "[]", '{"issue": 1}', '{"issue": ["x"]}', ""])
    def test_a_refusal_without_words(self, file: Path, body: str) -> None:
        responses.post(URL, body=body, status=502)
        result = run("fire", str(file))
        assert result.exit_code == 1
        assert result.stderr == "magnesia: The service answered 502. It gave no reason.\n"

    @responses.activate
    @pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"cards": {}}', '{"cards": ["x"]}'])
    def test_what_is_no_cds_service(self, file: Path, body: str) -> None:
        responses.post(URL, body=body)
        result = run("fire", str(file))
        assert result.exit_code == 1
        assert result.stderr == f"magnesia: What answers at {URL} is not a CDS service.\n"

    @responses.activate
    def test_nobody_answers(self, file: Path) -> None:
        responses.post(URL, body=requests.ConnectionError())
        result = run("fire", str(file))
        assert result.exit_code == 1
        assert result.stderr.startswith(f"magnesia: No service answers at {URL}.")
        assert "Traceback" not in result.output

    @responses.activate
    def test_it_waits_for_a_service_that_is_starting(self, file: Path) -> None:
        responses.get("http://127.0.0.1:8000/cds-services", body=requests.ConnectionError())
        responses.get("http://127.0.0.1:8000/cds-services", status=503)
        responses.get("http://127.0.0.1:8000/cds-services", json={"services": []})
        responses.post(URL, json={"cards": []})
        assert run("fire", str(file), "--wait", "5").exit_code == 0
        assert [called.request.method for called in responses.calls] == ["GET"] * 3 + ["POST"]

    @responses.activate
    def test_the_port_of_the_environment_is_the_default(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MAGNESIA_PORT", "9000")
        responses.post(URL.replace("8000", "9000"), json={"cards": []})
        assert run("fire", str(file)).exit_code == 0

    def test_a_file_that_is_not_there(self) -> None:
        result = run("fire", "no-such-file.json")
        assert result.exit_code == 2
        assert "no-such-file.json" in result.stderr

    def test_a_file_that_is_no_request(self, tmp_path: Path) -> None:
        path = tmp_path / "odd.json"
        path.write_text("{")
        result = run("fire", str(path))
        assert result.exit_code == 1
        assert result.stderr == f"magnesia: {path} is not JSON.\n"


class TestExplain:
    @pytest.fixture(autouse=True)
    def _tea(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(site, "offered", lambda *_: (TeaHook(),))

    def test_chart_rules_and_cards_are_shown(self, file: Path) -> None:
        result = run("explain", str(file))
        assert result.exit_code == 0, result.output
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert lines[0] == "A thirsty guest"
        assert "leaves 2 spoons 2026-11-23 09:00Z" in lines
        assert "Not used: The milk is sour." in lines
        assert "T0 Does anybody want tea? passed the guest does" in lines
        assert "T1 Are there leaves? decided two spoons" in lines
        assert "T2 Is there milk? not asked decided before" in lines
        assert "Band thirsty, decided by T1." in lines
        assert "│ Tea at 10:00 │" in lines

    def test_the_moment_can_be_another(self, file: Path) -> None:
        result = run("explain", str(file), "--now", "2026-11-23T15:30:00+01:00")
        assert "Tea at 15:30" in result.stdout
        assert result.stderr == ""

    def test_a_file_without_a_moment_is_decided_as_of_now(self, plain: Path) -> None:
        result = run("explain", str(plain))
        assert "Tea at 20:00" in result.stdout
        assert "names no moment of its own, so it is decided as of now" in result.stderr

    @pytest.mark.parametrize("now", ["noon", "2026-11-23T10:00:00"])
    def test_a_moment_needs_its_offset(self, file: Path, now: str) -> None:
        result = run("explain", str(file), "--now", now)
        assert result.exit_code == 2
        assert "is not a moment with its offset" in result.stderr

    def test_nothing_to_say_is_explained(self, file: Path) -> None:
        request = json.loads(file.read_text())
        request["context"]["mood"] = "indifferent"
        file.write_text(json.dumps(request))
        result = run("explain", str(file))
        assert "None was asked" in result.stdout
        assert result.stdout.endswith("No card. Nobody wants tea.\n")

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"hook": "patient-view"}, "No service answers this hook."),
            ({"hookInstance": 1}, "`hookInstance` must be a UUID."),
            ({"context": {}}, "`context.patientId` is required."),
            (
                {"prefetch": {"patient": None}},
                "The prefetch `leaves` is needed and was not sent.",
            ),
        ],
    )
    def test_a_request_that_the_service_would_refuse(
        self, file: Path, change: dict[str, Any], sentence: str
    ) -> None:
        file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
        result = run("explain", str(file))
        assert result.exit_code == 1
        assert result.stderr == f"magnesia: {sentence}\n"

    def test_a_protocol_that_cannot_be_used(self, file: Path, tmp_path: Path) -> None:
        protocol = tmp_path / "site.toml"
        protocol.write_text("this is no protocol")
        result = run("explain", str(file), "--protocol", str(protocol))
        assert result.exit_code == 2
        assert result.stderr.startswith("magnesia: ")
        assert "site.toml" in result.stderr


@pytest.mark.usefixtures("undone")
class TestServe:
    @pytest.mark.parametrize(
        ("variable", "value"),
        [("MAGNESIA_PORT", "http"), ("MAGNESIA_AUTH", "required"), ("MAGNESIA_COLOR", "red")],
    )
    def test_a_wrong_setting_stops_the_start(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        monkeypatch.setenv(variable, value)
        result = run("serve")
        assert result.exit_code == 2
        assert result.stderr.startswith(f"magnesia: {variable}")
        assert result.stderr.count("\n") == 1

    def test_a_wrong_protocol_stops_the_start(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        protocol = tmp_path / "site.toml"
        protocol.write_text("this is no protocol")
        monkeypatch.setenv("MAGNESIA_PROTOCOL", str(protocol))
        result = run("serve")
        assert result.exit_code == 2
        assert "site.toml" in result.stderr
        assert "Traceback" not in result.output


def test_the_version_is_told() -> None:
    assert run("--version").output.startswith("magnesia ")


@pytest.mark.parametrize(
    "given",
    [
        "https://cds.example",
        "https://cds.example/",
        "https://cds.example/cds-services",
        "https://cds.example/cds-services/",
        "https://cds.example/cds-services/magnesium-replacement",
    ],
)
@responses.activate
def test_fire_finds_the_service_of_a_server(file: Path, given: str) -> None:
    responses.post("https://cds.example/cds-services/magnesium-replacement", json={"cards": [CARD]})
    result = run("fire", str(file), "--url", given)
    assert result.exit_code == 0, result.output
    assert "The guest is thirsty" in result.stdout


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://a.example/b", "https://a.example/b/cds-services/x"),
        ("https://a.example/b/cds-services/other", "https://a.example/b/cds-services/other"),
    ],
)
def test_a_server_may_lie_under_a_path(given: str, address: str) -> None:
    assert client.service_address(given, "x") == address
