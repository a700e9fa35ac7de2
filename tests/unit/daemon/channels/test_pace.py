"""No minute holds more than the limit, wherever it begins; a part of it is there for critical notices alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.channels.pace import WINDOW_MS, Pace


@given(
    st.integers(6, 40),
    st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=150),
    st.lists(st.integers(0, WINDOW_MS), max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_no_minute_holds_more_than_the_limit(limit: int, asked: list[tuple[int, bool]], before: list[int]) -> None:
    earlier = sorted(before)[-limit:]
    pace, now_ms, made = Pace(limit, before), WINDOW_MS, list(earlier)
    for later_ms, critical in asked:
        now_ms += later_ms
        wait_ms = pace.wait_ms(now_ms, critical=critical)
        now_ms += wait_ms
        assert pace.wait_ms(now_ms, critical=critical) == 0
        pace.took(now_ms)
        made.append(now_ms)
    for at_ms in made:
        assert sum(at_ms <= one < at_ms + WINDOW_MS for one in made) <= limit


def test_a_sixth_is_left_for_critical_notices() -> None:
    pace = Pace(120)
    for _ in range(100):
        assert pace.wait_ms(0, critical=False) == 0
        pace.took(0)
    assert pace.wait_ms(0, critical=False) > 0
    for _ in range(20):
        assert pace.wait_ms(0, critical=True) == 0
        pace.took(0)
    assert pace.wait_ms(0, critical=True) > 0
