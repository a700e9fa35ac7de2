"""Facts from CloudWatch metrics: each complete datapoint once, also when it is late, repeated or asked for anew."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import structlog

from checks.facts import MetricSampled
from config.sources import MetricQuery, MetricSettings
from daemon.errors import AwsFailed, DaemonError
from daemon.sources.backoff import Backoff
from daemon.sources.sink import FactSink
from remediation.ports import Clock

log = structlog.get_logger()

SOURCE = "cloudwatch"
"""What these facts are counted under."""
QUERIES_PER_CALL = 500
"""The most MetricDataQueries that GetMetricData takes."""
LATE_MS = 900_000
"""A datapoint may come this long after its period and is still found: every poll looks back so far."""
PERIODS_BACK = 3
"""Of a metric with long periods."""
CATCH_UP_MS = 3 * 3_600_000
"""After an outage the window reaches back at most so far: CloudWatch keeps datapoints of seconds for three hours."""
ATTEMPTS = 4
"""Of one call within a poll; the next poll asks for the same datapoints again."""
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 20.0
FAULTS_LOGGED = 10
"""Metrics named in one line of the log."""


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One value. query: its place among the queries that were asked. at_ms: the beginning of its period."""

    query: int
    at_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """What was read. faults: one sentence for each metric that could not be."""

    datapoints: tuple[Datapoint, ...]
    faults: tuple[str, ...] = ()


class Metrics(Protocol):
    """CloudWatch. Raises AwsFailed."""

    async def read(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> MetricAnswer:
        """The datapoints of up to 500 queries whose period begins in the window, the end excluded."""


@dataclass(slots=True)
class _Batch:
    """Queries of one call. seen: each datapoint handed over that lies within the window, by query and time.

    read_until_ms: the end of the last window that was read, or of the first that was tried.
    """

    queries: tuple[MetricQuery, ...]
    read_until_ms: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)

    @property
    def look_back_ms(self) -> int:
        return max(LATE_MS, PERIODS_BACK * 1000 * max(query.period_seconds for query in self.queries))


class MetricSource:
    """Polls CloudWatch. A period is read once it ended `settle` ago, because until then its value still grows.

    A datapoint that CloudWatch changes after that keeps the value it was read with.
    """

    name = SOURCE
    """What the facts of this source are counted under."""

    def __init__(
        self,
        metrics: Metrics,
        settings: MetricSettings,
        sink: FactSink,
        clock: Clock,
        *,
        region: str,
        account_id: str = "",
        random: Random | None = None,
    ) -> None:
        self._metrics = metrics
        self._every = settings.every
        self._settle_ms = round(settings.settle * 1000)
        self._sink = sink
        self._clock = clock
        self._region = region
        self._account_id = account_id
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, random)
        self._batches = [_Batch(tuple(chunk)) for chunk in _chunks(settings.queries)]
        self.heard_at_ms = 0
        """When every metric was last read; 0 before the first time."""
        self.silent_after_ms = round(2 * settings.every * 1000) + 60_000
        """Two polls that brought no answer, and the time that their retries may take."""

    async def run(self) -> None:
        """Poll until cancelled; no fault of AWS or of the sink ends it."""
        while True:
            await self.poll()
            await self._clock.sleep(self._every)

    async def poll(self) -> int:
        """Read every metric once; returns how many new datapoints were handed over."""
        taken, whole = 0, True
        for batch in self._batches:
            try:
                taken += await self._take(batch)
            except Exception as fault:  # the sink may fail in any way; the next poll asks again
                whole = False
                expected = isinstance(fault, DaemonError)
                log.warning(
                    "metrics were not read",
                    action="metrics_failed",
                    error=str(fault),
                    queries=len(batch.queries),
                    exc_info=None if expected else fault,
                )
        if whole:
            self.heard_at_ms = self._clock.now_ms()
        return taken

    async def _take(self, batch: _Batch) -> int:
        end_ms = self._clock.now_ms() - self._settle_ms
        if not batch.read_until_ms:
            batch.read_until_ms = end_ms
        start_ms = max(batch.read_until_ms - batch.look_back_ms, end_ms - max(CATCH_UP_MS, batch.look_back_ms))
        answer = await self._read(batch, start_ms, end_ms)
        if answer.faults:
            log.warning(
                "metrics without an answer", action="metrics_refused", faults=list(answer.faults[:FAULTS_LOGGED])
            )
        new = [point for point in answer.datapoints if _is_new(batch, point, end_ms)]
        if new:
            await self._sink.accept([self._fact(batch.queries[point.query], point) for point in new], SOURCE)
        batch.seen.update((point.query, point.at_ms) for point in new)
        batch.read_until_ms = end_ms
        oldest_ms = end_ms - batch.look_back_ms - round(self._every * 1000)
        batch.seen = {key for key in batch.seen if key[1] >= oldest_ms}
        return len(new)

    async def _read(self, batch: _Batch, start_ms: int, end_ms: int) -> MetricAnswer:
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._metrics.read(batch.queries, start_ms, end_ms)
            except AwsFailed as fault:
                if not fault.retryable:
                    raise
                await self._clock.sleep(self._backoff.seconds(attempt))
        return await self._metrics.read(batch.queries, start_ms, end_ms)

    def _fact(self, query: MetricQuery, point: Datapoint) -> MetricSampled:
        return MetricSampled(
            id=f"{self._identity(query)}@{point.at_ms}",
            at_ms=point.at_ms,
            subject=query.metric,
            region=self._region,
            namespace=query.namespace,
            metric=query.metric,
            statistic=query.statistic,
            value=point.value,
            period_seconds=query.period_seconds,
            dimensions=query.dimension_text,
            account_id=self._account_id,
        )

    def _identity(self, query: MetricQuery) -> str:
        """The same for the same metric after a restart and after a change of the configuration."""
        parts = (
            self._account_id,
            self._region,
            query.namespace,
            query.metric,
            query.dimension_text,
            query.statistic,
            str(query.period_seconds),
        )
        return f"cw-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _is_new(batch: _Batch, point: Datapoint, end_ms: int) -> bool:
    ended = point.at_ms + batch.queries[point.query].period_seconds * 1000 <= end_ms
    return ended and (point.query, point.at_ms) not in batch.seen


def _chunks(queries: Sequence[MetricQuery]) -> Iterator[Sequence[MetricQuery]]:
    """As many as one call takes; long periods together, so that they alone widen the window."""
    ordered = sorted(queries, key=lambda query: query.period)
    for first in range(0, len(ordered), QUERIES_PER_CALL):
        yield ordered[first : first + QUERIES_PER_CALL]
