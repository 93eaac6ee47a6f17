"""The clock on the cards: a site's own time zone, with its summer time, and spans in words."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from hooks.cards.clock import clock, window
from hooks.errors import ProtocolError
from hooks.protocol import Protocol, parse
from tests.hooks.chartmaker import Case, bundle, decide
from tests.hooks.ordermaker import prescription
from tests.hooks.validity import of_resource
from tests.protocol.edit import SHIPPED, edited

LINE: Final = '# shown_zone = { value = "America/Chicago", source = ["D"] }'


def by_the_clocks_of(zone: str) -> Protocol:
    return parse(edited((LINE, LINE[2:].replace("America/Chicago", zone)), text=SHIPPED), "site")


@pytest.mark.parametrize(
    ("zone", "taken", "again"),
    [
        ("America/Chicago", "23 Nov 03:00 CST, 1 h ago", "23 Nov 08:20-10:20 (CST)"),
        ("Europe/Berlin", "23 Nov 10:00 CET, 1 h ago", "23 Nov 15:20-17:20 (CET)"),
        ("Asia/Kolkata", "23 Nov 14:30 IST, 1 h ago", "23 Nov 19:50-21:50 (IST)"),
        ("America/Sao_Paulo", "23 Nov 06:00 UTC-03:00, 1 h ago", "23 Nov 11:20-13:20 (UTC-03:00)"),
        ("UTC", "23 Nov 09:00 UTC, 1 h ago", "23 Nov 14:20-16:20 (UTC)"),
        (
            "Pacific/Auckland",
            "23 Nov 22:00 NZDT, 1 h ago",
            "24 Nov 03:20-05:20 (NZDT)",
        ),
        (
            "Australia/Perth",
            "23 Nov 17:00 AWST, 1 h ago",
            "23 Nov 22:20 to 24 Nov 00:20 (AWST)",
        ),
    ],
)
def test_every_time_of_a_card_by_the_clocks_of_the_site(zone: str, taken: str, again: str) -> None:
    answer = decide(Case(), by_the_clocks_of(zone))
    (card,) = answer.cards
    assert taken in card["detail"]
    assert again in card["detail"]
    named = set(re.findall(r"\d\d:\d\d \(?([A-Z][^\s,;()]*)", card["detail"]))
    assert named == {again.rpartition("(")[2].rstrip(")")}, "one zone on one card"
    created = [action["resource"] for each in card["suggestions"] for action in each["actions"]]
    assert created
    assert not [problem for order in created for problem in of_resource(order)]
    assert answer.assessment["recheck"] == {
        "start": "2026-11-23T14:20:00+00:00",
        "end": "2026-11-23T16:20:00+00:00",
    }, "the instants stay the same"


def test_a_dose_that_is_planned_by_the_clocks_of_the_site() -> None:
    planned = prescription(
        {
            "text": "magnesium sulfate",
            "dose": "2 g",
            "over": "20 min",
            "route": "IV",
            "status": "active",
            "authored": "2026-11-23T05:30:00Z",
            "timing": {"repeat": {"boundsPeriod": {"start": "2026-11-25T09:00:00Z"}}},
        },
        "past-1",
    )
    case = Case(bundles={"medications": bundle([planned])})
    (card,) = decide(case, by_the_clocks_of("America/Chicago")).cards
    assert "22 Nov 23:30 CST, 4 h ago, planned for 25 Nov 03:00 CST)" in card["detail"]


@pytest.mark.parametrize("zone", ["Berlin", "", "../../etc/passwd", "/etc/localtime", "+01:00"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ProtocolError, match=r"windows\.shown_zone\.value: write the IANA name"):
        by_the_clocks_of(zone)


NEW_YORK: Final = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("start", "hours", "shown"),
    [
        ("2026-11-23 14:20", 2, "23 Nov 09:20-11:20 (EST)"),
        ("2026-07-01 14:20", 2, "01 Jul 10:20-12:20 (EDT)"),
        ("2026-11-24 03:28", 2, "23 Nov 22:28 to 24 Nov 00:28 (EST)"),
        # Summer time ends on 1 November at 06:00 UTC: 01:30 comes twice.
        ("2026-11-01 05:30", 1, "01 Nov 01:30 (EDT) to 01:30 (EST)"),
        ("2026-11-01 03:30", 4, "31 Oct 23:30 (EDT) to 01 Nov 02:30 (EST)"),
        ("2026-11-23 14:20", 0, "23 Nov 09:20 (EST)"),
    ],
)
def test_a_span_of_time(start: str, hours: int, shown: str) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    end = begin + timedelta(hours=hours)
    assert window(begin.astimezone(NEW_YORK), end.astimezone(NEW_YORK)) == shown


def test_a_span_over_midnight_without_a_site_zone() -> None:
    begin = datetime(2026, 11, 23, 22, 28, tzinfo=UTC)
    assert window(begin, begin + timedelta(hours=2)) == "23 Nov 22:28 to 24 Nov 00:28 (UTC)"


def test_the_ends_of_the_calendar() -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert clock(datetime(1, 1, 1, tzinfo=UTC), now, NEW_YORK) == "01 Jan 0001 00:00 UTC"
    assert clock(datetime.max.replace(tzinfo=UTC), now, ZoneInfo("Asia/Tokyo")) == (
        "31 Dec 9999 23:59 UTC"
    )


def test_a_year_that_has_begun_at_the_site() -> None:
    """At 23:30 UTC on 31 December it is the new year in Berlin, also for the time that is told."""
    now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    assert clock(now, now, berlin) == "01 Jan 00:30 CET"
    assert clock(now - timedelta(hours=2), now, berlin) == "31 Dec 2026 22:30 CET"
