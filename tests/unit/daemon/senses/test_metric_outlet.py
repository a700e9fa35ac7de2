"""Metrics go to CloudWatch in batches, are never waited for, and what is lost is counted."""

import asyncio
from collections.abc import Sequence

import pytest

from checks.facts import HealthProbed, HealthStatus
from daemon.aws.metric_publishing import MetricPublishing
from daemon.errors import AwsFailed
from daemon.senses.metric_outlet import DATA_PER_CALL, WAITING_MAX, MetricDatum, MetricOutlet, health_data

THROTTLED = AwsFailed("slow down", code="Throttling")
REFUSED = AwsFailed("no", code="AccessDenied", retryable=False)


class Taking:
    """Fails with the next fault, and takes data when there is none."""

    def __init__(self, *faults: AwsFailed) -> None:
        self.faults = list(faults)
        self.calls: list[list[MetricDatum]] = []
        self.taken = asyncio.Event()

    async def publish(self, data: Sequence[MetricDatum]) -> None:
        """See Outlet."""
        if self.faults:
            raise self.faults.pop(0)
        self.calls.append(list(data))
        self.taken.set()


class Clock:
    """Does not wait."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now_ms(self) -> int:
        """Never."""
        return 0

    def monotonic_ms(self) -> float:
        """Never."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Remember and go on."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


def data(count: int, first: int = 0) -> list[MetricDatum]:
    return [MetricDatum("n", (), first + number, 1.0) for number in range(count)]


def probed(status: HealthStatus, environment: str = "", check: str = "") -> HealthProbed:
    return HealthProbed(
        id="p", at_ms=5, subject="database", environment=environment, status=status, check=check, latency_ms=12.5
    )


@pytest.mark.parametrize(("status", "value"), [("healthy", 1.0), ("degraded", 0.5), ("unhealthy", 0.0)])
def test_a_probe_is_two_metrics(status: HealthStatus, value: float) -> None:
    healthy, latency = health_data([probed(status, "blue", "payment")])
    dimensions = (("Component", "database"), ("Environment", "blue"), ("Check", "payment"))
    assert healthy == MetricDatum("ComponentHealthy", dimensions, 5, value)
    assert latency == MetricDatum("ProbeLatency", dimensions, 5, 12.5, "Milliseconds")


def test_what_is_unknown_is_no_number() -> None:
    assert [datum.name for datum in health_data([probed("unknown")])] == ["ProbeLatency"]
    assert health_data([probed("healthy")])[0].dimensions == (("Component", "database"),)


async def test_data_are_sent_many_at_a_time() -> None:
    outlet = Taking()
    made = MetricOutlet(outlet, Clock())
    made.offer(data(DATA_PER_CALL + 1))
    assert await made.publish_once()
    assert await made.publish_once()
    assert [len(call) for call in outlet.calls] == [DATA_PER_CALL, 1]
    assert made.published == DATA_PER_CALL + 1
    assert await made.publish_once()
    assert len(outlet.calls) == 2


async def test_what_is_throttled_is_sent_later_in_its_order() -> None:
    outlet = Taking(THROTTLED)
    made = MetricOutlet(outlet, Clock())
    made.offer(data(3))
    assert not await made.publish_once()
    made.offer(data(1, 3))
    assert await made.publish_once()
    assert [datum.at_ms for datum in outlet.calls[0]] == [0, 1, 2, 3]
    assert (made.throttled, made.dropped, made.failed) == (1, 0, 0)


async def test_what_is_refused_is_dropped_and_counted() -> None:
    made = MetricOutlet(Taking(REFUSED), Clock())
    made.offer(data(3))
    assert not await made.publish_once()
    assert (made.failed, made.dropped, made.published) == (1, 3, 0)
    assert await made.publish_once()


async def test_a_cloudwatch_that_never_answers_costs_the_oldest_data_and_no_memory() -> None:
    made = MetricOutlet(Taking(THROTTLED), Clock())
    made.offer(data(WAITING_MAX))
    made.offer(data(2, WAITING_MAX))
    assert made.dropped == 2
    assert not await made.publish_once()
    assert made.dropped == 2
    made.offer(data(1))
    assert made.dropped == 3


async def test_it_runs_until_it_is_stopped_and_waits_longer_each_time() -> None:
    outlet, clock = Taking(THROTTLED, THROTTLED, THROTTLED), Clock()
    made = MetricOutlet(outlet, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        made.offer(data(1))
        await outlet.taken.wait()
        running.cancel()
    assert clock.slept == [1.0, 2.0, 4.0]


class Aws:
    """Keeps the call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, object]]] = []

    async def call(self, operation: str, **arguments: object) -> dict[str, object]:
        """See Aws."""
        self.calls.append((operation, arguments))
        return {}


async def test_a_batch_is_one_call_in_the_namespace() -> None:
    aws = Aws()
    await MetricPublishing(aws, "Tillwatch").publish(health_data([probed("healthy", "blue")]))
    ((operation, arguments),) = aws.calls
    assert (operation, arguments["Namespace"]) == ("put_metric_data", "Tillwatch")
    written = arguments["MetricData"]
    assert isinstance(written, list)
    assert [(one["MetricName"], one["Value"], one["Unit"]) for one in written] == [
        ("ComponentHealthy", 1.0, "None"),
        ("ProbeLatency", 12.5, "Milliseconds"),
    ]
    assert written[0]["Dimensions"] == [
        {"Name": "Component", "Value": "database"},
        {"Name": "Environment", "Value": "blue"},
    ]
