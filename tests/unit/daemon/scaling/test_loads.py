"""A load is what was told of it: what is missing stays missing, and what AWS leaves out while it is zero is zero."""

import pytest

from config.scaling import DynamoDbTable, LambdaFunction, Unit
from daemon.environments.load import EnvironmentLoad, ProcessLoad
from daemon.errors import AwsFailed
from daemon.scaling.kinds.processes import ProcessCapacity
from daemon.scaling.load import UNKNOWN, Load
from daemon.scaling.measured import measured_function, measured_service, measured_table
from daemon.scaling.metric_load import FRESH_MS, RegionMetrics
from daemon.scaling.process_load import ProcessGauge
from daemon.sources.cloudwatch import Datapoint, MetricAnswer
from remediation.ports import Capacity
from tests.unit.daemon.scaling.scaling_house import component
from tests.unit.remediation.worlds import FakeClock, FakeWorld

TWO = Capacity(desired=2, in_service=2)
GROUP = (("TargetGroup", "targetgroup/core/1"), ("LoadBalancer", "app/core/1"))
UNIT = Unit(hour_microdollars=1, source="a test")
FUNCTION = LambdaFunction(
    kind="lambda_function", region="us-east-1", function="f", max=9, unit=UNIT, hourly_cap_cents=1
)
TABLE = DynamoDbTable(
    kind="dynamodb_table", region="us-east-1", table="t", direction="write", max=9, unit=UNIT, hourly_cap_cents=1
)


class FakeMetrics:
    """Answers the same values to every read, by metric; those of the minute before are older."""

    def __init__(self, **values: float) -> None:
        self.values = values
        self.reads = 0
        self.fault: AwsFailed | None = None

    async def read(self, queries: object, start_ms: int, end_ms: int) -> MetricAnswer:
        del start_ms
        self.reads += 1
        if self.fault is not None:
            raise self.fault
        found: list[Datapoint] = []
        for number, query in enumerate(queries):  # type: ignore[var-annotated, arg-type]
            if query.metric in self.values:
                found += [
                    Datapoint(number, end_ms - 60_000, self.values[query.metric]),
                    Datapoint(number, end_ms - 120_000, 999.0),
                ]
        return MetricAnswer(tuple(found))


async def load_of(metrics: FakeMetrics, measured: object, capacity: Capacity | None = TWO) -> Load:
    return await RegionMetrics(metrics, FakeClock()).add("core", measured).read(capacity)  # type: ignore[arg-type]


async def test_a_service_is_known_by_its_processor_and_by_what_its_balancer_sees() -> None:
    metrics = FakeMetrics(CPUUtilization=72.0, RequestCount=600.0, TargetResponseTime=0.25)
    load = await load_of(metrics, measured_service(component(), GROUP, queue="q"))
    assert (load.utilization, load.requests_per_second, load.concurrency, load.in_flight) == (0.72, 10.0, 3, 3)
    # Requests came and no 503 was counted: AWS leaves that metric out while it is zero.
    assert load.throttled == 0
    assert load.queue_age_seconds is None


async def test_a_service_of_which_nothing_was_told_has_no_load_and_not_none_at_all() -> None:
    assert await load_of(FakeMetrics(), measured_service(component(), GROUP, queue="q")) == UNKNOWN
    alone = await load_of(FakeMetrics(CPUUtilization=50.0), measured_service(component(), (), queue="q"))
    assert (alone.utilization, alone.throttled, alone.in_flight) == (0.5, None, None)


async def test_work_that_waits_is_known_where_a_limit_is_set() -> None:
    scaled = component(queue_age="30s", signals=("utilization", "queue_age"))
    load = await load_of(FakeMetrics(ApproximateAgeOfOldestMessage=95.0), measured_service(scaled, (), queue="q"))
    assert load.queue_age_seconds == 95.0


