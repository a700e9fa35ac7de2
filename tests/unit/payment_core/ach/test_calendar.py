"""Banking days, cut-offs and settlement instants, with both changes of daylight saving and the ends of years."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.banking_days import closed_days, is_banking_day
from payment_core.ach.calendar import (
    Reason,
    add_banking_days,
    banking_day_on_or_after,
    instant_ms,
    local_time,
    plan_settlement,
    return_deadline,
    same_day_marker,
)
from payment_core.ach.codes.returns import Timeframe
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.schedule import AchSchedule

SCHEDULE = AchSchedule()
DAYS = st.dates(date(2024, 1, 1), date(2035, 12, 31))


def utc(text: str) -> int:
    """Milliseconds of an ISO instant in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def ny(text: str) -> int:
    """Milliseconds of a wall clock time in New York."""
    moment = datetime.fromisoformat(text)
    return instant_ms(moment.date(), moment.time())


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-01-01", False),  # New Year
        ("2026-01-19", False),  # Martin Luther King
        ("2026-07-03", True),  # Independence Day is a Saturday: not moved
        ("2026-07-04", False),
        ("2027-07-05", False),  # Independence Day is a Sunday: moved to Monday
        ("2026-11-11", False),  # Veterans Day
        ("2026-11-26", False),  # Thanksgiving
        ("2026-11-27", True),  # the day after is not a holiday
        ("2026-12-24", True),
        ("2026-12-25", False),
        ("2027-12-24", True),  # Christmas is a Saturday
        ("2027-12-31", True),  # New Year's Day 2028 is a Saturday
        ("2022-12-26", False),  # Christmas was a Sunday
        ("2023-01-02", False),  # New Year was a Sunday
        ("2026-06-19", False),  # Juneteenth
        ("2026-10-12", False),  # Columbus Day
        ("2026-10-10", False),  # a Saturday
        ("2026-10-11", False),  # a Sunday
        ("2026-10-13", True),
    ],
)
def test_the_federal_reserve_settles_on_banking_days(day: str, open_: bool) -> None:
    assert is_banking_day(date.fromisoformat(day)) is open_


def test_a_year_has_eleven_holidays_less_those_on_saturdays() -> None:
    weekdays = {year: sum(day.weekday() < 5 for day in closed_days(year)) for year in (2025, 2026, 2027, 2028)}
    assert weekdays == {2025: 11, 2026: 10, 2027: 9, 2028: 9}


def weekday(year: int, month: int, day_of_week: int, number: int) -> date:
    """The first, second... Monday (0) and so on of a month; number -1 is its last."""
    days = [date(year, month, 1) + timedelta(days=offset) for offset in range(31)]
    matching = [day for day in days if day.month == month and day.weekday() == day_of_week]
    return matching[number - 1 if number > 0 else number]


def rule_of_the_federal_reserve(year: int) -> set[date]:
    """Written from the Federal Reserve's list: a Sunday's holiday moves to Monday, a Saturday's is lost."""
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    moved = {day + timedelta(days=1) if day.weekday() == 6 else day for day in fixed}
    mondays = {weekday(year, *rule) for rule in ((1, 0, 3), (2, 0, 3), (5, 0, -1), (9, 0, 1), (10, 0, 2))}
    return {day for day in moved | mondays | {weekday(year, 11, 3, 4)} if day.weekday() < 5}


@pytest.mark.parametrize("year", range(2024, 2040))
def test_closed_weekdays_are_those_of_the_federal_reserves_rule(year: int) -> None:
    assert {day for day in closed_days(year) if day.weekday() < 5} == rule_of_the_federal_reserve(year)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-11-25", 1, "2026-11-27"),  # over Thanksgiving
        ("2026-11-25", 2, "2026-11-30"),
        ("2026-07-02", 1, "2026-07-03"),
        ("2026-12-31", 1, "2027-01-04"),  # year end: Friday the 1st, then a weekend
        ("2026-12-31", 2, "2027-01-05"),
        ("2026-11-28", 0, "2026-11-30"),  # a Saturday
        ("2026-11-29", 0, "2026-11-30"),  # a Sunday
        ("2026-11-26", 0, "2026-11-27"),  # Thanksgiving itself
        ("2026-11-30", 0, "2026-11-30"),
        ("2027-01-04", -1, "2026-12-31"),
        ("2026-11-30", -2, "2026-11-25"),
    ],
)
def test_banking_days_are_counted_over_weekends_and_holidays(day: str, count: int, expected: str) -> None:
    assert add_banking_days(date.fromisoformat(day), count) == date.fromisoformat(expected)


