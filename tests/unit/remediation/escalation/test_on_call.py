"""Who is on duty: turns, hours and overrides, exact on the days on which clocks change, in three zones."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.escalation.on_call import Layer, Override, Schedule
from remediation.escalation.on_call import duties, gaps, on_duty

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONES = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05"),
}
"""The days with less and with more than 24 hours; in Lord Howe the clock moves by half an hour."""


def layer(**changes: object) -> Layer:
    known = {"name": "primary", "people": ("ana", "bob"), "starts": datetime(2026, 1, 5, 9), "turn_days": 1}  # noqa: DTZ001 - a wall clock.
    return Layer.model_validate(known | changes)


def schedule(zone: str, *layers: Layer, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule(zone=zone, layers=layers, overrides=overrides)


def at(zone: str, text: str, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("which", [0, 1])
def test_a_turn_changes_at_the_same_time_of_day_on_days_that_are_shorter_or_longer(zone: str, which: int) -> None:
    day = datetime.fromisoformat(ZONES[zone][which])
    before, after = (f"{day - timedelta(days=1):%Y-%m-%d}T09:00", f"{day:%Y-%m-%d}T09:00")
    start_ms, end_ms = at(zone, before), at(zone, after)
    (duty,) = (one for one in duties(schedule(zone, layer()), start_ms - 1, end_ms + 1) if one.starts_at_ms == start_ms)
    assert duty.ends_at_ms == end_ms
    change = {"America/New_York": 1, "Europe/Berlin": 1, "Australia/Lord_Howe": 0.5}[zone] * (1 if which else -1)
    assert end_ms - start_ms == (24 + change) * HOUR_MS


@pytest.mark.parametrize(
    ("zone", "clock", "day"),
    [
        ("America/New_York", "01:30", "2026-11-01"),
        ("Europe/Berlin", "02:30", "2026-10-25"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05"),
    ],
)
def test_a_turn_that_changes_at_a_time_that_comes_twice_changes_once(zone: str, clock: str, day: str) -> None:
    plan = schedule(zone, layer(starts=datetime.fromisoformat(f"2026-01-05T{clock}")))
    first, second = at(zone, f"{day}T{clock}"), at(zone, f"{day}T{clock}", fold=1)
    assert second > first
    people = [on_duty(plan, moment)[0] for moment in (first - 1, first, second - 1, second, second + HOUR_MS)]
    assert people[0] != people[1]
    assert len(set(people[1:])) == 1


@pytest.mark.parametrize(
    ("zone", "clock", "day", "skip"),
    [
        ("America/New_York", "02:30", "2026-03-08", "03:00"),
        ("Europe/Berlin", "02:30", "2026-03-29", "03:00"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "02:30"),
    ],
)
def test_a_turn_that_changes_at_a_time_that_is_skipped_changes_at_the_skip(
    zone: str, clock: str, day: str, skip: str
) -> None:
    plan = schedule(zone, layer(starts=datetime.fromisoformat(f"2026-01-05T{clock}")))
    skipped = at(zone, f"{day}T{skip}")
    assert on_duty(plan, skipped - 1)[0] != on_duty(plan, skipped)[0]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("boundary", ["01:30", "02:15", "02:30", "09:00"])
def test_day_and_night_shifts_leave_no_gap_and_never_overlap_when_clocks_change(zone: str, boundary: str) -> None:
    night = layer(name="night", people=("nora",), begin="18:00", end=boundary)
    day = layer(name="day", people=("dan",), begin=boundary, end="18:00")
    for text in ZONES[zone]:
        noon = at(zone, f"{text}T12:00")
        assert gaps(schedule(zone, night, day), noon - 2 * DAY_MS, noon + 2 * DAY_MS) == ()
        assert duties(schedule(zone, night, day), noon - 2 * DAY_MS, noon + 2 * DAY_MS) == tuple(
            one for one in duties(schedule(zone, day, night), noon - 2 * DAY_MS, noon + 2 * DAY_MS)
        )


def test_the_first_layer_that_has_somebody_wins_and_an_override_wins_over_all() -> None:
    zone = "Europe/Berlin"
    office = layer(
        name="office", people=("olga",), days=("mon", "tue", "wed", "thu", "fri"), begin="09:00", end="17:00"
    )
    stands_in = Override(
        person="zoe",
        starts=datetime(2026, 6, 1, 12),  # noqa: DTZ001 - a wall clock.
        ends=datetime(2026, 6, 1, 13),  # noqa: DTZ001 - a wall clock.
    )
    plan = schedule(zone, office, layer(people=("ana",)), overrides=(stands_in,))
    assert [
        on_duty(plan, at(zone, f"2026-06-01T{hour}")) for hour in ("08:59", "09:00", "12:30", "13:00", "17:00")
    ] == [
        ("ana", "primary"),
        ("olga", "office"),
        ("zoe", "override"),
        ("olga", "office"),
        ("ana", "primary"),
    ]
    assert on_duty(plan, at(zone, "2026-06-06T12:00")) == ("ana", "primary")


def test_of_two_who_stand_in_the_one_that_began_later_does() -> None:
    overrides = tuple(
        Override(person=name, starts=datetime(2026, 6, 1, hour), ends=datetime(2026, 6, 1, 15))  # noqa: DTZ001 - wall clock
        for name, hour in (("eve", 12), ("zoe", 10))
    )
    plan = schedule("UTC", layer(), overrides=overrides)
    assert [on_duty(plan, at("UTC", f"2026-06-01T{hour}:00"))[0] for hour in (11, 13)] == ["zoe", "eve"]


def test_hours_without_anybody_are_gaps_and_what_lies_before_the_schedule_is_none() -> None:
    plan = schedule("UTC", layer(people=("ana",), begin="09:00", end="17:00"))
    start = at("UTC", "2026-01-05T00:00")
    found = gaps(plan, start, start + DAY_MS)
    assert [(one.starts_at_ms - start) // HOUR_MS for one in found] == [17]
    assert gaps(plan, start - 30 * DAY_MS, start) == ()


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(sorted(ZONES)),
    begins=st.integers(0, 364 * 24),
    turn_days=st.integers(1, 9),
    clock=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_what_is_listed_is_what_is_so_at_each_moment(
    zone: str, begins: int, turn_days: int, clock: object, hours: tuple[int, int]
) -> None:
    starts = datetime.fromisoformat(f"2025-12-29T{clock}")
    own = layer(name="own", people=("ana", "bob", "cat"), starts=starts, turn_days=turn_days)
    some = layer(name="some", people=("dan",), starts=starts, begin=f"{hours[0]:02}:30", end=f"{hours[1]:02}:30")
    plan = schedule(zone, some, own)
    from_ms = at("UTC", "2026-01-01T00:00") + begins * HOUR_MS
    found = duties(plan, from_ms, from_ms + 5 * DAY_MS)
    assert found[0].starts_at_ms == from_ms
    assert found[-1].ends_at_ms == from_ms + 5 * DAY_MS
    assert all(one.ends_at_ms == other.starts_at_ms for one, other in pairwise(found))
    for one in found:
        for moment in (one.starts_at_ms, (one.starts_at_ms + one.ends_at_ms) // 2, one.ends_at_ms - 1):
            assert on_duty(plan, moment) == (one.person, one.layer)
