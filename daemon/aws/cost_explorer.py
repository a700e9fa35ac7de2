"""AWS Cost Explorer: costs by day, service and usage type, and AWS's own forecast, at $0.01 a call."""

from decimal import Decimal, InvalidOperation
from typing import Any

from daemon.aws.session import Aws
from daemon.costs.line import MILLION, BillLine, checked_currency
from daemon.costs.source import CostAnswer, ForecastAnswer
from daemon.errors import AwsFailed, Untranslatable
from daemon.translate.money import microcents

PAGES_MAX = 20
"""20 cents; more pages than this are no bill of a payment system."""
_METRIC = "UnblendedCost"
_NO_FORECAST = frozenset({"DataUnavailableException", "ValidationException"})
"""AWS has too little history to forecast from; it says either."""


class CostExplorer:
    """The port `daemon.costs.source.Costs`."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def daily(self, first_day: str, until_day: str) -> CostAnswer:
        """The days from the first on, the last excluded. Raises AwsFailed, and Untranslatable for other currencies."""
        lines: list[BillLine] = []
        token: dict[str, str] = {}
        for calls in range(1, PAGES_MAX + 1):
            page = await self._aws.call(
                "get_cost_and_usage",
                TimePeriod={"Start": first_day, "End": until_day},
                Granularity="DAILY",
                Metrics=[_METRIC, "UsageQuantity"],
                GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
                **token,
            )
            for result in page.get("ResultsByTime", ()):
                lines += [_line(result["TimePeriod"]["Start"], group) for group in result.get("Groups", ())]
            following = page.get("NextPageToken")
            if not following:
                return CostAnswer(tuple(lines), calls)
            token = {"NextPageToken": following}
        raise AwsFailed(f"GetCostAndUsage did not end within {PAGES_MAX} pages.", retryable=False)

    async def forecast(self, first_day: str, until_day: str) -> ForecastAnswer:
        """What AWS expects of these days, the last excluded; nothing where it has too little history."""
        try:
            answer = await self._aws.call(
                "get_cost_forecast",
                TimePeriod={"Start": first_day, "End": until_day},
                Granularity="MONTHLY",
                Metric="UNBLENDED_COST",
            )
        except AwsFailed as fault:
            if fault.code not in _NO_FORECAST:
                raise
            return ForecastAnswer(None, 1)
        total = answer["Total"]
        checked_currency(total["Unit"], "Total.Unit")
        return ForecastAnswer(microcents(_number(total["Amount"], "Total.Amount"), "Total.Amount"), 1)


def _line(day: str, group: dict[str, Any]) -> BillLine:
    service, usage = group["Keys"]
    cost, quantity = group["Metrics"][_METRIC], group["Metrics"].get("UsageQuantity", {"Amount": "0"})
    checked_currency(cost["Unit"], f"{_METRIC}.Unit")
    return BillLine(
        day=day,
        service=service[:256],
        usage=usage[:256],
        amount_microcents=microcents(_number(cost["Amount"], _METRIC), _METRIC),
        quantity_millionths=round(_number(quantity["Amount"], "UsageQuantity") * MILLION),
    )


def _number(written: str, where: str) -> Decimal:
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise Untranslatable(f"{where} is no number: {written[:40]!r}.") from None
    if not number.is_finite():
        raise Untranslatable(f"{where} is no finite number.")
    return number
