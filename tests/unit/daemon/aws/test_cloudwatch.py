"""The CloudWatch adapter reads every page, keeps to the API's limits, and names what could not be read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.sources import MetricQuery
from daemon.aws.cloudwatch import DATAPOINTS_PER_CALL, PAGES_MAX, CloudWatchMetrics
from daemon.errors import AwsFailed
from daemon.sources.cloudwatch import QUERIES_PER_CALL, Datapoint

ONE = MetricQuery(namespace="AWS/SQS", metric="Age", statistic="p99", dimensions={"QueueName": "q"})
MOMENT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MOMENT_MS = round(MOMENT.timestamp() * 1000)


class FakePages:
    """Answers page after page; the last one again and again."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.calls: list[dict[str, Any]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        assert operation == "get_metric_data"
        self.calls.append(arguments)
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def result(*values: float, status: str = "Complete", **more: object) -> dict[str, object]:
    return {"Id": "m0", "Timestamps": [MOMENT] * len(values), "Values": list(values), "StatusCode": status, **more}


async def test_every_page_is_read() -> None:
    pages = FakePages(
        {"MetricDataResults": [result(1.0, status="PartialData")], "NextToken": "t"},
        {"MetricDataResults": [result(2.0)]},
    )
    answer = await CloudWatchMetrics(pages).read([ONE], MOMENT_MS, MOMENT_MS + 60_000)
    assert answer.datapoints == (Datapoint(0, MOMENT_MS, 1.0), Datapoint(0, MOMENT_MS, 2.0))
    assert answer.faults == ()
    assert "NextToken" not in pages.calls[0]
    assert pages.calls[1]["NextToken"] == "t"
    assert pages.calls[0]["MaxDatapoints"] == DATAPOINTS_PER_CALL
    assert pages.calls[0]["StartTime"] == MOMENT
    (asked,) = pages.calls[0]["MetricDataQueries"]
    assert asked["MetricStat"]["Stat"] == "p99"
    assert asked["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": "q"}]


async def test_a_metric_that_failed_is_named_and_no_number_is_made_of_it() -> None:
    told = result(status="InternalError", Messages=[{"Code": "x", "Value": "try later"}])
    odd = {**result(float("nan"), float("inf"), 3.0), "Id": "m1"}
    answer = await CloudWatchMetrics(FakePages({"MetricDataResults": [told, odd]})).read([ONE, ONE], 0, 1)
    assert answer.datapoints == (Datapoint(1, MOMENT_MS, 3.0),)
    assert answer.faults == ("AWS/SQS Age: InternalError try later", "AWS/SQS Age: 2 values are no finite numbers")


async def test_pages_without_end_are_a_fault() -> None:
    endless = FakePages({"MetricDataResults": [], "NextToken": "again"})
    with pytest.raises(AwsFailed, match="did not end"):
        await CloudWatchMetrics(endless).read([ONE], 0, 1)
    assert len(endless.calls) == PAGES_MAX


@pytest.mark.parametrize("count", [0, QUERIES_PER_CALL + 1])
async def test_more_or_fewer_queries_than_the_api_takes_are_not_sent(count: int) -> None:
    pages = FakePages({})
    with pytest.raises(AwsFailed, match="One call takes"):
        await CloudWatchMetrics(pages).read([ONE] * count, 0, 1)
    assert pages.calls == []
