"""Each complete datapoint of CloudWatch becomes one fact, whatever the service does."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from checks.facts import MetricSampled
from config.sources import MetricQuery, MetricSettings
from daemon.errors import AwsFailed, CheckpointFailed
from daemon.sources.cloudwatch import (
    ATTEMPTS,
    CATCH_UP_MS,
    LATE_MS,
    QUERIES_PER_CALL,
    Datapoint,
    MetricAnswer,
    MetricSource,
)
from tests.unit.daemon.sources.fakes import NOW_MS, FakeClock, FakeSink

MINUTE_MS = 60_000
AGE = MetricQuery(namespace="AWS/SQS", metric="Age", statistic="Maximum", dimensions={"QueueName": "q", "A": "b"})


class FakeMetrics:
    """Holds datapoints by query, and answers with those in the window; scripted faults come first."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, int], float] = {}
        self.faults: list[AwsFailed] = []
        self.told: tuple[str, ...] = ()
        self.calls: list[tuple[int, int, int]] = []

    async def read(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> MetricAnswer:
        self.calls.append((len(queries), start_ms, end_ms))
        if self.faults:
            raise self.faults.pop(0)
        found = [
            Datapoint(query=number, at_ms=at_ms, value=value)
            for number, query in enumerate(queries)
            for (metric, at_ms), value in self.points.items()
            if metric == query.metric and start_ms <= at_ms < end_ms
        ]
        return MetricAnswer(tuple(found), self.told)


class World:
    """A source over a fake service."""

    def __init__(self, *queries: MetricQuery) -> None:
        self.metrics, self.sink, self.clock = FakeMetrics(), FakeSink(), FakeClock()
        self.source = MetricSource(
            self.metrics,
            MetricSettings(queries=queries if queries else (AGE,)),
            self.sink,
            self.clock,
            region="eu-west-1",
            account_id="123456789012",
            random=Random(3),  # noqa: S311  # jitter is no secret
        )

    def later(self, seconds: int) -> None:
        self.clock.now += seconds * 1000


def minute(number: int) -> int:
    """The beginning of a whole minute; 0 is the last one that is complete and settled."""
    return (NOW_MS // MINUTE_MS - 2 + number) * MINUTE_MS


async def test_a_datapoint_is_a_fact_at_its_own_time() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = -2.5
    assert await world.source.poll() == 1
    ((facts, source),) = world.sink.calls
    (fact,) = facts
    assert isinstance(fact, MetricSampled)
    assert source == "cloudwatch"
    assert (fact.subject, fact.at_ms, fact.value, fact.dimensions) == ("Age", minute(0), -2.5, "A=b,QueueName=q")
    assert (fact.region, fact.account_id, fact.period_seconds) == ("eu-west-1", "123456789012", 60)


async def test_a_repeated_datapoint_is_handed_over_once_and_a_late_one_still_comes() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = 1.0
    await world.source.poll()
    world.later(60)
    world.metrics.points["Age", minute(-9)] = 7.0
    world.metrics.points["Age", minute(1)] = 2.0
    assert await world.source.poll() == 2
    assert await world.source.poll() == 0
    assert [fact.at_ms for facts, _ in world.sink.calls for fact in facts] == [minute(0), minute(-9), minute(1)]


async def test_a_period_that_still_grows_is_not_read_yet() -> None:
    world = World()
    world.metrics.points["Age", minute(1)] = 1.0
    assert await world.source.poll() == 0
    world.later(60)
    world.metrics.points["Age", minute(1)] = 9.0
    assert await world.source.poll() == 1
    assert world.sink.calls[0][0][0].value == 9.0  # type: ignore[attr-defined]  # a metric.sampled


async def test_a_value_that_changes_afterwards_is_not_told_twice() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = 1.0
    await world.source.poll()
    world.metrics.points["Age", minute(0)] = 3.0
    assert await world.source.poll() == 0


async def test_the_same_datapoint_has_the_same_id_after_a_restart() -> None:
    ids = set()
    for _ in range(2):
        world = World()
        world.metrics.points["Age", minute(0)] = 1.0
        await world.source.poll()
        ids.update(world.sink.ids)
    assert len(ids) == 1


async def test_calls_hold_at_most_as_many_queries_as_the_service_takes() -> None:
    many = tuple(MetricQuery(namespace="N", metric=f"m{n}", statistic="Sum") for n in range(2 * QUERIES_PER_CALL + 1))
    world = World(*many)
    world.metrics.points = {(query.metric, minute(0)): 1.0 for query in many}
    assert await world.source.poll() == len(many)
    assert [count for count, _, _ in world.metrics.calls] == [QUERIES_PER_CALL, QUERIES_PER_CALL, 1]


async def test_throttling_is_waited_out_with_jitter() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = 1.0
    world.metrics.faults = [AwsFailed("Throttling", code="Throttling")] * (ATTEMPTS - 1)
    assert await world.source.poll() == 1
    assert len(set(world.clock.slept)) == ATTEMPTS - 1
    assert world.source.heard_at_ms > 0


async def test_a_poll_that_fails_is_made_up_for_by_the_next() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = 1.0
    await world.source.poll()
    heard = world.source.heard_at_ms
    world.metrics.faults = [AwsFailed("down")] * ATTEMPTS
    world.later(3600)
    assert await world.source.poll() == 0
    assert world.source.heard_at_ms == heard
    world.metrics.points["Age", minute(10)] = 2.0
    assert await world.source.poll() == 1


async def test_after_a_long_outage_the_window_is_bounded() -> None:
    world = World()
    await world.source.poll()
    world.later(30 * 86_400)
    await world.source.poll()
    _, start_ms, end_ms = world.metrics.calls[-1]
    assert end_ms - start_ms == CATCH_UP_MS


async def test_what_the_sink_did_not_take_is_asked_for_again() -> None:
    world = World()
    world.metrics.points["Age", minute(0)] = 1.0
    world.sink.faults = [CheckpointFailed("disk full")]
    assert await world.source.poll() == 0
    assert await world.source.poll() == 1


async def test_a_refusal_is_not_tried_again_at_once_and_the_other_calls_go_on() -> None:
    many = tuple(MetricQuery(namespace="N", metric=f"m{n}", statistic="Sum") for n in range(QUERIES_PER_CALL + 1))
    world = World(*many)
    world.metrics.points = {(query.metric, minute(0)): 1.0 for query in many}
    world.metrics.faults = [AwsFailed("AccessDenied", code="AccessDenied", retryable=False)]
    with capture_logs() as logs:
        assert await world.source.poll() == 1
    assert world.clock.slept == []
    assert ["AccessDenied" in line["error"] for line in logs] == [True]


async def test_a_metric_that_failed_alone_is_named() -> None:
    world = World()
    world.metrics.told = ("AWS/SQS Age: Forbidden",)
    with capture_logs() as logs:
        await world.source.poll()
    assert [line["faults"] for line in logs] == [["AWS/SQS Age: Forbidden"]]


async def test_it_stops_when_it_is_cancelled() -> None:
    world = World()
    waiting = asyncio.Event()

    async def wait_for_ever(seconds: float) -> None:
        assert seconds == 60
        waiting.set()
        await asyncio.Event().wait()

    world.clock.sleep = wait_for_ever  # type: ignore[method-assign]  # this clock never reaches the next poll
    async with asyncio.TaskGroup() as group:
        running = group.create_task(world.source.run(), name="source")
        await waiting.wait()
        running.cancel()
    assert running.cancelled()


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=10, max_value=400),
            st.lists(st.integers(min_value=0, max_value=14), max_size=5),
            st.sampled_from(["", "throttled", "sink"]),
        ),
        max_size=30,
    )
)
def test_every_datapoint_comes_exactly_once_however_late_and_whatever_fails(
    polls: list[tuple[int, list[int], str]],
) -> None:
    async def play() -> None:
        world = World()
        for seconds, late_minutes, fault in polls:
            world.later(seconds)
            now_minute = world.clock.now // MINUTE_MS
            for back in late_minutes:
                world.metrics.points["Age", (now_minute - back) * MINUTE_MS] = 1.0
            world.metrics.faults = [AwsFailed("throttled")] * ATTEMPTS if fault == "throttled" else []
            world.sink.faults = [CheckpointFailed("full")] if fault == "sink" else []
            await world.source.poll()
        world.metrics.faults, world.sink.faults = [], []
        world.later(180)
        await world.source.poll()
        seen = [fact.at_ms for facts, _ in world.sink.calls for fact in facts]
        assert sorted(seen) == sorted(at_ms for _, at_ms in world.metrics.points)

    asyncio.run(play())


def test_it_looks_back_as_far_as_a_datapoint_may_be_late() -> None:
    assert LATE_MS == 15 * MINUTE_MS


@pytest.mark.parametrize("seconds", [2.0, 45.0, 90.0, 90_000.0])
def test_a_period_that_cloudwatch_does_not_have_is_refused(seconds: float) -> None:
    with pytest.raises(ValidationError, match="no period of"):
        MetricQuery(namespace="N", metric="m", statistic="Sum", period=seconds)


def test_the_same_metric_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="asked for twice"):
        MetricSettings(queries=(AGE, AGE))
