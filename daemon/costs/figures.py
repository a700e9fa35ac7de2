"""What follows from daily costs: month so far, forecast, variance and budget; money in millionths of a cent."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from daemon.costs.line import MILLION
from daemon.costs.source import next_month

FORECAST_DAYS = 7
"""A whole week, so that each weekday counts once."""
FORECAST_DAYS_MIN = 3
EXPECTED_DAYS = 14
EXPECTED_DAYS_MIN = 7
METHOD = (
    f"what the month has cost so far, and the mean of the last {FORECAST_DAYS} complete days for each day that has no "
    "figure yet"
)
OWN_PAST = f"mean of the {EXPECTED_DAYS} days before"
PLANNED = "expected_daily_cents in the settings"
BASIS_POINTS = 10_000

ByService = Mapping[str, Mapping[str, int]]
"""Service, day and amount, of complete days alone."""


class MonthForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A month's cost. forecast_microcents: None when too little is known, why_not then says what.

    known_days: complete days of the month with figures. aws_microcents: what AWS itself forecasts; None when not asked.
    """

    month: str
    spent_microcents: int
    known_days: int
    days_in_month: int
    forecast_microcents: int | None
    method: str = METHOD
    why_not: str = ""
    aws_microcents: int | None = None


class Variance(msgspec.Struct, frozen=True, kw_only=True):
    """A service's newest complete day against what was expected of it. basis: where the expectation is from."""

    service: str
    day: str
    amount_microcents: int
    expected_microcents: int
    variance_basis_points: int
    basis: str


class BudgetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The month against its budget. used_basis_points: of the budget, rounded up. reached: thresholds in percent.

    forecast_reaches: thresholds that the forecast reaches by the month's end, those that are reached included.
    """

    budget_cents: int
    spent_microcents: int
    used_basis_points: int
    thresholds: tuple[int, ...]
    reached: tuple[int, ...]
    forecast_reaches: tuple[int, ...]


def month_forecast(totals: Mapping[str, int], today: date) -> MonthForecast:
    """The forecast of today's month. totals: cost by day, of complete days alone; a day without one is no day of 0."""
    first = today.replace(day=1)
    after = next_month(today)
    in_month = {day: amount for day, amount in totals.items() if first.isoformat() <= day < after.isoformat()}
    spent, length = sum(in_month.values()), (after - first).days
    recent = [totals[day] for day in _days_before(today, FORECAST_DAYS + 2) if day in totals][:FORECAST_DAYS]
    forecast, why_not = None, ""
    if len(recent) < FORECAST_DAYS_MIN:
        why_not = f"{len(recent)} of the last days have figures; a forecast needs {FORECAST_DAYS_MIN}"
    else:
        missing = length - len(in_month)
        forecast = spent + -(-sum(recent) * missing // len(recent))
    return MonthForecast(
        month=first.isoformat()[:7],
        spent_microcents=spent,
        known_days=len(in_month),
        days_in_month=length,
        forecast_microcents=forecast,
        why_not=why_not,
    )


def variances(by_service: ByService, expected_daily_cents: Mapping[str, int]) -> list[Variance]:
    """Each service's newest day against the plan, or against its own past where none was planned; largest first.

    A service with neither is left out: what was never expected cannot vary.
    """
    found = [_variance(service, days, expected_daily_cents.get(service, 0)) for service, days in by_service.items()]
    return sorted((one for one in found if one is not None), key=lambda one: -one.variance_basis_points)


def budget_status(forecast: MonthForecast, budget_cents: int, thresholds: Sequence[int]) -> BudgetStatus | None:
    """Which thresholds are reached, and will be; None without a budget."""
    if budget_cents == 0:
        return None
    expected = forecast.spent_microcents if forecast.forecast_microcents is None else forecast.forecast_microcents
    return BudgetStatus(
        budget_cents=budget_cents,
        spent_microcents=forecast.spent_microcents,
        used_basis_points=-(-forecast.spent_microcents * BASIS_POINTS // (budget_cents * MILLION)),
        thresholds=tuple(thresholds),
        reached=reached_thresholds(forecast.spent_microcents, budget_cents, thresholds),
        forecast_reaches=reached_thresholds(max(expected, forecast.spent_microcents), budget_cents, thresholds),
    )


def reached_thresholds(microcents: int, budget_cents: int, thresholds: Sequence[int]) -> tuple[int, ...]:
    """The thresholds in percent that so much of the budget reaches."""
    return tuple(percent for percent in thresholds if microcents * 100 >= budget_cents * MILLION * percent)


def _variance(service: str, days: Mapping[str, int], planned_cents: int) -> Variance | None:
    if not days:
        return None
    newest = max(days)
    expected, basis = planned_cents * MILLION, PLANNED
    if planned_cents == 0:
        before = [days[day] for day in _days_before(date.fromisoformat(newest), EXPECTED_DAYS) if day in days]
        if len(before) < EXPECTED_DAYS_MIN:
            return None
        expected, basis = sum(before) // len(before), OWN_PAST
    if expected <= 0:
        return None
    return Variance(
        service=service,
        day=newest,
        amount_microcents=days[newest],
        expected_microcents=expected,
        variance_basis_points=(days[newest] - expected) * BASIS_POINTS // expected,
        basis=basis,
    )


def _days_before(day: date, count: int) -> list[str]:
    """The days before, newest first."""
    return [(day - timedelta(days=back)).isoformat() for back in range(1, count + 1)]
