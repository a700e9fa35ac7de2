"""When a calendar is closed, over both changes of the clocks, and for which sort of change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.ach import Hours, Window
from config.calendars.calendar import Calendar, CalendarWindow
from config.calendars.event import CalendarEvent
from config.calendars.ical import read_events
from remediation.guardrails.calendar import Closed, closed_for, intervals, is_open
from remediation.guardrails.changes import REDUCES_HARM, Change
from remediation.guardrails.wall_clock import instant_ms, wall_clock

ZONE = "America/New_York"
wall = datetime.fromisoformat
NEW_YORK = ZoneInfo(ZONE)
HOUR_MS = 3_600_000
HOURS = Hours(
    same_day_windows=(Window(deadline="10:30", settlement="13:00"), Window(deadline="14:45", settlement="17:00")),
    buffer_minutes=60,
    standard_cutoff="17:00",
    standard_settlement="08:30",
    build_ahead_minutes=30,
)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def windows(kind: str, *crons: str, lasts: float = 7200.0, **changes: object) -> Calendar:
    made = tuple(CalendarWindow(cron=cron, zone=ZONE, lasts=lasts) for cron in crons)
    return Calendar.model_validate({"name": "one", "kind": kind, "windows": made, **changes})


def events(*lines: str, kind: str = "freeze") -> Calendar:
    text = "\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"))
    found, problems = read_events("x.ics", text, ZONE)
    assert not problems
    return Calendar.model_validate({"name": "one", "kind": kind, "events": found})


def hours_inside(calendar: Calendar, first: str, last: str, *, step_minutes: int = 15) -> float:
    """How many hours a freeze is closed, or a maintenance calendar open, between two UTC times."""
    moments = range(utc(first), utc(last), step_minutes * 60_000)
    inside = sum((is_open(calendar, now_ms) is None) is (calendar.kind == "maintenance") for now_ms in moments)
    return inside * step_minutes / 60


SUNDAYS = windows("maintenance", "0 2 * * sun")


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-01", 2.0), ("2026-03-08", 1.0), ("2026-03-15", 2.0), ("2026-11-01", 2.0), ("2026-11-08", 2.0)],
)
def test_the_maintenance_window_lasts_what_the_clock_shows(day: str, hours: float) -> None:
    assert hours_inside(SUNDAYS, f"{day}T04:00", f"{day}T12:00") == hours


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # 02:00 does not exist on this Sunday: the window begins with the skip, at 03:00.
        ("2026-03-08T06:59:59", "2026-03-08T07:00:00"),
        ("2026-03-08T08:00:00", "2026-03-15T06:00:00"),
        ("2026-11-01T06:59:59", "2026-11-01T07:00:00"),
        ("2026-11-01T09:00:00", "2026-11-08T07:00:00"),
    ],
)
def test_outside_of_its_window_maintenance_is_told_when_it_opens(now: str, until: str) -> None:
    closed = is_open(SUNDAYS, utc(now))
    assert closed is not None
    assert (closed.kind, closed.until_ms) == ("maintenance", utc(until))


@pytest.mark.parametrize("now", ["2026-03-08T07:00:00", "2026-03-08T07:59:59", "2026-11-01T07:00:00"])
def test_within_its_window_maintenance_is_open(now: str) -> None:
    assert is_open(SUNDAYS, utc(now)) is None


# On 2026-11-01 the clock in New York shows 01:00 to 02:00 twice: 05:00 to 06:00 and 06:00 to 07:00 UTC.
@pytest.mark.parametrize(
    ("kind", "start", "lasts", "opens", "ends"),
    [
        ("freeze", "30 0", 3600.0, "04:30", "06:30"),
        ("maintenance", "30 0", 3600.0, "04:30", "05:30"),
        ("freeze", "30 1", 5400.0, "05:30", "08:00"),
        ("maintenance", "30 1", 5400.0, "05:30", "08:00"),
        ("freeze", "0 1", 1800.0, "05:00", "06:30"),
        ("maintenance", "0 1", 1800.0, "05:00", "05:30"),
    ],
)
def test_a_time_that_is_shown_twice_begins_with_the_first_and_ends_a_freeze_with_the_second(
    kind: str, start: str, lasts: float, opens: str, ends: str
) -> None:
    calendar = windows(kind, f"{start} * * sun", lasts=lasts)
    first, last = utc(f"2026-11-01T{opens}"), utc(f"2026-11-01T{ends}")

    def inside(now_ms: int) -> bool:
        return (is_open(calendar, now_ms) is None) is (kind == "maintenance")

    assert [inside(now_ms) for now_ms in (first - 1, first, last - 1, last)] == [False, True, True, False]


def test_a_window_in_the_hour_that_is_skipped_does_not_happen() -> None:
    assert hours_inside(windows("freeze", "15 2 * * sun", lasts=1800.0), "2026-03-08T05:00", "2026-03-08T10:00") == 0


@pytest.mark.parametrize("fold", [False, True])
def test_both_folds_of_a_time_are_other_instants(fold: bool) -> None:
    at_ms = instant_ms(wall("2026-11-01T01:30"), NEW_YORK, later=fold)
    assert at_ms == utc("2026-11-01T06:30" if fold else "2026-11-01T05:30")
    assert wall_clock(at_ms, NEW_YORK) == wall("2026-11-01T01:30")


@settings(deadline=None)
@given(
    st.datetimes(wall("2020-01-01"), wall("2035-01-01")),
    st.sampled_from([ZONE, "Europe/Berlin", "UTC"]),
    st.booleans(),
)
def test_an_instant_shows_its_time_unless_the_clock_skips_it(moment: datetime, name: str, later: bool) -> None:
    zone, asked = ZoneInfo(name), moment.replace(microsecond=0)
    at_ms = instant_ms(asked, zone, later=later)
    shown = wall_clock(at_ms, zone)
    if shown != asked:
        # It was skipped: a second before, the clock showed an earlier time than the one that is asked for.
        assert wall_clock(at_ms - 1000, zone) < asked < shown


def test_windows_that_touch_are_one_closure() -> None:
    calendar = windows("freeze", "0 1 * * *", "0 3 * * *", "30 4 * * *")
    closed = is_open(calendar, utc("2026-06-01T05:30"))
    assert closed is not None
    assert closed.until_ms == utc("2026-06-01T10:30")


def test_a_freeze_without_an_end_says_so() -> None:
    closed = is_open(windows("freeze", "0 0 * * *", lasts=86_400.0), utc("2026-06-01T05:30"))
    assert closed is not None
    assert closed.until_ms == 0
    assert "further notice" in closed.detail


@pytest.mark.parametrize(
    ("lines", "closed", "open_"),
    [
        (("DTSTART:20261127",), ["2026-11-27T05:00", "2026-11-28T04:59"], ["2026-11-27T04:59", "2026-11-28T05:00"]),
        (
            ("DTSTART:20260105T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=3"),
            ["2026-01-05T14:30", "2026-01-07T14:30", "2026-01-19T14:30"],
            ["2026-01-06T14:30", "2026-01-12T14:30", "2026-01-21T14:30"],
        ),
        (
            (
                "DTSTART:20260301T020000",
                "DURATION:PT2H",
                "RRULE:FREQ=WEEKLY;UNTIL=20260315T060000Z",
                "EXDATE:20260308T020000",
            ),
            ["2026-03-01T07:00", "2026-03-15T06:00"],
            ["2026-03-08T07:30", "2026-03-22T06:30"],
        ),
        (
            ("DTSTART;TZID=Europe/Berlin:20260131T230000", "DURATION:PT2H", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"),
            ["2026-02-28T22:30", "2026-03-31T21:30"],
            ["2026-02-28T21:59", "2026-03-31T20:59"],
        ),
        (
            ("DTSTART:20201126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
            ["2026-11-26T12:00", "2031-11-27T12:00"],
            ["2026-11-25T12:00", "2026-11-27T12:00"],
        ),
    ],
)
def test_an_event_closes_at_the_times_of_its_rule(lines: tuple[str, ...], closed: list[str], open_: list[str]) -> None:
    calendar = events(*lines)
    assert [moment for moment in closed if is_open(calendar, utc(moment)) is None] == []
    assert [moment for moment in open_ if is_open(calendar, utc(moment)) is not None] == []


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(wall("2015-01-01"), wall("2025-01-01")),
    st.sampled_from(["DAILY", "WEEKLY"]),
    st.integers(1, 5),
    st.integers(0, 400),
)
def test_a_rule_that_began_long_ago_closes_at_the_same_times_as_one_that_is_walked_from_its_start(
    starts: datetime, frequency: str, interval: int, periods: int
) -> None:
    starts = starts.replace(microsecond=0)
    rule = f"FREQ={frequency};INTERVAL={interval}"
    step = timedelta(days=1 if frequency == "DAILY" else 7) * interval
    calendar = Calendar.model_validate(
        {"name": "x", "kind": "freeze", "events": (CalendarEvent(starts=starts, zone="UTC", lasts=60.0, rule=rule),)}
    )
    moment = starts + step * periods
    at_ms = int(moment.replace(tzinfo=UTC).timestamp()) * 1000
    assert is_open(calendar, at_ms) is not None
    assert is_open(calendar, at_ms + 61_000) is None


def test_a_freeze_says_which_event_it_is() -> None:
    closed = is_open(events("DTSTART:20261127", "SUMMARY:Black Friday"), utc("2026-11-27T12:00"))
    assert closed is not None
    assert closed.detail == "the freeze one holds changes until 2026-11-28T05:00:00+00:00: Black Friday"


BANK = Calendar.model_validate({"name": "bank", "kind": "cutoff", "hours": HOURS, "before": 2700.0, "after": 900.0})


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-25T13:44:59", None),  # 08:44:59 in New York
        ("2026-11-25T13:45:00", "2026-11-25T15:45:00"),  # 45 min before 09:30, until 15 min after 10:30
        ("2026-11-25T15:45:00", None),
        ("2026-11-25T18:00:00", "2026-11-25T20:00:00"),  # 13:00 to 15:00
        ("2026-11-25T21:15:00", "2026-11-25T22:15:00"),  # 16:15 to 17:15
        ("2026-11-25T22:15:00", None),
        ("2026-11-26T18:30:00", None),  # Thanksgiving
        ("2026-11-28T18:30:00", None),  # a Saturday
        ("2026-06-01T17:00:00", "2026-06-01T19:00:00"),  # 13:00 to 15:00 with summer time
    ],
)
def test_a_cut_off_closes_around_the_hours_of_the_bank_on_banking_days(now: str, until: str | None) -> None:
    closed = is_open(BANK, utc(now))
    assert (None if closed is None else closed.until_ms) == (None if until is None else utc(until))


IN_BOTH = utc("2026-11-25T14:00:00")
"""A Wednesday morning in New York, shortly before the bank closes."""
FREEZE = windows("freeze", "0 0 * * *", lasts=86_400.0)
HARD_FREEZE = windows("freeze", "0 0 * * *", lasts=86_400.0, safety="held")
CUT_OFF = {Change.ROLLOUT, Change.MIGRATION, Change.KEY_ROTATION, Change.SCALE_IN, Change.MAINTENANCE}


@pytest.mark.parametrize("change", list(Change))
def test_each_kind_of_calendar_holds_its_sorts_of_change(change: Change) -> None:
    def held(calendar: Calendar) -> bool:
        return closed_for(change, (calendar,), IN_BOTH) is not None

    assert held(FREEZE) is (change not in REDUCES_HARM | {Change.UNDO})
    assert held(HARD_FREEZE) is (change is not Change.UNDO)
    assert held(BANK) is (change in CUT_OFF)
    assert held(SUNDAYS) is (change is Change.MAINTENANCE)


def test_one_maintenance_window_that_is_open_is_enough() -> None:
    always = windows("maintenance", "0 0 * * *", lasts=86_400.0)
    assert closed_for(Change.MAINTENANCE, (SUNDAYS, always), IN_BOTH) is None


def test_of_several_maintenance_calendars_the_next_window_is_told() -> None:
    closed = closed_for(Change.MAINTENANCE, (SUNDAYS, windows("maintenance", "0 3 * * fri")), IN_BOTH)
    assert closed == Closed(
        calendar="one",
        kind="maintenance",
        until_ms=utc("2026-11-27T08:00"),
        why="changes that ask for maintenance wait for its window",
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(utc("2025-01-01T00:00"), utc("2028-01-01T00:00")))
def test_what_is_closed_is_open_when_it_was_said_to_be(now_ms: int) -> None:
    for calendar in (SUNDAYS, BANK, windows("freeze", "30 1 * * sat,sun", "0 22 * * *", lasts=5400.0)):
        closed = is_open(calendar, now_ms)
        if closed is not None:
            assert closed.until_ms > now_ms
            assert is_open(calendar, closed.until_ms - 1) is not None
            assert is_open(calendar, closed.until_ms) is None


@given(st.integers(min_value=1_767_225_600_000, max_value=1_798_761_600_000))
@settings(max_examples=25)
def test_the_times_of_a_calendar_are_those_at_which_it_says_that_it_is_closed(from_ms: int) -> None:
    calendar = windows("freeze", "0 2 * * *", "30 3 * * sun", lasts=7200.0)
    until_ms = from_ms + 3 * 86_400_000
    found = intervals(calendar, from_ms, until_ms)
    assert found == sorted(found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    for at_ms in range(from_ms, until_ms, 1_800_000):
        assert any(start <= at_ms < end for start, end in found) == (is_open(calendar, at_ms) is not None)