async def test_a_function_is_as_full_as_its_executions_say() -> None:
    metrics = FakeMetrics(ConcurrentExecutions=3.0, Throttles=6.0, Invocations=54.0)
    load = await load_of(metrics, measured_function(FUNCTION, "q"))
    assert (load.utilization, load.concurrency, load.throttled, load.requests_per_second) == (1.5, 3, 6, 1.0)
    nobody_knows = await load_of(metrics, measured_function(FUNCTION, "q"), None)
    assert nobody_knows.utilization is None


async def test_a_table_is_as_full_as_the_units_that_were_used() -> None:
    load = await load_of(FakeMetrics(ConsumedWriteCapacityUnits=90.0), measured_table(TABLE))
    assert (load.utilization, load.requests_per_second, load.throttled) == (0.75, 1.5, 0)


async def test_metrics_are_read_together_and_not_at_every_look() -> None:
    metrics, clock = FakeMetrics(CPUUtilization=50.0), FakeClock()
    region = RegionMetrics(metrics, clock)
    gauges = [region.add(name, measured_service(component(), (), queue="q")) for name in ("core", "other")]
    for _ in range(3):
        assert [(await gauge.read(TWO)).utilization for gauge in gauges] == [0.5, 0.5]
    assert metrics.reads == 1
    clock.at_ms += FRESH_MS
    metrics.fault = AwsFailed("ThrottlingException", code="ThrottlingException")
    assert await gauges[0].read(TWO) == UNKNOWN
    assert metrics.reads == 2


class FakeService:
    """The environment service of one machine."""

    def __init__(self) -> None:
        self.processes: list[ProcessLoad] = []
        self.unread = 0

    async def load(self, environment: str) -> EnvironmentLoad:
        assert environment == "green"
        return EnvironmentLoad(processes=self.processes, unread=self.unread)


def process(slot: int, seconds: float, requests: int, turned_away: int = 0, in_flight: int = 1) -> ProcessLoad:
    return ProcessLoad(
        slot=slot,
        version="1.0.0",
        in_flight=in_flight,
        processor_seconds=seconds,
        requests=requests,
        turned_away=turned_away,
    )


@pytest.fixture
def machine() -> tuple[ProcessGauge, FakeService, FakeClock]:
    service, clock = FakeService(), FakeClock()
    capacity = ProcessCapacity(None, FakeWorld(weights={"blue": 0, "green": 100}))  # type: ignore[arg-type]
    return ProcessGauge(capacity, service, clock), service, clock


async def test_processes_are_as_full_as_their_processor_says_between_two_looks(
    machine: tuple[ProcessGauge, FakeService, FakeClock],
) -> None:
    gauge, service, clock = machine
    service.processes = [process(0, 10.0, 100)]
    first = await gauge.read(TWO)
    assert (first.utilization, first.in_flight) == (None, 1)
    clock.at_ms += 10_000
    # The second one began in between and has counted from zero.
    service.processes = [process(0, 18.0, 150, 5), process(1, 2.0, 30)]
    load = await gauge.read(TWO)
    assert (load.utilization, load.requests_per_second, load.throttled, load.in_flight) == (0.5, 8.0, 5, 2)


async def test_a_process_that_began_anew_in_its_slot_has_done_what_it_counts(
    machine: tuple[ProcessGauge, FakeService, FakeClock],
) -> None:
    gauge, service, clock = machine
    service.processes = [process(0, 100.0, 5_000)]
    await gauge.read(TWO)
    clock.at_ms += 10_000
    service.processes = [process(0, 4.0, 20)]
    load = await gauge.read(TWO)
    assert (load.utilization, load.requests_per_second) == (0.4, 2.0)


async def test_a_process_that_does_not_tell_leaves_the_load_unknown(
    machine: tuple[ProcessGauge, FakeService, FakeClock],
) -> None:
    gauge, service, clock = machine
    service.processes = [process(0, 10.0, 100)]
    await gauge.read(TWO)
    clock.at_ms += 10_000
    service.unread = 1
    assert await gauge.read(TWO) == UNKNOWN
    service.unread = 0
    assert (await gauge.read(TWO)).utilization is None
