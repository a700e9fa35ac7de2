"""What capacity costs is whole millionths of a dollar, and no hour costs more than its cap."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendars.peak import PeakPlan
from config.scaling import Emergency, Savings, Scaling
from remediation.scaling import costs
from remediation.scaling.bookkeeping import HOUR_MS, ordered, resized, running, seen, undone
from remediation.scaling.model import Book, Direction, ScalingReason, Source, Spell
from remediation.scaling.needs import dollars
from tests.unit.remediation.scaling.capacity_world import NOW_MS, component, decided, reading, readings, unit

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("microdollars", "shown"), [(0, "$0.000"), (499, "$0.000"), (500, "$0.001"), (1_234_567, "$1.235")]
)
def test_dollars_are_shown_to_a_tenth_of_a_cent(microdollars: int, shown: str) -> None:
    assert dollars(microdollars) == shown


def test_the_youngest_units_go_first_and_cost_until_they_have_drained() -> None:
    spells = (Spell(2, 0), Spell(3, 1_000))
    assert resized(spells, 7, 5_000, 30) == (*spells, Spell(2, 5_000))
    assert resized(spells, 1, 5_000, 30) == (Spell(1, 0), Spell(1, 0, 5_030), Spell(3, 1_000, 5_030))
    assert resized(spells, 5, 5_000, 30) == spells


@given(sizes=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_an_hour_costs_what_its_units_cost_second_by_second(sizes: list[tuple[int, int]]) -> None:
    about, spells, at_ms, drain_ms = component(), tuple[Spell, ...](), NOW_MS, 5 * MINUTE_MS
    paid: dict[int, int] = {}
    for units, minutes in sizes:
        before = sum(one.units for one in spells if not one.until_ms)
        spells = resized(spells, units, at_ms, drain_ms)
        for minute in range(max(0, drain_ms // MINUTE_MS)):
            paid[at_ms + minute * MINUTE_MS] = paid.get(at_ms + minute * MINUTE_MS, 0) + max(0, before - units)
        for minute in range(minutes):
            paid[at_ms + minute * MINUTE_MS] = paid.get(at_ms + minute * MINUTE_MS, 0) + units
        at_ms += minutes * MINUTE_MS
    minutes_paid = sum(units for begins_ms, units in paid.items() if at_ms - HOUR_MS <= begins_ms < at_ms)
    assert costs.spent_microdollars(about, spells, at_ms) == -(-minutes_paid * 1_000_000 // 60)


def test_a_cap_holds_growth_back_and_says_the_dollars() -> None:
    about = component(hourly_cap_cents=1_250)
    decision = decided(readings(90.0), about)
    assert (decision.target, decision.reason, decision.page) == (12, ScalingReason.COST_CAP, True)
    assert decision.words == (
        "10 -> 12 units, $10.000 -> $12.000 an hour: 90 requests/s, which asks for 18; "
        "the cap of $12.500 an hour is enough for 12"
    )
    full = decided(readings(90.0, units=12), about)
    assert (full.direction, full.reason, full.page) == (Direction.NONE, ScalingReason.COST_CAP, True)


def test_what_drains_and_what_was_spent_before_count_in_the_hour() -> None:
    about = component(hourly_cap_cents=1_000, max=40)
    spent = (Spell(4, NOW_MS - HOUR_MS), Spell(30, NOW_MS - 20 * MINUTE_MS, NOW_MS - 8 * MINUTE_MS))
    book = Book(component="core", spells=spent)
    # Thirty units for twelve minutes are six of ten; until they are an hour ago there is room for four more.
    assert costs.affordable(about, book, (), 40, NOW_MS) == 4
    later_ms = NOW_MS + 52 * MINUTE_MS
    assert costs.affordable(about, Book(component="core", spells=(Spell(4, NOW_MS),)), (), 40, later_ms) == 10


def test_savings_page_or_refuse_as_the_operator_wants() -> None:
    # $10,000 an hour: 2 % of 3.45 % are $6.90, and half of it is for capacity.
    book = Book(component="core", volume_cents_per_hour=1_000_000)
    units = readings(20.0, units=2)
    paged = decided(units, book=book, policy=Scaling(savings=Savings(breach="page")))
    assert (paged.target, paged.page) == (4, True)
    assert "the promised savings leave $3.450 an hour, less than this" in paged.words
    refused = decided(units, book=book, policy=Scaling(savings=Savings(breach="refuse")))
    assert (refused.target, refused.reason) == (3, ScalingReason.SAVINGS)
    assert "the promised savings leave $3.450 an hour, enough for 3" in refused.words
    quiet_night = Book(component="core", volume_cents_per_hour=0)
    kept = decided(readings(20.0, units=4), book=quiet_night, policy=Scaling(savings=Savings(breach="refuse")))
    assert kept.reason is ScalingReason.ENOUGH


def test_the_cap_of_all_components_leaves_what_the_others_do_not_cost() -> None:
    policy = Scaling(hourly_cap_cents=2_000)
    book = Book(component="core", others_microdollars_per_hour=7_500_000)
    decision = decided(readings(90.0), book=book, policy=policy)
    assert (decision.target, decision.reason) == (12, ScalingReason.COST_CAP)
    assert "the others cost $7.500 of the $20.000 an hour for all, which leaves 12" in decision.words
    grown = Book(component="core", others_microdollars_per_hour=15_000_000)
    assert decided(readings(50.0), book=grown, policy=policy).reason is ScalingReason.ENOUGH


def test_an_emergency_begins_when_the_limit_turns_requests_away_and_ends_by_itself() -> None:
    about = component(max=10, emergency=Emergency(max=16, hourly_cap_cents=3_000, after=60.0, lasts=1_200.0))
    pressed = [reading(NOW_MS - 60_000 + step, load=150.0, throttled=9) for step in range(0, 60_001, 10_000)]
    early = decided(pressed[1:], about)
    assert (early.direction, early.reason) == (Direction.NONE, ScalingReason.AT_MAX)
    begun = decided(pressed, about)
    assert (begun.target, begun.source, begun.page) == (16, Source.EMERGENCY, True)
    book = ordered(seen(Book(component="core"), about, pressed[-1]), about, begun)
    assert book.emergency_ms == NOW_MS
    over_ms = NOW_MS + 1_200_000
    during = decided([reading(over_ms - 1, load=80.0, units=16, throttled=0)], about, book, now_ms=over_ms - 1)
    assert during.direction is Direction.NONE
    over = decided([reading(over_ms, load=80.0, units=16, throttled=9)], about, book, now_ms=over_ms)
    assert (over.target, over.reason) == (10, ScalingReason.AT_MAX)
    rests = [reading(over_ms + step, load=150.0, throttled=9) for step in range(0, 60_001, 10_000)]
    assert decided(rests, about, book, now_ms=over_ms + 60_000).target == 10


def test_units_that_still_warm_up_are_no_emergency() -> None:
    about = component(max=10, emergency=Emergency(max=16, hourly_cap_cents=3_000, after=0.0))
    short = decided([reading(load=150.0, units=10, in_service=6, throttled=9)], about)
    assert (short.direction, short.reason) == (Direction.NONE, ScalingReason.AT_MAX)


def test_what_a_peak_left_running_too_long_is_made_up_for_in_the_hour_after_it() -> None:
    ended_ms = NOW_MS // HOUR_MS * HOUR_MS
    plan = PeakPlan(
        name="sale",
        starts=datetime.fromtimestamp(ended_ms / 1000 - 3_600, UTC).replace(tzinfo=None),
        ends=datetime.fromtimestamp(ended_ms / 1000, UTC).replace(tzinfo=None),
        zone="UTC",
        min=5,
        max=40,
        hourly_cap_cents=4_000,
    )
    about = component(peaks=(plan,), hourly_cap_cents=1_000)
    book = Book(component="core", spells=(Spell(30, ended_ms - HOUR_MS),))
    raised = costs.raised_caps(about, book)
    assert costs.affordable(about, book, raised, 40, ended_ms - 1) == 40
    # Nobody looked for ten minutes: of ten units for an hour, thirty for ten minutes leave six for fifty.
    assert costs.affordable(about, book, raised, 40, ended_ms + 10 * MINUTE_MS) == 6


def test_an_emergency_has_a_cap_of_its_own() -> None:
    about = component(max=10, emergency=Emergency(max=16, hourly_cap_cents=2_100, after=0.0), hourly_cap_cents=1_000)
    pressed = readings(150.0, throttled=9)
    decision = decided(pressed, about, Book(component="core", spells=(Spell(10, NOW_MS - 2 * HOUR_MS),)))
    assert (decision.target, decision.source) == (16, Source.EMERGENCY)
    tight = component(max=10, emergency=Emergency(max=16, hourly_cap_cents=1_300, after=0.0), hourly_cap_cents=1_000)
    held = decided(pressed, tight, Book(component="core", spells=(Spell(10, NOW_MS - 2 * HOUR_MS),)))
    assert (held.target, held.reason) == (13, ScalingReason.COST_CAP)


def test_a_part_that_came_about_is_what_is_there_and_nothing_is_pending() -> None:
    about = component()
    order = decided(readings(80.0), about)
    book = ordered(seen(Book(component="core"), about, reading()), about, order)
    assert (running(book), book.pending is not None) == (16, True)
    short = undone(book, about, 13, NOW_MS + 1_000)
    assert (running(short), short.pending) == (13, None)


def test_units_that_somebody_else_added_cost_from_when_they_were_seen() -> None:
    about = component()
    book = seen(seen(Book(component="core"), about, reading()), about, reading(NOW_MS + HOUR_MS, units=14))
    assert running(book) == 14
    assert costs.spent_microdollars(about, book.spells, NOW_MS + HOUR_MS) == 10_000_000


def test_where_aws_follows_the_target_what_serves_is_what_costs() -> None:
    about = component(application_auto_scaling=True)
    book = seen(Book(component="core"), about, reading(desired=4, in_service=9))
    assert running(book) == 9


def test_a_unit_that_costs_nothing_is_never_too_dear() -> None:
    free = component(unit=unit(hour_microdollars=0), hourly_cap_cents=1)
    assert decided(readings(100.0), free).target == 20
