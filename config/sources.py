"""What the daemon asks for itself beside its queues: the CloudWatch metrics that rules read."""

from typing import Annotated

from pydantic import Field, model_validator

from config.model import Duration, Model, refusal

QUERIES_MAX = 5_000
"""Ten calls of GetMetricData in each poll; at a poll a minute their price is already that of a server."""
_STATISTIC = r"^(Average|Sum|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d{1,2})?|p100)$"
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_DAY_SECONDS = 86_400
_Dimension = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^,=]+$")]


class MetricQuery(Model):
    """One metric with its dimensions, one statistic and one period."""

    namespace: str = Field(
        max_length=255,
        pattern=r"^[A-Za-z0-9._/#:-]+$",
        description="A CloudWatch namespace",
        examples=["AWS/ApplicationELB"],
    )
    metric: str = Field(min_length=1, max_length=255, examples=["TargetResponseTime"])
    statistic: str = Field(
        pattern=_STATISTIC,
        description="A statistic: Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99",
        examples=["p99"],
    )
    period: Duration = 60.0
    dimensions: dict[_Dimension, _Dimension] = Field(default_factory=dict, max_length=30)

    @property
    def period_seconds(self) -> int:
        """The length of one datapoint."""
        return int(self.period)

    @property
    def dimension_text(self) -> str:
        """The dimensions as facts carry them: ``Name=value``, sorted, with commas between."""
        return ",".join(f"{name}={value}" for name, value in sorted(self.dimensions.items()))

    @model_validator(mode="after")
    def _period_as_cloudwatch_has_it(self) -> "MetricQuery":
        if self.period not in _SHORT_PERIODS and (self.period % 60 or self.period > _DAY_SECONDS):
            what = f"CloudWatch has no period of {self.period:g}s"
            raise refusal(what, "write 1s, 5s, 10s, 20s, 30s, or whole minutes up to 1d", ("period",))
        return self


class MetricSettings(Model):
    """Which CloudWatch metrics are read, how often, and how long after its end a period counts as complete."""

    every: Duration = 60.0
    settle: Duration = 60.0
    queries: tuple[MetricQuery, ...] = Field(default=(), strict=False, max_length=QUERIES_MAX)

    @model_validator(mode="after")
    def _each_metric_once(self) -> "MetricSettings":
        known: set[tuple[str, str, str, float, str]] = set()
        for index, one in enumerate(self.queries):
            key = (one.namespace, one.metric, one.statistic, one.period, one.dimension_text)
            if key in known:
                what = f"{one.namespace} {one.metric} {one.statistic} is asked for twice with the same dimensions"
                raise refusal(what, "remove one of the two", ("queries", index))
            known.add(key)
        return self
