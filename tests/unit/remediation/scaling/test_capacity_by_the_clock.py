"""Schedules and peaks go by the wall clock of their zone, also on days on which it skips an hour or shows one twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.calendars.peak import PeakPlan
from config.scaling import ScheduleEntry
from remediation.guardrails.wall_clock import instant_ms, wall_clock
from remediation.scaling import peaks, scheduled
from remediation.scaling.model import Direction, ScalingReason, Source
from remediation.scaling.needs import Need
from tests.unit.remediation.scaling.capacity_world import component, decided, reading

NEW_YORK = "America/New_York"


def ms(text: str) -> int:
    """A moment with its offset, as Unix milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def iso(at_ms: int | None) -> str:
    """The moment in UTC, to the minute."""
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("cron", "now", "began"),
    [
        ("0 7 * * *", "2026-11-27T12:30:00+00:00", "2026-11-27T12:00"),
        ("0 7 * * *", "2026-11-27T12:00:00+00:00", "2026-11-27T12:00"),
        ("0 7 * * *", "2026-11-27T11:59:59+00:00", "2026-11-26T12:00"),
        ("0 7 * * mon", "2026-11-27T11:59:59+00:00", "2026-11-23T12:00"),
        ("0 7 1 * *", "2026-11-27T11:59:59+00:00", "2026-11-01T12:00"),
        ("0 7 29 feb *", "2026-11-27T11:59:59+00:00", ""),
        # 02:30 is skipped on the eighth of March: it is the moment of the skip, 03:00 in New York.
        ("30 2 * * *", "2026-03-08T06:59:59+00:00", "2026-03-07T07:30"),
        ("30 2 * * *", "2026-03-08T07:00:00+00:00", "2026-03-08T07:00"),
        ("30 2 * * *", "2026-03-09T06:30:00+00:00", "2026-03-09T06:30"),
        # 01:30 is shown twice on the first of November: it is the first of the two, and the second is no new one.
        ("30 1 * * *", "2026-11-01T05:29:59+00:00", "2026-10-31T05:30"),
        ("30 1 * * *", "2026-11-01T05:30:00+00:00", "2026-11-01T05:30"),
        ("30 1 * * *", "2026-11-01T06:30:00+00:00", "2026-11-01T05:30"),
        ("30 1 * * *", "2026-11-02T06:30:00+00:00", "2026-11-02T06:30"),
    ],
)
def test_an_entry_began_when_the_clock_of_its_zone_last_showed_it(cron: str, now: str, began: str) -> None:
    assert iso(scheduled.last_start_ms(cron, NEW_YORK, ms(now))) == began


@given(
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]),
)
@example(day=date(2026, 3, 8), hour=2, minute=30, zone=NEW_YORK)
@example(day=date(2026, 11, 1), hour=1, minute=30, zone=NEW_YORK)
@example(day=date(2026, 3, 29), hour=0, minute=0, zone="Asia/Beirut")
@settings(max_examples=60, deadline=None)
def test_a_daily_entry_begins_once_on_every_day_of_its_zone(day: date, hour: int, minute: int, zone: str) -> None:
    place, cron = ZoneInfo(zone), f"{minute} {hour} * * *"
    last_ms = instant_ms(datetime.combine(day, time(23, 59, 59)), place, later=True)
    began_ms = scheduled.last_start_ms(cron, zone, last_ms)
    assert began_ms is not None
    assert wall_clock(began_ms, place).date() == day
    assert wall_clock(began_ms, place).time() >= time(hour, minute)
    before_ms = scheduled.last_start_ms(cron, zone, began_ms - 1)
    assert before_ms is not None
    assert wall_clock(before_ms, place).date() == day - timedelta(days=1)


