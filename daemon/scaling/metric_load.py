"""What components of AWS are busy with, by their CloudWatch metrics: one call for all of a region."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from config.sources import MetricQuery
from daemon.errors import AwsFailed
from daemon.scaling.load import UNKNOWN, Load
from daemon.sources.cloudwatch import Metrics
from remediation.ports import Capacity, Clock

log = structlog.get_logger()

PERIOD_SECONDS = 60.0
LOOK_BACK_MS = 240_000
"""A minute is complete one to two minutes after its end; what is older than this says nothing of now."""
FRESH_MS = 30_000
"""Each metric that is read costs money, and a new value comes once a minute."""

Values = Mapping[str, float]
"""By the name that a component gives a metric: the value of the newest minute that has one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a component is measured by. queries: by a name; load: from what was found, and what it has."""

    queries: Mapping[str, MetricQuery]
    load: Callable[[Values, Capacity | None], Load]


class RegionMetrics:
    """The metrics of one region's components, read together at most every FRESH_MS.

    measured: by component. A metric that cannot be read is missing, and so is all of it while CloudWatch fails.
    """

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._measured: dict[str, Measured] = {}
        self._values: dict[str, dict[str, float]] = {}
        self._read_at_ms = 0

    def add(self, component: str, measured: Measured) -> "MetricGauge":
        """Read this component's metrics, too."""
        self._measured[component] = measured
        return MetricGauge(self, component, measured)

    async def values(self, component: str) -> Values:
        """The newest values of one component."""
        now_ms = self._clock.now_ms()
        if now_ms - self._read_at_ms >= FRESH_MS:
            self._read_at_ms = now_ms
            self._values = await self._read(now_ms)
        return self._values.get(component, {})

    async def _read(self, now_ms: int) -> dict[str, dict[str, float]]:
        named = [
            (component, name, query) for component, one in self._measured.items() for name, query in one.queries.items()
        ]
        if not named:
            return {}
        try:
            answer = await self._metrics.read([asked for _, _, asked in named], now_ms - LOOK_BACK_MS, now_ms)
        except AwsFailed as fault:
            log.warning("load not read", action="load_not_read", fault=str(fault))
            return {}
        for said in answer.faults:
            log.warning("metric not read", action="metric_not_read", fault=said)
        newest: dict[tuple[str, str], tuple[int, float]] = {}
        for one in answer.datapoints:
            component, name, _ = named[one.query]
            if one.at_ms >= newest.get((component, name), (0, 0.0))[0]:
                newest[component, name] = (one.at_ms, one.value)
        found: dict[str, dict[str, float]] = {}
        for (component, name), (_, value) in newest.items():
            found.setdefault(component, {})[name] = value
        return found


class MetricGauge:
    """Gauge over the metrics of one component."""

    def __init__(self, region: RegionMetrics, component: str, measured: Measured) -> None:
        self._region = region
        self._component = component
        self._measured = measured

    async def read(self, capacity: Capacity | None) -> Load:
        """See Gauge."""
        values = await self._region.values(self._component)
        return self._measured.load(values, capacity) if values else UNKNOWN


def query(namespace: str, metric: str, statistic: str, dimensions: Sequence[tuple[str, str]]) -> MetricQuery:
    """One metric by the minute."""
    return MetricQuery(
        namespace=namespace, metric=metric, statistic=statistic, period=PERIOD_SECONDS, dimensions=dict(dimensions)
    )
