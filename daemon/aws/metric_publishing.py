"""CloudWatch metrics by PutMetricData, many in one call."""

from collections.abc import Sequence
from datetime import UTC, datetime

from daemon.aws.session import Aws
from daemon.senses.metric_outlet import DATA_PER_CALL, MetricDatum


class MetricPublishing:
    """The port `daemon.senses.metric_outlet.Outlet` in one namespace of one account."""

    def __init__(self, aws: Aws, namespace: str) -> None:
        self._aws = aws
        self._namespace = namespace

    async def publish(self, data: Sequence[MetricDatum]) -> None:
        """Publish at most a thousand data in one call. Raises AwsFailed, and then nothing of them was taken."""
        await self._aws.call(
            "put_metric_data", Namespace=self._namespace, MetricData=[_written(datum) for datum in data[:DATA_PER_CALL]]
        )


def _written(datum: MetricDatum) -> dict[str, object]:
    return {
        "MetricName": datum.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
        "Timestamp": datetime.fromtimestamp(datum.at_ms / 1000, tz=UTC),
        "Value": datum.value,
        "Unit": datum.unit,
    }
