"""What a health check found stands in CloudWatch, under our namespace, by component and environment."""

from datetime import UTC, datetime, timedelta

from checks.facts import HealthProbed
from daemon.aws.metric_publishing import MetricPublishing
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.senses.metric_outlet import MetricOutlet, health_data


async def test_a_health_check_is_found_in_cloudwatch(aws_clients: AwsClients, unique: str) -> None:
    clock = SystemClock()
    now_ms = clock.now_ms()
    facts = [
        HealthProbed(id="a", at_ms=now_ms, subject="database", status="healthy", latency_ms=12.5),
        HealthProbed(id="b", at_ms=now_ms, subject="encryption", environment="blue", status="unhealthy"),
        HealthProbed(id="c", at_ms=now_ms, subject="monitoring", status="unknown"),
    ]
    async with aws_clients.client("cloudwatch") as cloudwatch:
        outlet = MetricOutlet(MetricPublishing(cloudwatch, f"Tillwatch-{unique}"), clock)
        outlet.offer(health_data(facts))
        assert await outlet.publish_once()
        listed = (await cloudwatch.call("list_metrics", Namespace=f"Tillwatch-{unique}"))["Metrics"]
        names = {(one["MetricName"], one["Dimensions"][0]["Value"]) for one in listed}
        assert ("ComponentHealthy", "database") in names
        assert ("ComponentHealthy", "monitoring") not in names
        moment = datetime.fromtimestamp(now_ms / 1000, tz=UTC)
        answer = await cloudwatch.call(
            "get_metric_statistics",
            Namespace=f"Tillwatch-{unique}",
            MetricName="ProbeLatency",
            Dimensions=[{"Name": "Component", "Value": "database"}],
            StartTime=moment - timedelta(minutes=5),
            EndTime=moment + timedelta(minutes=5),
            Period=60,
            Statistics=["Maximum"],
        )
    assert [point["Maximum"] for point in answer["Datapoints"]] == [12.5]
    assert (outlet.published, outlet.dropped) == (5, 0)
