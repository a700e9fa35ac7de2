"""CloudWatch metrics over a real CloudWatch interface."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from config.sources import MetricQuery
from daemon.aws.cloudwatch import CloudWatchMetrics
from daemon.aws.session import Aws, AwsClients
from daemon.clock import SystemClock
from daemon.sources.cloudwatch import Datapoint


@pytest.fixture
async def cloudwatch(aws_clients: AwsClients) -> AsyncIterator[Aws]:
    async with aws_clients.client("cloudwatch") as client:
        yield client


async def test_what_was_put_is_read_with_its_own_time(cloudwatch: Aws, unique: str) -> None:
    now_ms = SystemClock().now_ms()
    at_ms = (now_ms // 60_000 - 3) * 60_000
    dimensions = [{"Name": "QueueName", "Value": unique}]
    for value in (2.5, 4.0):
        datum = {
            "MetricName": "Age",
            "Dimensions": dimensions,
            "Value": value,
            "Timestamp": datetime.fromtimestamp(at_ms / 1000, UTC),
        }
        await cloudwatch.call("put_metric_data", Namespace=f"Test/{unique}", MetricData=[datum])
    queries = [
        MetricQuery(namespace=f"Test/{unique}", metric="Age", statistic=statistic, dimensions={"QueueName": unique})
        for statistic in ("Maximum", "Sum")
    ]
    answer = await CloudWatchMetrics(cloudwatch).read(queries, at_ms - 600_000, now_ms)
    assert answer.faults == ()
    assert sorted(answer.datapoints, key=lambda point: point.query) == [
        Datapoint(query=0, at_ms=at_ms, value=4.0),
        Datapoint(query=1, at_ms=at_ms, value=6.5),
    ]