def test_a_minimum_holds_until_the_next_one_and_each_zone_has_its_own_clock() -> None:
    about = component(
        schedule=(
            ScheduleEntry(cron="0 7 * * mon-fri", zone=NEW_YORK, min=8),
            ScheduleEntry(cron="0 22 * * mon-fri", zone=NEW_YORK, min=2),
            ScheduleEntry(cron="0 9 * * sat", zone="Europe/Berlin", min=5),
        )
    )

    def units(now: str) -> int:
        need = scheduled.need(about, ms(now))
        return 0 if need is None else need.units

    assert units("2026-11-27T11:59:59+00:00") == 2
    assert units("2026-11-27T12:00:00+00:00") == 8
    assert units("2026-11-28T02:59:59+00:00") == 8
    assert units("2026-11-28T03:00:00+00:00") == 2
    assert units("2026-11-28T08:00:00+00:00") == 5


def test_a_desired_number_is_for_the_moment_and_then_load_decides_again() -> None:
    entry = ScheduleEntry(cron="0 12 * * *", zone="UTC", desired=9)
    about = component(schedule=(entry,))
    assert scheduled.need(about, ms("2026-11-27T12:04:59+00:00")) == Need(9, Source.SCHEDULED, "0 12 * * * in UTC")
    assert scheduled.need(about, ms("2026-11-27T12:05:00+00:00")) is None


PLAN = PeakPlan(
    name="sale",
    starts=datetime.fromisoformat("2026-11-27T00:00"),
    ends=datetime.fromisoformat("2026-11-27T06:00"),
    zone=NEW_YORK,
    pre_warm=1_800.0,
    min=12,
    max=30,
    hourly_cap_cents=4_000,
)


@pytest.mark.parametrize(
    ("now", "units", "most"),
    [
        ("2026-11-27T04:29:59+00:00", None, 20),
        ("2026-11-27T04:30:00+00:00", 12, 30),
        ("2026-11-27T10:59:59+00:00", 12, 30),
        ("2026-11-27T11:00:00+00:00", None, 20),
    ],
)
def test_a_peak_is_got_ready_for_and_ends_by_itself(now: str, units: int | None, most: int) -> None:
    about = component(peaks=(PLAN,))
    need = peaks.need(about, ms(now))
    assert (None if need is None else need.units) == units
    assert peaks.ceiling(about, ms(now)) == most


def test_when_a_peak_is_over_what_it_allowed_goes_at_once_although_it_is_busy() -> None:
    about, over_ms = component(peaks=(PLAN,)), ms("2026-11-27T11:00:00+00:00")
    during = decided([reading(over_ms - 1, load=150.0, units=26)], about, now_ms=over_ms - 1)
    assert during.direction is Direction.OUT
    after = decided([reading(over_ms, load=150.0, units=26, in_flight=100)], about, now_ms=over_ms)
    assert (after.target, after.reason, after.page) == (20, ScalingReason.AT_MAX, True)


def test_where_nothing_drains_busy_units_stay_and_somebody_is_told() -> None:
    calm = component().scaled.unit.model_copy(update={"drain": 0.0, "concurrency": 1})
    about, over_ms = component(peaks=(PLAN,), unit=calm), ms("2026-11-27T11:00:00+00:00")
    decision = decided([reading(over_ms, load=150.0, units=26, in_flight=26)], about, now_ms=over_ms)
    assert (decision.direction, decision.reason, decision.page) == (Direction.NONE, ScalingReason.IN_FLIGHT, True)
    unknown = decided([reading(over_ms, load=150.0, units=26, in_flight=None)], about, now_ms=over_ms)
    assert (unknown.direction, unknown.reason) == (Direction.NONE, ScalingReason.NO_DATA)


def test_a_peak_that_ends_in_the_hour_shown_twice_ends_with_the_second_and_begins_with_the_first() -> None:
    night = PLAN.model_copy(
        update={
            "starts": datetime.fromisoformat("2026-11-01T01:10"),
            "ends": datetime.fromisoformat("2026-11-01T01:50"),
            "pre_warm": 0.0,
        }
    )
    (placed,) = peaks.peaks(component(peaks=(night,)))
    assert (iso(placed.starts_ms), iso(placed.until_ms)) == ("2026-11-01T05:10", "2026-11-01T06:50")