@given(DAYS, st.integers(1, 30))
@settings(deadline=None)
def test_counting_forth_and_back_returns_to_a_banking_day(day: date, count: int) -> None:
    start = banking_day_on_or_after(day)
    assert add_banking_days(add_banking_days(start, count), -count) == start


@given(DAYS, st.integers(0, 20))
@settings(deadline=None)
def test_counting_ends_on_a_banking_day(day: date, count: int) -> None:
    assert is_banking_day(add_banking_days(day, count))


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-06T08:30", "2026-03-06T13:30"),  # before daylight saving
        ("2026-03-09T08:30", "2026-03-09T12:30"),  # after it began on the 8th
        ("2026-10-30T08:30", "2026-10-30T12:30"),  # before it ends on November 1st
        ("2026-11-02T08:30", "2026-11-02T13:30"),
    ],
)
def test_wall_clock_times_follow_daylight_saving(wall: str, instant: str) -> None:
    assert ny(wall) == utc(instant)
    assert local_time(utc(instant)).replace(tzinfo=None) == datetime.fromisoformat(wall)


SAME_DAY = [
    # given at (New York), effective, settles (UTC), reason
    ("2026-11-27T09:30:00", "2026-11-27", "2026-11-27T18:00", Reason.SAME_DAY),  # first window at its cut-off
    ("2026-11-27T09:30:01", "2026-11-27", "2026-11-27T22:00", Reason.SAME_DAY),  # a second later: the second window
    ("2026-11-27T13:45:00", "2026-11-27", "2026-11-27T22:00", Reason.SAME_DAY),
    ("2026-11-27T15:45:00", "2026-11-27", "2026-11-27T23:00", Reason.SAME_DAY),  # the third
    ("2026-11-27T15:45:01", "2026-11-30", "2026-11-30T13:30", Reason.TOO_LATE),  # Friday evening to Monday
    ("2026-11-26T09:00:00", "2026-11-27", "2026-11-27T13:30", Reason.NOT_A_BANKING_DAY),  # Thanksgiving
    ("2026-11-28T09:00:00", "2026-11-30", "2026-11-30T13:30", Reason.NOT_A_BANKING_DAY),  # a Saturday
    ("2026-03-06T16:00:00", "2026-03-09", "2026-03-09T12:30", Reason.TOO_LATE),  # over the start of daylight saving
    ("2026-10-30T16:00:00", "2026-11-02", "2026-11-02T13:30", Reason.TOO_LATE),  # over its end
    ("2026-03-08T12:00:00", "2026-03-09", "2026-03-09T12:30", Reason.NOT_A_BANKING_DAY),  # the Sundays themselves
    ("2026-11-01T12:00:00", "2026-11-02", "2026-11-02T13:30", Reason.NOT_A_BANKING_DAY),
    ("2026-12-31T16:00:00", "2027-01-04", "2027-01-04T13:30", Reason.TOO_LATE),  # year end
    ("2026-07-03T09:00:00", "2026-07-03", "2026-07-03T17:00", Reason.SAME_DAY),  # open although the 4th is a Saturday
]


@pytest.mark.parametrize(("given_at", "effective", "settles", "reason"), SAME_DAY)
def test_a_same_day_entry_settles_today_or_rolls(given_at: str, effective: str, settles: str, reason: Reason) -> None:
    plan = plan_settlement(ny(given_at), Direction.CREDIT, 100, "PPD", SCHEDULE, same_day=True)
    assert plan.reason is reason
    assert plan.same_day is (reason is Reason.SAME_DAY)
    assert plan.effective_date == date.fromisoformat(effective)
    assert plan.settles_at_ms == utc(settles)
    assert (plan.submit_by_ms is None) is (reason is not Reason.SAME_DAY)


