"""Opens what scales: an adapter and a gauge for each component, whatever its kind, and the duty over them."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from checks.findings import Finding
from config.load import Configuration
from config.policy import Policy
from config.scaling import AlbTargets, DynamoDbTable, EcsService, LambdaFunction, Processes, Scaling
from daemon.aws.cloudwatch import CloudWatchMetrics
from daemon.aws.session import Aws, AwsClients
from daemon.environments.processes import Processes as ProcessService
from daemon.environments.region import EnvironmentsByRegion
from daemon.environments.service_looks import find_service
from daemon.errors import NotUsable
from daemon.scaling.desk import ScalingDesk
from daemon.scaling.forecasts import Forecasts
from daemon.scaling.group_load import BehindBalancer
from daemon.scaling.kinds import alb_targets, ecs_service, lambda_concurrency, table_capacity
from daemon.scaling.kinds.auto_scaling import AutoScaling
from daemon.scaling.kinds.managed import ManagedTarget
from daemon.scaling.kinds.processes import ProcessCapacity
from daemon.scaling.load import Gauge
from daemon.scaling.measured import measured_function, measured_service, measured_table, measured_targets
from daemon.scaling.metric_load import RegionMetrics
from daemon.scaling.process_load import ProcessGauge
from daemon.scaling.scaler import Scaler
from daemon.scaling.spilling import Spilling
from daemon.scaling.watched import Watched, needed_units
from remediation.actions.scale import Scaled
from remediation.executor import Executor
from remediation.guardrails.money_at_risk import Flow
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Scalable, Traffic
from remediation.scaling.model import Component, components

SETTLING_SECONDS = 30.0
"""Beyond its warming up or draining: what a control plane takes to begin, and to show that it has ended."""


@dataclass(frozen=True, slots=True)
class ScalingFoundation:
    """What actions need of components before anything decides. watched: every component, in the order of the file."""

    watched: tuple[Watched, ...]
    auto_scaling: tuple[AutoScaling, ...]
    changing: "Changing"
    clock: Clock

    def scaled(self) -> Mapping[str, Scaled]:
        """The components that an action may scale, by ``region/component``."""
        return {
            one.place: _scaled(one, one.scalable, self.changing, self.clock)
            for one in self.watched
            if one.scalable is not None
        }


@dataclass(slots=True)
class Changing:
    """Which deployment changes a component now; asked of the scaler, once there is one."""

    of: Callable[[Watched], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class ScalingParts:
    """scaler: the duty. desk: what people ask."""

    scaler: Scaler
    desk: ScalingDesk
    auto_scaling: tuple[AutoScaling, ...]

    def follow(self, policy: Scaling) -> None:
        """Decide by other limits from the next look on; the components are those that were opened."""
        self.scaler.follow(policy)
        for one in self.auto_scaling:
            one.follow(policy.components[one.component.name])

    async def tick(self) -> None:
        """What was configured at Application Auto Scaling is there, and every component is looked at."""
        if self.scaler.policy.mode == "off":
            return
        for one in self.auto_scaling:
            await one.keep(act=self.scaler.policy.mode == "act")
        await self.scaler.tick()


class _Region:
    """The clients of one region, each made when it is first needed."""

    def __init__(self, name: str, stack: AsyncExitStack, clients: AwsClients, clock: Clock) -> None:
        self.name = name
        self._stack = stack
        self._clients = clients
        self._clock = clock
        self._made: dict[str, Aws] = {}
        self._metrics: RegionMetrics | None = None

    async def client(self, service: str) -> Aws:
        if service not in self._made:
            self._made[service] = await self._stack.enter_async_context(self._clients.client(service, self.name))
        return self._made[service]

    async def metrics(self) -> RegionMetrics:
        if self._metrics is None:
            self._metrics = RegionMetrics(CloudWatchMetrics(await self.client("cloudwatch")), self._clock)
        return self._metrics


async def open_scaling_foundation(
    stack: AsyncExitStack,
    configuration: Configuration,
    clients: AwsClients,
    environments: EnvironmentsByRegion,
    traffic: Mapping[str, Traffic],
    clock: Clock,
) -> ScalingFoundation:
    """Adapters and gauges; clients are closed when the stack is. Raises NotUsable.

    Where the mode is off nothing is opened, so that a daemon without scaling needs no permission for it.
    """
    policy, queue = configuration.scaling, configuration.settings.queues.payment_events
    if policy.mode == "off":
        return ScalingFoundation((), (), Changing(), clock)
    regions: dict[str, _Region] = {}
    watched: list[Watched] = []
    managed: list[AutoScaling] = []
    for component in components(policy):
        name = component.scaled.region
        region = regions.setdefault(name, _Region(name, stack, clients, clock))
        if isinstance(component.scaled, Processes):
            watched.append(_processes(component, environments, traffic, clock))
            continue
        scalable, gauge, target = await _of_aws(component, region, queue, clock)
        watched.append(Watched(component, scalable, gauge))
        if target is not None:
            scaling = await region.client("application-autoscaling")
            managed.append(AutoScaling(component, target, scaling, clock))
    return ScalingFoundation(tuple(watched), tuple(managed), Changing(), clock)


async def open_scaling(
    foundation: ScalingFoundation,
    configuration: Configuration,
    between: Traffic | None,
    *,
    writer: JournalWriter,
    executor: Executor,
    policy: Callable[[], Policy],
    find: Callable[[Finding], Awaitable[None]],
    flow: Callable[[], Flow | None],
    clock: Clock,
) -> ScalingParts:
    """The duty and the desk; nothing is started, and nothing has to be closed. between: the split between regions."""
    scaler = Scaler(
        foundation.watched,
        policy=configuration.scaling,
        writer=writer,
        forecasts=await Forecasts.open(configuration.settings.data_dir),
        spilling=Spilling(between, writer, find, clock),
        find=find,
        flow=flow,
        clock=clock,
    )
    foundation.changing.of = scaler.changing
    desk = ScalingDesk(scaler, writer, executor, policy, foundation.auto_scaling, clock)
    return ScalingParts(scaler, desk, foundation.auto_scaling)


async def _of_aws(
    component: Component, region: _Region, queue: str, clock: Clock
) -> tuple[Scalable, Gauge, ManagedTarget | None]:
    settings, metrics = component.scaled, await region.metrics()
    target = await _managed(component, region)
    match settings:
        case EcsService():
            ecs, balancers = await region.client("ecs"), await region.client("elbv2")
            scaling = await region.client("application-autoscaling")
            service = ecs_service.EcsServiceCapacity(
                settings, ecs=ecs, balancers=balancers, scaling=scaling, managed=target
            )
            measured = partial(measured_service, settings, queue=queue)
            group = partial(_group_of, ecs, settings)
            return service, BehindBalancer(component.name, metrics, balancers, group, measured), target
        case LambdaFunction():
            function = await region.client("lambda")
            gauge = metrics.add(component.name, measured_function(settings, queue))
            if settings.concurrency == "reserved":
                return lambda_concurrency.ReservedConcurrency(settings, function), gauge, None
            return lambda_concurrency.ProvisionedConcurrency(settings, function, target), gauge, target
        case DynamoDbTable():
            gauge = metrics.add(component.name, measured_table(settings))
            if settings.mode == "on_demand":
                return table_capacity.OnDemandTable(settings), gauge, None
            table = table_capacity.TableCapacity(settings, await region.client("dynamodb"), clock, target)
            return table, gauge, target
        case AlbTargets():
            balancers = await region.client("elbv2")
            measured = partial(measured_targets, settings, queue=queue)
            behind = BehindBalancer(component.name, metrics, balancers, partial(_arn_of, settings), measured)
            return alb_targets.TargetCapacity(settings, balancers), behind, None
        case Processes():
            raise NotUsable(f"{component.name}: processes are no part of AWS.")
        case _:
            assert_never(settings)


async def _managed(component: Component, region: _Region) -> ManagedTarget | None:
    """The target at Application Auto Scaling, where the configuration gives it to that."""
    settings = component.scaled
    if not component.follows_by_itself:
        return None
    scaling = await region.client("application-autoscaling")
    if isinstance(settings, EcsService):
        return ManagedTarget(scaling, ecs_service.NAMESPACE, ecs_service.resource_of(settings), ecs_service.DIMENSION)
    if isinstance(settings, LambdaFunction):
        return ManagedTarget(
            scaling,
            lambda_concurrency.NAMESPACE,
            lambda_concurrency.resource_of(settings),
            lambda_concurrency.DIMENSION,
        )
    if isinstance(settings, DynamoDbTable):
        dimension = table_capacity.dimension_of(settings.direction)
        return ManagedTarget(scaling, table_capacity.NAMESPACE, table_capacity.resource_of(settings), dimension)
    return None


def _processes(
    component: Component, environments: EnvironmentsByRegion, traffic: Mapping[str, Traffic], clock: Clock
) -> Watched:
    region = component.scaled.region
    there, split = environments.in_region(region), traffic.get(region)
    if not isinstance(there, ProcessService) or split is None:
        raise NotUsable(
            f"components.{component.name} of scaling.yaml are processes in {region}, and environments of the settings "
            "has none there; give it an environment service, or leave the component out."
        )
    capacity = ProcessCapacity(there, split)
    return Watched(component, capacity, ProcessGauge(capacity, there, clock))


def _scaled(one: Watched, scalable: Scalable, changing: Changing, clock: Clock) -> Scaled:
    unit = one.component.scaled.unit

    async def needed() -> int | None:
        """Asked anew: since the decision requests may have come."""
        if one.gauge is None:
            return needed_units(one.component, None)
        return needed_units(one.component, (await one.gauge.read(await scalable.read())).in_flight)

    return Scaled(
        scalable=scalable,
        least=lambda: one.component.scaled.min,
        most=lambda: one.most(clock.now_ms()),
        settles_seconds=lambda: max(unit.warm_up, unit.drain) + SETTLING_SECONDS,
        needed=needed,
        changing=lambda: changing.of(one),
    )


async def _group_of(ecs: Aws, settings: EcsService) -> str:
    found = await find_service(ecs, settings.cluster, settings.service)
    balancers = () if found is None else found.get("loadBalancers", ())
    return next((str(one["targetGroupArn"]) for one in balancers if one.get("targetGroupArn")), "")


async def _arn_of(settings: AlbTargets) -> str:
    return settings.target_group
