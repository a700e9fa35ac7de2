"""In random lives with peaks, emergencies, holes and orders that half fail, caps and limits hold at every look."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.workloads.capacity import AT_ONCE, Life
from remediation.scaling.model import Direction, ScalingReason, Source

FORCED = frozenset({ScalingReason.OVER_CAP, ScalingReason.AT_MAX})
LOOKS = 300
"""Of 20 s: a peak is got ready for, held and over, and its last hour has begun."""


def lived(seed: int, *, dark: float = 0.02) -> Life:
    """A life that is the same for the same seed."""
    return Life(Random(seed), dark=dark)  # noqa: S311  # reproducible input, not a secret


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_in_no_hour_of_a_random_life_is_more_spent_than_the_highest_cap_that_was_in_force(seed: int) -> None:
    life = lived(seed)
    for _ in range(LOOKS):
        life.tick()
        assert life.spent_microdollars() <= life.cap_microdollars() + 1


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_no_change_leaves_less_than_min_more_than_any_max_or_fewer_units_than_the_work_in_flight(seed: int) -> None:
    life = lived(seed)
    scaled = life.component.scaled
    peaks = [plan.max for plan in scaled.peaks if plan.max is not None]
    most = max(scaled.max, *peaks, 0 if scaled.emergency is None else scaled.emergency.max)
    for _ in range(LOOKS):
        decision = life.tick()
        if decision.direction is Direction.NONE:
            continue
        assert scaled.min <= decision.target <= most
        if decision.direction is Direction.IN and decision.reason not in FORCED:
            in_flight = life.readings[-1].in_flight
            assert in_flight is not None
            assert decision.target * AT_ONCE >= in_flight


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_what_is_taken_away_was_seen_whole_and_nobody_but_a_person_takes_away_in_the_dark(seed: int) -> None:
    life = lived(seed, dark=0.1)
    for _ in range(LOOKS):
        decision = life.tick()
        if decision.direction is not Direction.IN or decision.reason in FORCED:
            continue
        newest = life.readings[-1]
        assert None not in {newest.desired, newest.in_flight}
        if decision.source is not Source.PERSON:
            since_ms = life.now_ms - round(life.component.scaled.cool_down.scale_in * 1000)
            assert all(one.requests_per_second is not None for one in life.readings if one.at_ms >= since_ms)