@pytest.mark.parametrize(
    ("cents", "sec_code", "reason"),
    [
        (100_000_000, "CCD", Reason.SAME_DAY),  # one million dollars, in cents
        (100_000_001, "CCD", Reason.OVER_LIMIT),
        (100, "IAT", Reason.CLASS_NOT_ELIGIBLE),
        (100, "ENR", Reason.CLASS_NOT_ELIGIBLE),
    ],
)
def test_a_same_day_entry_must_be_eligible(cents: int, sec_code: str, reason: Reason) -> None:
    plan = plan_settlement(ny("2026-11-27T09:00"), Direction.DEBIT, cents, sec_code, SCHEDULE, same_day=True)
    assert plan.reason is reason
    assert plan.effective_date == date(2026, 11, 27 if reason is Reason.SAME_DAY else 30)


def test_the_limit_and_the_buffer_come_from_the_schedule() -> None:
    schedule = AchSchedule(same_day_amount_cents_max=10**9, buffer_minutes=30)
    plan = plan_settlement(ny("2026-11-27T16:15"), Direction.CREDIT, 10**9, "CCD", schedule, same_day=True)
    assert plan.same_day
    assert plan.submit_by_ms == ny("2026-11-27T16:15")


@pytest.mark.parametrize(
    ("given_at", "direction", "effective"),
    [
        ("2026-11-24T16:59", Direction.CREDIT, "2026-11-27"),  # 2 banking days over Thanksgiving
        ("2026-11-24T16:59", Direction.DEBIT, "2026-11-25"),
        ("2026-11-24T17:00:01", Direction.DEBIT, "2026-11-27"),  # after the cut-off
        ("2026-11-28T10:00", Direction.DEBIT, "2026-12-01"),  # a Saturday counts as Monday
        ("2026-12-31T10:00", Direction.CREDIT, "2027-01-05"),
    ],
)
def test_a_standard_entry_settles_on_its_effective_date_in_the_morning(
    given_at: str, direction: Direction, effective: str
) -> None:
    schedule = msgspec.structs.replace(SCHEDULE, credit_banking_days=2)
    plan = plan_settlement(ny(given_at), direction, 10**9, "PPD", schedule, same_day=False)
    assert plan.reason is Reason.STANDARD
    assert plan.effective_date == date.fromisoformat(effective)
    assert local_time(plan.settles_at_ms).time() == time(8, 30)


@given(DAYS, st.times(), st.booleans(), st.sampled_from(Direction), st.integers(0, 2 * 10**8))
@settings(deadline=None)
def test_nothing_settles_before_it_was_given_or_on_a_closed_day(
    day: date, moment: time, same_day: bool, direction: Direction, cents: int
) -> None:
    at_ms = instant_ms(day, moment)
    plan = plan_settlement(at_ms, direction, cents, "PPD", SCHEDULE, same_day=same_day)
    assert plan.settles_at_ms > at_ms
    assert is_banking_day(plan.effective_date)
    assert local_time(plan.settles_at_ms).date() == plan.effective_date
    assert plan.effective_date - day < timedelta(days=7)


@pytest.mark.parametrize(
    ("settled", "timeframe", "deadline"),
    [
        ("2026-11-24", Timeframe.TWO_BANKING_DAYS, "2026-11-27"),
        ("2026-12-30", Timeframe.TWO_BANKING_DAYS, "2027-01-04"),
        ("2026-11-24", Timeframe.FIVE_BANKING_DAYS, "2026-12-02"),
        ("2026-10-01", Timeframe.SIXTY_CALENDAR_DAYS, "2026-12-01"),  # the 60th day is November 30th
    ],
)
def test_returns_have_their_deadline(settled: str, timeframe: Timeframe, deadline: str) -> None:
    assert return_deadline(date.fromisoformat(settled), timeframe) == date.fromisoformat(deadline)


def test_the_same_day_marker_has_the_hour() -> None:
    assert same_day_marker(time(13, 5)) == "SD1305"
