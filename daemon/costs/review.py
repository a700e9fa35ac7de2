"""The bill at a glance: month, forecast, budget, services, variances and recommendations, from the book."""

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from config.costs import CostSettings
from daemon.costs.book import Asked, CostBook
from daemon.costs.figures import BudgetStatus, MonthForecast, Variance, budget_status, month_forecast, variances
from daemon.costs.recommendations import Evidence, Measured, Recommendation, recommendations
from daemon.costs.source import ASKED_COSTS, ASKED_FORECAST, SETTLED_DAYS, utc_day

LOOK_BACK_DAYS = 30
CENTS_PER_CALL = 1
"""Of Cost Explorer."""


NOTHING_MEASURED = Measured()


class ServiceCost(msgspec.Struct, frozen=True, kw_only=True):
    """A service in the month so far. origin: where its newest day is from."""

    service: str
    month_microcents: int
    newest_day: str
    newest_microcents: int
    origin: str


class CostReview(msgspec.Struct, frozen=True, kw_only=True):
    """The AWS bill. is_known: whether it has any day of the last 30; without, no figure below means anything.

    newest_day: the newest complete day, empty when there is none. bad_rows: of exports, left out of the sums.
    asked_cents: what asking Cost Explorer has cost since the book was begun.
    """

    currency: str = "USD"
    is_known: bool
    newest_day: str
    bad_rows: int
    asked_cents: int
    month: MonthForecast
    budget: BudgetStatus | None
    services: tuple[ServiceCost, ...]
    variances: tuple[Variance, ...]
    recommendations: tuple[Recommendation, ...]


async def review_costs(
    book: CostBook, settings: CostSettings, now_ms: int, measured: Measured = NOTHING_MEASURED
) -> CostReview:
    """Read the book and work out what follows; only complete days are read. Raises CostsNotKept."""
    today = utc_day(now_ms)
    first_day, until_day = (today - timedelta(days=LOOK_BACK_DAYS + SETTLED_DAYS)).isoformat(), complete_until(today)
    days = await book.days(min(first_day, today.replace(day=1).isoformat()), until_day)
    usage = await book.usage(first_day, until_day)
    by_service: dict[str, dict[str, int]] = {}
    totals: dict[str, int] = {}
    origins: dict[str, str] = {}
    for one in days:
        by_service.setdefault(one.service, {})[one.day] = one.amount_microcents
        totals[one.day] = totals.get(one.day, 0) + one.amount_microcents
        origins[one.service] = one.origin
    month = f"{today:%Y-%m}"
    aws = await book.forecast(month)
    forecast = month_forecast(totals, today)
    if aws is not None:
        forecast = msgspec.structs.replace(forecast, aws_microcents=forecast.spent_microcents + aws.amount_microcents)
    asked: list[Asked] = [await book.asked(what) for what in (ASKED_COSTS, ASKED_FORECAST)]
    evidence = Evidence(lines=usage, retention_days=settings.log_retention_days, **msgspec.structs.asdict(measured))
    return CostReview(
        is_known=totals != {},
        newest_day=max(totals, default=""),
        bad_rows=await book.bad_rows(today.replace(day=1).isoformat()),
        asked_cents=sum(one.calls for one in asked) * CENTS_PER_CALL,
        month=forecast,
        budget=budget_status(forecast, settings.monthly_budget_cents, settings.thresholds_percent),
        services=tuple(_services(by_service, origins, month)),
        variances=tuple(variances(by_service, settings.expected_daily_cents)),
        recommendations=tuple(recommendations(evidence)),
    )


def complete_until(today: date) -> str:
    """The first day that a bill need not have whole yet."""
    return (today - timedelta(days=SETTLED_DAYS - 1)).isoformat()


def _services(by_service: Mapping[str, Mapping[str, int]], origins: Mapping[str, str], month: str) -> list[ServiceCost]:
    found = [
        ServiceCost(
            service=service,
            month_microcents=sum(amount for day, amount in days.items() if day.startswith(month)),
            newest_day=max(days),
            newest_microcents=days[max(days)],
            origin=origins[service],
        )
        for service, days in by_service.items()
    ]
    return sorted(found, key=lambda one: (-one.month_microcents, one.service))
