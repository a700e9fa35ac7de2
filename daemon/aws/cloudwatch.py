"""CloudWatch metrics by GetMetricData, page by page."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from config.sources import MetricQuery
from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from daemon.sources.cloudwatch import QUERIES_PER_CALL, Datapoint, MetricAnswer

DATAPOINTS_PER_CALL = 100_800
"""The most that GetMetricData returns in one page."""
PAGES_MAX = 100
"""A read that goes on for longer is a fault of the service, or a window nobody meant."""


class CloudWatchMetrics:
    """The port `daemon.sources.cloudwatch.Metrics` over one region of one account."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def read(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> MetricAnswer:
        """Every datapoint of at most 500 queries whose period begins in the window, the end excluded.

        Raises AwsFailed when the call as a whole failed; a query that failed alone is among the faults.
        """
        if not 0 < len(queries) <= QUERIES_PER_CALL:
            raise AwsFailed(f"One call takes 1 to {QUERIES_PER_CALL} queries, not {len(queries)}.", retryable=False)
        asked = [_asked(number, query) for number, query in enumerate(queries)]
        datapoints: list[Datapoint] = []
        faults: list[str] = []
        token: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            page = await self._aws.call(
                "get_metric_data",
                MetricDataQueries=asked,
                StartTime=_moment(start_ms),
                EndTime=_moment(end_ms),
                ScanBy="TimestampAscending",
                MaxDatapoints=DATAPOINTS_PER_CALL,
                **token,
            )
            for result in page.get("MetricDataResults", ()):
                number = int(result["Id"].removeprefix("m"))
                found, fault = _read(number, queries[number], result)
                datapoints += found
                faults += [fault] if fault else []
            following = page.get("NextToken")
            if not following:
                return MetricAnswer(tuple(datapoints), tuple(faults))
            token = {"NextToken": following}
        raise AwsFailed(f"GetMetricData did not end within {PAGES_MAX} pages.")


def _asked(number: int, query: MetricQuery) -> dict[str, Any]:
    metric = {
        "Namespace": query.namespace,
        "MetricName": query.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(query.dimensions.items())],
    }
    return {
        "Id": f"m{number}",
        "MetricStat": {"Metric": metric, "Period": query.period_seconds, "Stat": query.statistic},
        "ReturnData": True,
    }


def _read(number: int, query: MetricQuery, result: dict[str, Any]) -> tuple[list[Datapoint], str]:
    """The datapoints of one result, and what was wrong with the rest of it."""
    name = f"{query.namespace} {query.metric}"
    found, unusable = [], 0
    for moment, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
        number_read = float(value)
        if math.isfinite(number_read):
            found.append(Datapoint(query=number, at_ms=round(moment.timestamp() * 1000), value=number_read))
        else:
            unusable += 1
    status = result.get("StatusCode", "Complete")
    # PartialData means that the next page has the rest.
    if status not in {"Complete", "PartialData"}:
        said = "; ".join(message.get("Value", "") for message in result.get("Messages", ()))
        return found, f"{name}: {status} {said}".strip()
    return found, f"{name}: {unusable} values are no finite numbers" if unusable else ""


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
