"""docs/integrate.md shows a call, its answer and its feedback as they are, and lists every member
of the assessment."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markdown_it import MarkdownIt

from service import create_app, fixture
from service.settings import Settings
from tests.conformance.stage import encode
from tests.conftest import NOW, record_of
from tests.documents.pages import ROOT

PAGE = (ROOT / "docs" / "integrate.md").read_text()
SERVICE = "/cds-services/magnesium-replacement"
ASSESSMENT = "org.magnesia.assessment"

Open = Callable[..., FlaskClient]


def fenced(language: str) -> list[str]:
    """The blocks of a language, in order."""
    tokens = MarkdownIt("commonmark").parse(PAGE)
    return [token.content for token in tokens if token.type == "fence" and token.info == language]


def sent(command: str) -> Any:
    """What a `curl` that reads from here sends."""
    found = re.search(r"<<'?END'?\n(.*)\nEND$", command, re.DOTALL | re.MULTILINE)
    assert found, command
    return json.loads(found[1].replace("$now", NOW.strftime("%Y-%m-%dT%H:%M:%SZ")))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Makes a service with settings."""
    apps: list[Flask] = []

    def make(**settings: Any) -> FlaskClient:
        url = f"sqlite:///{tmp_path / str(len(apps))}.sqlite"
        apps.append(
            create_app(Settings.model_validate({"database_url": url, **settings}), lambda: NOW)
        )
        return apps[-1].test_client()

    yield make
    for app in apps:
        record_of(app).stop()


def differences(shown: Any, real: Any, path: str = "") -> Iterator[str]:
    """Where a shortened answer says what the real one does not."""
    match shown:
        case "...":
            if not real:
                yield path
        case dict():
            for name, value in shown.items():
                yield from differences(value, real.get(name), f"{path}.{name}")
        case list():
            for index, value in enumerate(shown):
                there = index < len(real)
                yield from differences(value, real[index], path) if there else [path]
        case _:
            if shown != real:
                yield f"{path}: {shown!r}, not {real!r}"


def test_the_call_gets_the_answer_that_is_shown(opened: Open) -> None:
    call, *_ = fenced("bash")
    (answer,) = fenced("json")
    response = opened().post(SERVICE, data=json.dumps(sent(call)), content_type="application/json")
    assert response.status_code == 200, response.text
    assert not list(differences(json.loads(answer), response.get_json()))


def test_the_feedback_is_taken(opened: Open) -> None:
    _, feedback, *_ = fenced("bash")
    response = opened().post(f"{SERVICE}/feedback", json=sent(feedback))
    assert (response.status_code, response.get_json()) == (200, {})


def test_every_member_of_the_assessment_is_explained(opened: Open) -> None:
    table = PAGE.partition("| member | meaning |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    first = {re.split(r"`", line)[1] for line in table.splitlines() if line.startswith("| `")}
    found: set[str] = set()
    members: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value)
        for child in value.values() if isinstance(value, dict) else value:
            if isinstance(child, dict | list):
                collect(child)

    for mode in ("live", "silent"):
        client = opened(mode=mode)
        for file in sorted((ROOT / "fixtures").glob("*.json")):
            body = encode(fixture.load(file).freshened(NOW))
            response = client.post(SERVICE, data=body, content_type="application/json")
            if response.status_code == 200:
                account = response.get_json()["extension"][ASSESSMENT]
                members.update(account)
                collect(account)
    assert not found - named, f"not in docs/integrate.md: {found - named}"
    assert first == members, "the members of the assessment, and no others"


def test_the_statuses_stand_in_order() -> None:
    table = PAGE.partition("| status | when |")[2].partition("\n\n")[0]
    first = [int(found) for found in re.findall(r"^\| (\d{3})", table, re.MULTILINE)]
    assert first == sorted(first)
    named = {int(status) for status in re.findall(r"\b[2-5]\d\d\b", table)}
    assert named == {200, 400, 401, 403, 404, 405, 412, 413, 414, 415, 422, 429, 431, 500, 503}
