"""Every decision about capacity has one reason, and nothing is taken away on what nobody saw."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.scaling import CoolDown, DynamoDbTable, Emergency, Savings, Scaling, Spill, StepPolicy
from remediation.scaling.bookkeeping import ordered, pinned, seen
from remediation.scaling.model import Book, Change, Component, Direction, Outlook, Pin, ScalingReason, Source
from tests.unit.remediation.scaling.capacity_world import (
    NOW_MS,
    Played,
    component,
    decided,
    reading,
    readings,
    unit,
)

LOADS = st.floats(0, 500, allow_nan=False)


@pytest.mark.parametrize(
    ("load", "units", "target", "reason"),
    [
        (50.0, 10, 10, ScalingReason.ENOUGH),
        (50.1, 10, 11, ScalingReason.WANTED),
        (46.0, 10, 10, ScalingReason.ENOUGH),  # in the band: nine units would be fuller than the target allows
        (20.0, 10, 5, ScalingReason.QUIET),
        (0.0, 10, 1, ScalingReason.QUIET),
        (1_000.0, 10, 20, ScalingReason.AT_MAX),
        (1_000.0, 20, 20, ScalingReason.AT_MAX),
    ],
)
def test_units_are_added_and_taken_away_until_each_is_as_full_as_it_is_meant_to_be(
    load: float, units: int, target: int, reason: ScalingReason
) -> None:
    decision = decided(readings(load, units=units))
    assert (decision.target, decision.reason) == (target, reason)
    assert decision.hourly_before_microdollars == units * 1_000_000
    assert decision.hourly_after_microdollars == target * 1_000_000


@pytest.mark.parametrize("unknown", ["requests_per_second", "desired"])
def test_without_a_newest_reading_everything_stays_and_no_data_is_the_reason(unknown: str) -> None:
    newest = msgspec.structs.replace(reading(load=0.0), **{unknown: None})
    decision = decided([*readings(0.0)[:-1], newest])
    assert decision.direction is Direction.NONE
    assert decision.reason is ScalingReason.NO_DATA


def test_a_reading_that_is_stale_says_nothing() -> None:
    decision = decided(readings(500.0), now_ms=NOW_MS + 91_000)
    assert (decision.direction, decision.reason) == (Direction.NONE, ScalingReason.NO_DATA)
    assert decision.current is None


@given(hole=st.integers(1, 25), signal=st.sampled_from(["requests_per_second", "in_service"]))
@settings(max_examples=20, deadline=None)
def test_a_hole_anywhere_in_the_cool_down_takes_nothing_away(hole: int, signal: str) -> None:
    about = component(signals=("requests", "throttles"))
    looks = readings(0.0, throttled=0)
    looks[-hole] = msgspec.structs.replace(looks[-hole], **{signal: None})
    assert decided(looks, about).direction is not Direction.IN
    assert decided(readings(0.0, throttled=0), about).direction is Direction.IN


def test_a_break_between_readings_takes_nothing_away() -> None:
    looks = [one for one in readings(0.0) if not NOW_MS - 200_000 < one.at_ms < NOW_MS - 100_000]
    assert decided(looks).reason is ScalingReason.NO_DATA


def test_the_clock_and_a_peak_add_units_even_when_no_load_is_known() -> None:
    about = component(schedule=({"cron": "* * * * *", "zone": "UTC", "min": 15},))
    decision = decided(readings(None), about)
    assert (decision.target, decision.source) == (15, Source.SCHEDULED)


@given(load=LOADS, more=st.floats(0, 300), units=st.integers(1, 20), full=st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_more_load_never_gives_less_capacity_at_once(load: float, more: float, units: int, full: float) -> None:
    about = component(
        signals=("requests", "utilization"),
        steps=(StepPolicy(above_percent=80, add_percent=50),),
        hourly_cap_cents=1_500,
        emergency=Emergency(max=25, hourly_cap_cents=2_500, after=0.0),
    )
    policy = Scaling(savings=Savings(breach="refuse"))
    book = Book(component="core", volume_cents_per_hour=30_000_000)
    before = readings(load, units=units, utilization=full, throttled=1)[:-1]

    def target(newest: float, utilization: float) -> int:
        last = reading(load=newest, units=units, utilization=utilization, throttled=1)
        looks = [*before, last]
        return decided(looks, about, seen(book, about, last), policy).target

    assert target(load + more, min(1.0, full + more / 300)) >= target(load, full)


@given(
    low=LOADS,
    high=LOADS,
    every=st.integers(1, 40),
    signals=st.sampled_from([("requests",), ("requests", "utilization")]),
)
@settings(max_examples=25, deadline=None)
def test_a_load_that_swings_changes_capacity_twice_in_a_cool_down_at_the_most(
    low: float, high: float, every: int, signals: tuple[str, ...]
) -> None:
    # A cap that holds growth lets it on in parts, so none does here.
    about = component(signals=signals, hourly_cap_cents=10_000)
    played = Played(about, units=10)
    played.play([(low, high)[look // every % 2] for look in range(200)])
    cool_down_ms = round(about.scaled.cool_down.scale_in * 1000)
    for place, at_ms in enumerate(played.changes):
        assert sum(at_ms <= one < at_ms + cool_down_ms for one in played.changes[place:]) <= 2


@given(loads=st.lists(LOADS, min_size=30, max_size=80))
@settings(max_examples=25, deadline=None)
def test_no_load_at_all_changes_capacity_more_than_twice_in_the_shorter_cool_down(loads: list[float]) -> None:
    about = component(cool_down=CoolDown(scale_out=60.0, scale_in=120.0))
    played = Played(about, units=10)
    played.play(loads)
    for place, at_ms in enumerate(played.changes):
        assert sum(at_ms <= one < at_ms + 60_000 for one in played.changes[place:]) <= 2


def test_units_go_only_after_the_load_of_a_whole_cool_down_asked_for_less() -> None:
    looks = readings(20.0)
    looks[-20] = reading(looks[-20].at_ms, load=45.0)
    decision = decided(looks)
    assert decision.reason is ScalingReason.ENOUGH
    assert "lately 45 requests/s needed 10" in decision.words


def test_a_cool_down_holds_the_next_change_and_says_for_how_long() -> None:
    about = component()
    book = seen(Book(component="core"), about, reading())
    grown = Change(at_ms=NOW_MS - 50_000, before=9, after=10, source=Source.REACTIVE)
    book = Book(component="core", spells=book.spells, changes=(grown,))
    more, less = decided(readings(80.0), about, book), decided(readings(10.0), about, book)
    assert (more.reason, less.reason) == (ScalingReason.COOLING_DOWN, ScalingReason.COOLING_DOWN)
    assert "10 s of the cool-down have to pass" in more.words
    assert "250 s of the cool-down have to pass" in less.words


@pytest.mark.parametrize(
    ("in_flight", "target", "reason"),
    [
        (0, 2, ScalingReason.QUIET),
        (12, 3, ScalingReason.QUIET),
        (37, 10, ScalingReason.IN_FLIGHT),
        (None, 10, ScalingReason.NO_DATA),
    ],
)
def test_fewer_units_than_the_work_in_flight_fills_are_never_left(
    in_flight: int | None, target: int, reason: ScalingReason
) -> None:
    about = component(unit=unit(concurrency=4))
    decision = decided(readings(7.0, in_flight=in_flight), about)
    assert (decision.target, decision.reason) == (target, reason)


def test_where_nobody_knows_what_a_unit_holds_each_request_in_flight_keeps_one() -> None:
    assert decided(readings(7.0, in_flight=6)).target == 6


def test_during_a_rollout_units_are_added_and_none_is_taken_away() -> None:
    book = Book(component="core", rollout="2.0.0")
    held = decided(readings(0.0), book=book)
    assert (held.direction, held.reason) == (Direction.NONE, ScalingReason.ROLLOUT)
    assert "2.0.0 is being rolled out" in held.words
    assert decided(readings(90.0), book=book).direction is Direction.OUT


def test_what_was_ordered_has_to_be_seen_before_anything_is_taken_away() -> None:
    about, short = component(cool_down=CoolDown(scale_out=0.0, scale_in=0.0)), readings(20.0, units=10)
    order = decided(readings(95.0, units=10), about)
    book = ordered(seen(Book(component="core"), about, short[-1]), about, order)
    assert decided(short, about, book, now_ms=NOW_MS + 10_000).reason is ScalingReason.IN_PROGRESS
    arrived = seen(book, about, reading(NOW_MS + 20_000, load=20.0, units=19))
    assert arrived.pending is None
    assert decided([reading(NOW_MS + 20_000, load=20.0, units=19)], about, arrived, now_ms=NOW_MS + 20_000).target == 5


def test_a_forecast_asks_for_more_and_never_for_less_than_the_load_of_now() -> None:
    expects = Book(component="core", outlook=Outlook(requests_per_second=75.0))
    decision = decided(readings(50.0), book=expects)
    assert (decision.target, decision.source) == (15, Source.PREDICTIVE)
    nothing = Book(component="core", outlook=Outlook(requests_per_second=0.0))
    assert decided(readings(60.0), book=nothing).target == decided(readings(60.0)).target == 12
    unknown = Book(component="core", outlook=Outlook(requests_per_second=None, why="3 of 14 days"))
    assert decided(readings(50.0), book=unknown).reason is ScalingReason.ENOUGH


def test_a_person_decides_until_their_word_ends_within_what_is_allowed() -> None:
    pin = Pin(units=3, until_ms=NOW_MS + 1, by="ann", why="a drill")
    book = pinned(Book(component="core"), pin)
    decision = decided(readings(90.0), book=book)
    assert (decision.target, decision.source, decision.direction) == (3, Source.PERSON, Direction.IN)
    assert decided(readings(90.0), book=book, now_ms=NOW_MS + 1).direction is Direction.OUT
    much = pinned(Book(component="core"), Pin(units=99, until_ms=NOW_MS + 1, by="ann", why="a drill"))
    assert decided(readings(0.0), book=much).target == 20


def test_a_full_region_names_the_one_that_takes_new_load() -> None:
    about = component(spill=Spill(to="us-west-2", above_percent=90))
    full = decided(readings(190.0, units=20), about)
    assert (full.reason, full.spill_to, full.page) == (ScalingReason.AT_MAX, "us-west-2", True)
    assert decided(readings(150.0, units=20), about).spill_to == ""
    assert decided(readings(190.0, units=10), about).spill_to == ""


def test_a_table_that_is_billed_by_request_is_watched_and_never_changed() -> None:
    table = DynamoDbTable(
        kind="dynamodb_table", table="t", direction="write", mode="on_demand", region="us-east-1", max=20,
        unit=unit(), signals=("requests",), hourly_cap_cents=2_000,
    )  # fmt: skip
    decision = decided(readings(500.0, throttled=3), Component("core", table))
    assert (decision.direction, decision.reason, decision.page) == (Direction.NONE, ScalingReason.ON_DEMAND, True)
    assert decided(readings(0.0, throttled=0), Component("core", table)).page is False


def test_steps_add_more_than_the_target_asks_for() -> None:
    steps = (StepPolicy(above_percent=70, add_percent=20), StepPolicy(above_percent=90, add_percent=100))
    about = component(signals=("utilization",), target_percent=90, steps=steps)
    assert decided(readings(units=5, utilization=0.70), about).target == 5
    assert decided(readings(units=5, utilization=0.75), about).target == 6
    assert decided(readings(units=5, utilization=0.95), about).target == 10


@pytest.mark.parametrize(
    ("signals", "changed", "target"),
    [
        (("concurrency",), {"concurrency": 24}, 12),
        (("queue_age",), {"queue_age_seconds": 29.0}, 10),
        (("queue_age",), {"queue_age_seconds": 45.0}, 15),
        (("queue_age",), {"queue_age_seconds": 900.0}, 20),
        (("throttles",), {"throttled": 0}, 10),
        (("throttles",), {"throttled": 7}, 13),
    ],
)
def test_each_signal_asks_for_units_of_its_own(
    signals: tuple[str, ...], changed: dict[str, float], target: int
) -> None:
    about = component(signals=signals, queue_age=30.0, unit=unit(concurrency=4))
    newest = msgspec.structs.replace(reading(load=0.0), **changed)
    assert decided([newest], about).target == target


def test_what_warms_up_is_not_ordered_twice() -> None:
    looks = readings(in_service=10, units=13, throttled=9)[-1:]
    assert decided(looks, component(signals=("throttles",))).direction is Direction.NONE
