"""How counts and days are written."""

from datetime import date

import pytest

from service.insight import words
from service.insight.period import Calendar, Period, Step


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "-"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 8, "12 %"),
        (1, 20, "5 %"),
        (1, 30, "3.3 %"),
        (1, 5000, "under 0.1 %"),
        (999, 1000, "over 99 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, whole: int, text: str) -> None:
    assert words.share(part, whole) == text


def test_numbers_and_nouns() -> None:
    assert words.count(1, "call") == "1 call"
    assert words.count(1234567, "call") == "1,234,567 calls"


@pytest.mark.parametrize(
    ("days", "first", "text"),
    [
        (7, None, "17 Nov 2026 to 23 Nov 2026"),
        (1, None, "23 Nov 2026"),
        (None, date(2025, 1, 5), "5 Jan 2025 to 23 Nov 2026"),
        (None, None, "23 Nov 2026"),
    ],
)
def test_a_period(days: int | None, first: date | None, text: str) -> None:
    assert words.period(Period.last(days, date(2026, 11, 23)), first) == text


@pytest.mark.parametrize(
    ("first", "last", "step", "starts"),
    [
        (date(2026, 2, 27), date(2026, 3, 1), Step.DAY, ["27 Feb", "28 Feb", "1 Mar"]),
        (date(2026, 11, 1), date(2026, 12, 25), Step.WEEK, ["26 Oct", "2 Nov", "9 Nov"]),
        (date(2024, 12, 31), date(2026, 3, 1), Step.MONTH, ["Dec 2024", "Jan 2025", "Feb 2025"]),
    ],
)
def test_spans_leave_no_day_out(first: date, last: date, step: Step, starts: list[str]) -> None:
    calendar = Calendar(first, last)
    assert calendar.step is step
    found = list(calendar.starts())
    assert [words.short_span(start, step) for start in found[:3]] == starts
    assert found[-1] == calendar.start(last)


def test_what_an_unknown_status_is_called() -> None:
    assert words.status(412) == "412 Precondition Failed"
    assert words.status(499) == "499"
