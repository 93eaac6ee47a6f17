"""A request file and its moment: what freshening moves, and what it leaves alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.fixture import Fixture, FixtureError, load, moment

THEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NOW = datetime(2027, 1, 5, 3, 30, 20, 700_000, tzinfo=UTC)


def freshened(value: Any, now: datetime = NOW) -> Any:
    request = {"hookInstance": "old", "prefetch": {"key": value}}
    return Fixture(request, now=THEN).freshened(now)["prefetch"]["key"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23T10:00:00Z", "2027-01-05T03:30:20Z"),
        ("2026-11-23T08:00:00+01:00", "2027-01-05T01:30:20+01:00"),
        ("2026-11-23T08:00:00-05:00", "2027-01-05T01:30:20-05:00"),
        ("2026-11-23T08:00:00.123Z", "2027-01-05T01:30:20.123Z"),
        ("2026-11-23T08:00:00.1234567890+00:00", "2027-01-05T01:30:20.1234567890+00:00"),
        ("2026-11-23T08:00Z", "2027-01-05T01:30Z"),
        ("2026-11-23T08:00:00", "2027-01-05T01:30:20"),
    ],
)
def test_a_moment_keeps_its_offset_and_precision(written: str, expected: str) -> None:
    assert freshened(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("2026-11-23", "2027-01-05"), ("2026-11-22", "2027-01-04"), ("1961-02-03", "1961-03-18")],
)
def test_a_date_moves_by_whole_days(written: str, expected: str) -> None:
    assert freshened(written) == expected


def test_the_day_is_that_of_the_fixtures_own_offset() -> None:
    then = datetime.fromisoformat("2026-11-23T23:30:00-05:00")
    now = datetime.fromisoformat("2026-11-25T03:00:00+00:00")
    fixture = Fixture({"context": {"date": "2026-11-23"}}, now=then)
    assert fixture.freshened(now)["context"]["date"] == "2026-11-24"


@pytest.mark.parametrize(
    "text",
    [
        "2026",
        "2026-11",
        "2026-02-30",
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "1.2 mg/dL on 2026-11-23",
        "2026-11-23 10:00",
        "20261123",
        "Observation/2026-11-23",
        "2026-11-23\n",
        "",
    ],
)
def test_what_is_no_whole_date_stays(text: str) -> None:
    assert freshened(text) == text


@pytest.mark.parametrize("value", [None, True, 1, 20261123, [], {}])
def test_what_is_no_text_stays(value: Any) -> None:
    assert freshened(value) == value


def test_a_result_is_never_moved_past_the_present() -> None:
    for now in (NOW, datetime(2020, 1, 1, 0, 0, 0, 300_000, tzinfo=UTC)):
        assert moment(freshened("2026-11-23T10:00:00Z", now)) <= now


def test_context_and_prefetch_move_and_nothing_else() -> None:
    request = {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://fhir.example/2026-11-23",
        "context": {"draftOrders": {"entry": [{"resource": {"authoredOn": "2026-11-23"}}]}},
        "prefetch": {"patient": {"birthDate": "1961-02-03"}, "milk": None},
        "extension": {"org.magnesia.fixture": {"now": "2026-11-23T10:00:00Z"}},
        "odd": "2026-11-23",
    }
    before = json.dumps(request)
    fresh = Fixture(request, now=THEN).freshened(NOW)
    instance = fresh.pop("hookInstance")
    assert UUID(instance).version == 4
    assert fresh == {
        "hook": "order-select",
        "fhirServer": "https://fhir.example/2026-11-23",
        "context": {"draftOrders": {"entry": [{"resource": {"authoredOn": "2027-01-05"}}]}},
        "prefetch": {"patient": {"birthDate": "1961-03-18"}, "milk": None},
        "extension": {"org.magnesia.fixture": {"now": "2026-11-23T10:00:00Z"}},
        "odd": "2026-11-23",
    }
    assert json.dumps(request) == before, "the fixture itself must stay as it is"


def test_each_freshening_is_a_call_of_its_own() -> None:
    fixture = Fixture({"context": {}}, now=THEN)
    instances = {fixture.freshened(NOW)["hookInstance"] for _ in range(3)}
    assert len(instances) == 3


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "request.json"

    def test_title_and_moment_are_read(self, path: Path) -> None:
        about = {"title": "A thirsty guest", "now": "2026-11-23T10:00:00Z", "why": "a test"}
        path.write_text(json.dumps({"extension": {"org.magnesia.fixture": about}}))
        fixture = load(path)
        assert (fixture.title, fixture.now) == ("A thirsty guest", THEN)

    @pytest.mark.parametrize("extension", [None, {}, {"other": 1}, [], {"org.magnesia.fixture": 1}])
    def test_a_plain_request_has_neither(self, path: Path, extension: Any) -> None:
        path.write_text(json.dumps({"hook": "order-select", "extension": extension}))
        fixture = load(path)
        assert (fixture.title, fixture.now) == (None, None)
        assert fixture.request["hook"] == "order-select"

    @pytest.mark.parametrize("now", ["yesterday", "2026-11-23T10:00:00", "2026-11-23", 5])
    def test_a_wrong_moment_is_refused(self, path: Path, now: Any) -> None:
        path.write_text(json.dumps({"extension": {"org.magnesia.fixture": {"now": now}}}))
        with pytest.raises(FixtureError, match="must be a moment with its offset"):
            load(path)

    @pytest.mark.parametrize("text", ["", "{", "[1,]", '{"a": 1e99999999999999999999}'])
    def test_a_file_that_is_not_json_is_refused(self, path: Path, text: str) -> None:
        path.write_text(text)
        with pytest.raises(FixtureError, match=r"is not JSON\.$"):
            load(path)

    def test_a_byte_order_mark_is_no_part_of_it(self, path: Path) -> None:
        path.write_text('{"hook": "order-select"}', encoding="utf-8-sig")
        assert load(path).request == {"hook": "order-select"}

    def test_a_file_that_is_no_request_is_refused(self, path: Path) -> None:
        path.write_text("[]")
        with pytest.raises(FixtureError, match="must be a JSON object"):
            load(path)

    def test_a_file_that_is_not_there_is_refused(self, path: Path) -> None:
        with pytest.raises(FixtureError, match="cannot be read"):
            load(path)
