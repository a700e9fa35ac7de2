"""The load of what stands behind a load balancer: which balancer that is, is asked once and then known."""

from collections.abc import Awaitable, Callable

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.scaling.load import Load
from daemon.scaling.measured import Dimensions
from daemon.scaling.metric_load import Measured, MetricGauge, RegionMetrics
from remediation.ports import Capacity


class BehindBalancer:
    """Gauge over the metrics of a target group. group: its ARN, empty where there is none.

    measured: what is read, by the dimensions of the group. balancers: a client of elbv2.
    """

    def __init__(
        self,
        component: str,
        region: RegionMetrics,
        balancers: Aws,
        group: Callable[[], Awaitable[str]],
        measured: Callable[[Dimensions], Measured],
    ) -> None:
        self._component = component
        self._region = region
        self._aws = balancers
        self._group = group
        self._measured = measured
        self._gauge: MetricGauge | None = None

    async def read(self, capacity: Capacity | None) -> Load:
        """See Gauge."""
        if self._gauge is None:
            self._gauge = self._region.add(self._component, self._measured(await self._dimensions()))
        return await self._gauge.read(capacity)

    async def _dimensions(self) -> Dimensions:
        arn = await self._group()
        if not arn:
            return ()
        answer = await ask(self._aws, "describe_target_groups", TargetGroupArns=[arn])
        balancers = [one for group in answer.get("TargetGroups", ()) for one in group.get("LoadBalancerArns", ())]
        if not balancers:
            return ()
        return [("TargetGroup", arn.rpartition(":")[2]), ("LoadBalancer", balancers[0].partition("loadbalancer/")[2])]
