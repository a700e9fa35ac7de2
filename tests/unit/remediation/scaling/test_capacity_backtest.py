"""A backtest lives through recorded load as the daemon would: units warm up, cost and drain, the future is unknown."""

from typing import Any

import pytest

from bench.workloads.load import load, start_ms
from config.scaling import Forecasting, Scaling
from remediation.scaling.backtest.played import Backtest, Outcome, RowUnusable, Way
from remediation.scaling.backtest.run import Run, Unmeasured
from remediation.scaling.backtest.trace import COLUMNS_MAX, Trace
from remediation.scaling.model import Component
from tests.unit.remediation.scaling.capacity_world import NOW_MS, component, unit

POLICY = Scaling(forecasting=Forecasting(needs=7 * 86_400.0, zone="UTC"))


def played(rows: list[tuple[int, float]], about: Component | None = None) -> dict[Way, Outcome]:
    """What comes of the rows under each way; seconds from NOW_MS and requests a second."""
    backtest = Backtest(component() if about is None else about, POLICY)
    for seconds, requests_per_second in rows:
        backtest.take(NOW_MS + seconds * 1000, requests_per_second)
    return {one.way: one for one in backtest.outcomes()}


def test_load_above_what_serves_is_throttled_until_the_units_have_warmed_up() -> None:
    # Ten units carry 100; the jump is seen at the next look, 10 s later, and 30 units need 60 s to serve.
    result = played([(0, 50.0), (600, 150.0), (1_200, 150.0)], component(max=30, hourly_cap_cents=3_000))
    one = result[Way.REACTIVE].result
    assert one.throttled_seconds == 70
    assert one.throttled_requests == 50 * 70
    assert (one.least_units, one.most_units, one.changes, one.seconds) == (10, 30, 1, 1_200)


def test_load_that_is_told_late_is_reacted_to_late_and_units_are_known_at_once() -> None:
    backtest = Backtest(component(max=30, hourly_cap_cents=3_000), POLICY, late_ms=90_000)
    for seconds, requests_per_second in [(0, 50.0), (600, 150.0), (1_200, 150.0)]:
        backtest.take(NOW_MS + seconds * 1000, requests_per_second)
    one = next(one.result for one in backtest.outcomes() if one.way is Way.REACTIVE)
    assert one.throttled_seconds == 70 + 90
    assert one.changes == 1


def test_units_cost_from_their_order_on_and_until_they_have_drained() -> None:
    one = played([(0, 50.0), (600, 0.0), (1_200, 0.0), (1_800, 0.0)], component(unit=unit(drain=60.0)))[
        Way.REACTIVE
    ].result
    # Ten units until 910 s, when a whole cool-down has been quiet, then one, and nine for the 60 s of their drain.
    assert one.microdollars == -(-(10 * 910 + 1 * 890 + 9 * 60) * 1_000_000 // 3_600)


def test_a_schedule_is_ready_before_the_load_that_it_is_for_and_the_others_do_not_know_it() -> None:
    noon_s = (-(-NOW_MS // 86_400_000) * 86_400_000 - NOW_MS) // 1000 + 12 * 3_600
    about = component(schedule=({"cron": "55 11 * * *", "zone": "UTC", "min": 18},))
    result = played([(noon_s - 800, 50.0), (noon_s, 90.0 * 1.9), (noon_s + 300, 50.0), (noon_s + 600, 50.0)], about)
    assert result[Way.SCHEDULED].result.throttled_seconds == 0
    assert result[Way.REACTIVE].result.throttled_seconds == result[Way.PREDICTIVE].result.throttled_seconds == 70


def test_without_enough_history_prediction_does_what_reaction_does_and_says_why() -> None:
    backtest = Backtest(component(), POLICY)
    for second in range(0, 1_000, 10):
        backtest.take(NOW_MS + second * 1000, 50.0 if second < 500 else 90.0)
    by_way = {one.way: one.result for one in backtest.outcomes()}
    assert by_way[Way.PREDICTIVE] == by_way[Way.REACTIVE]
    assert backtest.looks_without_forecast == backtest.looks
    assert "of 7.0 days of load are known" in backtest.why_without_forecast


def test_what_returns_each_day_is_met_by_prediction_and_not_by_reaction() -> None:
    about = component(max=40, hourly_cap_cents=4_000, target_percent=60, unit=unit(requests_per_second=30.0))
    eleven_ms = start_ms(7) + 11 * 3_600_000
    backtest = Backtest(about, POLICY, from_ms=eleven_ms)
    for at_ms, requests_per_second in load(3, days=8):
        if at_ms % 60_000 == 0 or eleven_ms <= at_ms < eleven_ms + 7_200_000:
            backtest.take(at_ms, requests_per_second)
        if at_ms >= eleven_ms + 7_200_000:
            break
    result = {one.way: one.result for one in backtest.outcomes()}
    reactive, predictive = result[Way.REACTIVE], result[Way.PREDICTIVE]
    assert reactive.throttled_seconds > 100
    assert predictive.throttled_seconds <= reactive.throttled_seconds / 100
    # Of the two hours around it; over a whole day it is a third of that.
    assert predictive.microdollars <= reactive.microdollars * 1.15


def test_the_future_is_unknown_what_comes_later_changes_nothing_before() -> None:
    rows = [(second, 50.0 + second % 70) for second in range(0, 900, 30)]
    quiet, loud = played([*rows, (900, 10.0)]), played([*rows, (900, 500.0)])
    for way in Way:
        assert quiet[way].result == loud[way].result


@pytest.mark.parametrize(
    ("seconds", "what"), [(0, "not later than that of the row before"), (901, "15 minutes after the row before")]
)
def test_rows_out_of_order_or_with_a_gap_are_refused(seconds: int, what: str) -> None:
    backtest = Backtest(component(), POLICY)
    backtest.take(NOW_MS, 1.0)
    with pytest.raises(RowUnusable, match=what):
        backtest.take(NOW_MS + seconds * 1000, 1.0)


def test_a_component_of_which_nobody_measured_a_unit_cannot_be_played() -> None:
    about = component(signals=("utilization",), unit=unit(requests_per_second=None))
    with pytest.raises(Unmeasured):
        Run(about, POLICY, NOW_MS, 1.0)


def test_a_trace_keeps_every_peak_every_gap_and_all_throttled_time_however_long_it_is() -> None:
    trace, hours = Trace(NOW_MS), 50
    for second in range(0, hours * 3600, 60):
        from_ms = NOW_MS + second * 1000
        spike = second == 7_200
        trace.take(from_ms, from_ms + 60_000, 900.0 if spike else 10.0, 5.0 if second == 36_000 else 100.0)
    columns = [column for _, column in trace.columns()]
    assert len(columns) <= COLUMNS_MAX
    assert max(one.load for one in columns) == 900.0
    assert min(one.capacity for one in columns) == 5.0
    assert sum(one.throttled_ms for one in columns) == 120_000


def test_a_stretch_counts_in_every_column_that_it_touches() -> None:
    trace: Any = Trace(NOW_MS)
    trace.take(NOW_MS + 500, NOW_MS + 2_250, 20.0, 10.0)
    assert [(at_ms - NOW_MS, one.throttled_ms) for at_ms, one in trace.columns()] == [
        (0, 500),
        (1_000, 1_000),
        (2_000, 250),
    ]
