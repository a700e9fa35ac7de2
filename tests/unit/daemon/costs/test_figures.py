"""Forecast, variance and budget: exact arithmetic, and no figure where too little is known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.costs.figures import OWN_PAST, PLANNED, budget_status, month_forecast, variances

CENT = 1_000_000
TODAY = date(2026, 11, 20)


def days(amounts: list[int], until: date = TODAY - timedelta(days=1)) -> dict[str, int]:
    """Amounts of the days before, the last one the day before until."""
    return {(until - timedelta(days=len(amounts) - place)).isoformat(): one for place, one in enumerate(amounts)}


def test_the_forecast_is_the_month_so_far_and_the_last_weeks_mean_for_what_is_missing() -> None:
    totals = days([100] * 11 + [170] * 7)
    forecast = month_forecast(totals, TODAY)
    assert (forecast.spent_microcents, forecast.known_days, forecast.days_in_month) == (11 * 100 + 7 * 170, 18, 30)
    assert forecast.forecast_microcents == 11 * 100 + 7 * 170 + 12 * 170


def test_a_day_without_figures_is_no_day_of_zero() -> None:
    totals = days([100] * 18)
    del totals["2026-11-05"]
    assert month_forecast(totals, TODAY).forecast_microcents == 30 * 100


def test_the_days_of_the_month_before_carry_the_forecast_on_its_first_days() -> None:
    forecast = month_forecast(days([50] * 9, date(2026, 11, 1)), date(2026, 11, 1))
    assert (forecast.spent_microcents, forecast.forecast_microcents) == (0, 1_500)


@pytest.mark.parametrize("amounts", [[], [100], [100, 100]])
def test_with_less_than_three_days_there_is_no_forecast_but_a_reason(amounts: list[int]) -> None:
    forecast = month_forecast(days(amounts), TODAY)
    assert forecast.forecast_microcents is None
    assert f"{len(amounts)} of the last days" in forecast.why_not


@given(st.lists(st.integers(0, 10**12), min_size=18, max_size=40))
def test_a_forecast_is_never_less_than_what_was_spent(amounts: list[int]) -> None:
    forecast = month_forecast(days(amounts), TODAY)
    assert forecast.forecast_microcents is not None
    assert forecast.forecast_microcents >= forecast.spent_microcents


def test_a_service_is_held_against_its_plan_or_against_its_own_past_and_both_are_named() -> None:
    found = variances(
        {"SQS": days([100] * 14 + [150]), "KMS": days([2 * CENT]), "new": days([9]), "none": {}}, {"KMS": 1}
    )
    assert [(one.service, one.variance_basis_points, one.basis) for one in found] == [
        ("KMS", 10_000, PLANNED),
        ("SQS", 5_000, OWN_PAST),
    ]


def test_the_thresholds_that_are_reached_and_will_be_are_told() -> None:
    forecast = month_forecast(days([100 * CENT] * 18), TODAY)
    status = budget_status(forecast, 3_000, (50, 80, 100))
    assert status is not None
    assert (status.used_basis_points, status.reached, status.forecast_reaches) == (6_000, (50,), (50, 80, 100))
    assert budget_status(forecast, 0, (50,)) is None


@pytest.mark.parametrize(("spent_cents", "reached"), [(49, ()), (50, (50,)), (99, (50, 80)), (100, (50, 80, 100))])
def test_a_threshold_is_reached_with_its_last_cent(spent_cents: int, reached: tuple[int, ...]) -> None:
    forecast = month_forecast({"2026-11-01": spent_cents * CENT}, TODAY)
    status = budget_status(forecast, 100, (50, 80, 100))
    assert status is not None
    assert status.reached == reached
