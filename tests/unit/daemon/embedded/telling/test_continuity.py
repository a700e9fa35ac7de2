"""Payments go as before when as many go well in five seconds as went before the loss; anything less is not yet so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.embedded.telling.continuity import SETTLING_SECONDS, STEADY_SECONDS, recovered_after_ms

BEGAN, LOST, UNTIL = 1_000, 1_010, 1_060


def flow(before: int = 40, during: int = 0, after: int = 40, back: int = 1_025) -> dict[int, int]:
    """Payments that went well in each second: until the loss, until they come back, and then."""
    spans = ((range(BEGAN, LOST), before), (range(LOST, back), during), (range(back, UNTIL), after))
    return {second: count for span, count in spans for second in span if count}


@pytest.mark.parametrize(
    ("good", "expected"),
    [
        (flow(), 15_000),
        (flow(during=40), 0),
        (flow(during=20), 14_000),
        (flow(after=36), 15_000),
        (flow(after=35), None),
        (flow(after=0), None),
        (flow(before=0), None),
        (flow(back=UNTIL - STEADY_SECONDS), (UNTIL - STEADY_SECONDS - LOST) * 1000),
        (flow(back=UNTIL - STEADY_SECONDS + 1), None),
        ({}, None),
    ],
)
def test_recovery_is_where_payments_begin_to_go_as_before(good: dict[int, int], expected: int | None) -> None:
    assert recovered_after_ms(good, LOST, UNTIL) == expected


def test_a_moment_of_payments_between_two_losses_is_no_recovery() -> None:
    good = flow() | {LOST + 5: 40, LOST + 6: 40}
    assert recovered_after_ms(good, LOST, UNTIL) == 15_000


@given(st.integers(SETTLING_SECONDS + 1, 40), st.integers(1, 200), st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_the_rate_before_and_the_time_of_the_loss_do_not_matter(before: int, rate: int, gap: int) -> None:
    lost = BEGAN + before
    good = {second: rate for second in range(BEGAN, lost + gap + 20) if not lost <= second < lost + gap}
    found = recovered_after_ms(good, lost, lost + gap + 20)
    assert found is not None
    assert max(0, gap - 1) * 1000 <= found <= gap * 1000
