"""The forecast knows the load of a time of the week, by the clock of a zone, and says when it knows too little."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.scaling import Forecasting
from remediation.scaling.forecast import SLOT_MS, SLOTS, WEEK_MS, Seasonal, Slot, slot_of

HOUR_MS = 3_600_000
UTC_WEEK = Forecasting(needs=7 * 86_400.0, zone="UTC")
MONDAY_MS = round(datetime.fromisoformat("2026-10-05T00:00:00+00:00").timestamp() * 1000)


def taught(weeks: int, forecasting: Forecasting = UTC_WEEK, *, scale: float = 1.0) -> Seasonal:
    """Weeks in which the noon of every day has a thousand requests a second, and all else a hundred."""
    seasonal = Seasonal()
    for at_ms in range(MONDAY_MS, MONDAY_MS + weeks * WEEK_MS, SLOT_MS):
        noon = at_ms // HOUR_MS % 24 == 12
        seasonal.take(at_ms, (1_000.0 if noon else 100.0) * scale, forecasting)
    return seasonal


def expected(seasonal: Seasonal, at_ms: int, ahead_ms: int = 0, forecasting: Forecasting = UTC_WEEK) -> float:
    """What is expected, which has to be something."""
    outlook = seasonal.outlook(at_ms, ahead_ms, forecasting)
    assert outlook.requests_per_second is not None, outlook.why
    return outlook.requests_per_second


def test_the_load_of_the_hour_to_come_is_expected_before_it_comes() -> None:
    seasonal, now_ms = taught(2), MONDAY_MS + 2 * WEEK_MS
    eleven_ms = now_ms + 11 * HOUR_MS
    assert expected(seasonal, eleven_ms + 55 * 60_000, 240_000) == pytest.approx(100, rel=0.01)
    assert expected(seasonal, eleven_ms + 55 * 60_000, 300_000) == pytest.approx(1_000, rel=0.01)
    assert expected(seasonal, eleven_ms + 2 * HOUR_MS) == pytest.approx(100, rel=0.01)


def test_with_less_than_is_needed_it_says_how_much_is_known() -> None:
    outlook = taught(1).outlook(MONDAY_MS + WEEK_MS, 0, Forecasting(needs=14 * 86_400.0, zone="UTC"))
    assert outlook.requests_per_second is None
    assert outlook.why == "7.0 of 14.0 days of load are known"


def test_time_that_nobody_saw_is_not_known_however_long_ago_it_began() -> None:
    seasonal = Seasonal()
    seasonal.take(MONDAY_MS, 100.0, UTC_WEEK)
    seasonal.take(MONDAY_MS + 3 * WEEK_MS, 100.0, UTC_WEEK)
    assert seasonal.seen_ms == 2 * SLOT_MS
    assert seasonal.outlook(MONDAY_MS + 3 * WEEK_MS, 0, UTC_WEEK).requests_per_second is None


def test_a_time_of_the_week_that_was_never_seen_is_named() -> None:
    seasonal = taught(2)
    del seasonal.slots[slot_of(MONDAY_MS + 25 * HOUR_MS, "UTC")]
    outlook = seasonal.outlook(MONDAY_MS + 2 * WEEK_MS + 25 * HOUR_MS, 0, UTC_WEEK)
    assert outlook.why == "no load of a Tuesday at 01:00 is known"


def test_a_day_that_is_busier_than_usual_is_expected_to_stay_so_for_now() -> None:
    seasonal, start_ms = taught(2), MONDAY_MS + 2 * WEEK_MS
    for at_ms in range(start_ms, start_ms + 2 * HOUR_MS, 10_000):
        seasonal.take(at_ms, 150.0, UTC_WEEK)
    assert expected(seasonal, start_ms + 2 * HOUR_MS) == pytest.approx(150, rel=0.05)
    assert expected(seasonal, start_ms + 3 * HOUR_MS) == pytest.approx(100, rel=0.05)


def test_the_band_is_wider_where_the_load_strays_further() -> None:
    seasonal = Seasonal()
    for number, at_ms in enumerate(range(MONDAY_MS, MONDAY_MS + 2 * WEEK_MS, 60_000)):
        spread = 50 if at_ms // HOUR_MS % 24 == 12 else 5
        seasonal.take(at_ms, 100 + (spread if number % 2 else -spread), UTC_WEEK)
    noon, night = slot_of(MONDAY_MS + 12 * HOUR_MS, "UTC"), slot_of(MONDAY_MS, "UTC")
    assert seasonal.slots[noon].deviation == pytest.approx(50, rel=0.1)
    assert seasonal.slots[night].deviation == pytest.approx(5, rel=0.1)
    wide = seasonal.outlook(MONDAY_MS + 2 * WEEK_MS + 12 * HOUR_MS, 0, UTC_WEEK).requests_per_second
    narrow = Forecasting(needs=7 * 86_400.0, zone="UTC", band_percent=50)
    middle = seasonal.outlook(MONDAY_MS + 2 * WEEK_MS + 12 * HOUR_MS, 0, narrow).requests_per_second
    assert wide is not None
    assert middle is not None
    assert wide - middle == pytest.approx(1.645 * 50, rel=0.15)


def test_older_weeks_count_less() -> None:
    slot = Slot()
    for week, load in enumerate((100.0, 100.0, 200.0)):
        slot.take(load, 300.0, week)
    assert 140 < slot.mean < 150


def test_the_hours_are_those_of_the_zone_on_both_sides_of_a_change_of_its_clock() -> None:
    new_york = "America/New_York"
    before = round(datetime.fromisoformat("2026-10-30T12:00:00-04:00").timestamp() * 1000)
    after = round(datetime.fromisoformat("2026-11-06T12:00:00-05:00").timestamp() * 1000)
    assert slot_of(before, new_york) == slot_of(after, new_york)
    assert after - before == WEEK_MS + HOUR_MS


@given(at_ms=st.integers(0, 4 * 10**12), zone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]))
@settings(max_examples=60, deadline=None)
def test_every_moment_is_in_one_of_the_stretches_of_a_week(at_ms: int, zone: str) -> None:
    assert 0 <= slot_of(at_ms, zone) < SLOTS


def test_what_was_learned_outlives_a_restart() -> None:
    seasonal = taught(1)
    again = msgspec.json.decode(msgspec.json.encode(seasonal), type=Seasonal)
    assert again == seasonal


def test_two_forecasts_share_nothing() -> None:
    taught(1)
    assert Seasonal().slots == {}
