"""FHIR times: a date is as old as its earliest moment, a time without a zone is none."""

from datetime import date, datetime
from typing import Any

import pytest

from hooks.chart.moments import first_day, last_day, read_effective, read_moment


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23T10:00:00.123Z", "2026-11-23T10:00:00.123+00:00"),
        ("2026-11-23T10:00:00-05:00", "2026-11-23T15:00:00+00:00"),
        ("2026-11-23T10:00:00+13:00", "2026-11-22T21:00:00+00:00"),
        ("2026-11-23T10:00Z", "2026-11-23T10:00:00+00:00"),
        ("2180-08-10T12:00:00-04:00", "2180-08-10T16:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_with_a_zone_is_an_instant(text: str, instant: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert moment.at == datetime.fromisoformat(instant)
    assert not moment.whole_day


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11", "2026-11-01T00:00:00+00:00"),
        ("2026", "2026-01-01T00:00:00+00:00"),
        ("2024-02-29", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_a_date_counts_from_its_first_instant(text: str, instant: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert moment.at == datetime.fromisoformat(instant), "settled 18"
    assert moment.whole_day


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        7,
        True,
        [],
        {},
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T10:61:00Z",
        "2026-13-01",
        "2026-02-29",
        "2026-00",
        "26-11-23",
        "20261123",
        "2026-W47",
        "2026-11-23T10:00:00Z ",
        "2026-11-23T10:00:00+99:00",
        "0000-01-01",
        "now",
        "\u0662\u0660\u0662\u0666",
    ],
)
def test_anything_else_is_no_time(text: Any) -> None:
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2008-11-23", date(2008, 11, 23), date(2008, 11, 23)),
        ("2008-11", date(2008, 11, 1), date(2008, 11, 30)),
        ("2008-12", date(2008, 12, 1), date(2008, 12, 31)),
        ("2008-02", date(2008, 2, 1), date(2008, 2, 29)),
        ("2007-02", date(2007, 2, 1), date(2007, 2, 28)),
        ("2008", date(2008, 1, 1), date(2008, 12, 31)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_coarse_date_is_a_span_of_days(text: str, first: date, last: date) -> None:
    assert (first_day(text), last_day(text)) == (first, last)


@pytest.mark.parametrize("text", [None, 2008, "", "2008-13", "2008-1-1", "2008-02-30", []])
def test_a_date_that_is_none_has_no_days(text: Any) -> None:
    assert (first_day(text), last_day(text)) == (None, None)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, False),
        ({"effectiveDateTime": None}, False),
        ({"effectiveDateTime": "?"}, True),
        ({"effectiveTiming": {"event": ["2026-11-23"]}}, True),
        ({"effectivePeriod": "?"}, True),
    ],
)
def test_whether_anything_was_said_of_the_time(members: dict[str, Any], said: bool) -> None:
    assert read_effective(members) == (None, said)
