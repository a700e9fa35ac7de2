"""Rollback conditions of a flag: beyond the threshold and not at it, after exactly so many looks in a row."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import PaymentAttempted
from config.flags import RollbackCondition
from remediation.flags.conditions import Condition, ConditionState, ConditionWatch
from tests.unit.remediation.flags.exposed import START_MS, capture, payment

LOOKS = st.lists(st.sampled_from(["bad", "good", "thin", "none"]), max_size=25)


@given(looks=LOOKS, consecutive=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_after_k_bad_looks_in_a_row_means_k_whatever_came_between(looks: list[str], consecutive: int) -> None:
    """A thin window says nothing and breaks no row; a good one breaks it."""
    condition = Condition(metric="error_ratio", threshold=0.5, window_ms=10_000, consecutive=consecutive, samples=4)
    watch = ConditionWatch(ConditionState(condition=condition, since_ms=START_MS))
    row, expected = 0, False
    for number, look in enumerate(looks):
        begin_ms = START_MS + number * 10_000
        many = {"bad": 4, "good": 4, "thin": 3, "none": 0}[look]
        for place in range(many):
            attempt = payment(place, "failed") if look in {"bad", "thin"} else payment(place)
            watch.take(attempt, begin_ms + place)
        watch.look(begin_ms + 10_000 + 2_000)
        watch = ConditionWatch(msgspec.msgpack.decode(msgspec.msgpack.encode(watch.state), type=ConditionState))
        row = {"bad": row + 1, "good": 0}.get(look, row)
        expected = expected or row >= consecutive
        assert (watch.row, watch.is_met) == (row, expected)
    assert watch.looks == sum(look in {"bad", "good"} for look in looks)


@pytest.mark.parametrize(
    ("metric", "threshold", "bad", "good"),
    [
        ("error_ratio", 0.1, [payment(0, "failed")] * 2 + [payment(1)] * 8, [payment(0, "failed")] + [payment(1)] * 9),
        ("conversion", 0.9, [payment(0, "declined")] * 2 + [payment(1)] * 8, [payment(1)] * 9 + [payment(0, "failed")]),
        (
            "latency_ms",
            2_000.0,
            [payment(0, latency_ms=2_001.0)] * 2 + [payment(1)] * 18,
            [payment(0, latency_ms=2_001.0)] + [payment(1, latency_ms=2_000.0)] * 19,
        ),
    ],
)
def test_a_metric_is_bad_beyond_its_threshold_and_not_at_it(
    metric: str, threshold: float, bad: list[PaymentAttempted], good: list[PaymentAttempted]
) -> None:
    rollback = RollbackCondition.model_validate(
        {"metric": metric, "threshold": threshold, "window": 60.0, "consecutive": 1, "samples": 10}
    )
    for attempts, met in ((bad, True), (good, False)):
        watch = ConditionWatch(ConditionState(condition=Condition.of(rollback), since_ms=START_MS))
        for attempt in attempts:
            watch.take(attempt, START_MS)
        watch.look(START_MS + 62_000)
        assert (watch.looks, watch.is_met) == (1, met)


def test_costs_of_captured_payments_are_held_against_their_threshold_in_cents_for_100_dollars() -> None:
    cost = Condition(metric="cost", threshold=150.0, window_ms=60_000, consecutive=1, samples=2)
    for microcents, met in ((75_000_000, False), (76_000_000, True)):
        watch = ConditionWatch(ConditionState(condition=cost, since_ms=START_MS))
        for number in range(2):
            watch.capture(capture(payment(number), microcents), START_MS)
        watch.capture(capture(payment(3), 0), START_MS)
        watch.look(START_MS + 62_000)
        assert watch.is_met is met
