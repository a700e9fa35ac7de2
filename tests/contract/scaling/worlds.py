"""Components of every kind with two units each, in a world that counts changes, throttles and refuses."""

import asyncio
import io
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from config.scaling import AlbTargets, DynamoDbTable, EcsService, LambdaFunction, Unit
from daemon.aws.session import Aws
from daemon.clock import SystemClock
from daemon.embedded.auto_scaling.service import PREFIX, AutoScalingStandIn
from daemon.embedded.auto_scaling.world import AwsWorld
from daemon.embedded.environments.group import EnvironmentGroup
from daemon.embedded.environments.service import EnvironmentService
from daemon.environments.processes import Processes
from daemon.errors import AwsFailed
from daemon.scaling.kinds import ecs_service
from daemon.scaling.kinds.alb_targets import TargetCapacity
from daemon.scaling.kinds.ecs_service import EcsServiceCapacity
from daemon.scaling.kinds.lambda_concurrency import ProvisionedConcurrency, ReservedConcurrency
from daemon.scaling.kinds.managed import ManagedTarget
from daemon.scaling.kinds.processes import ProcessCapacity
from daemon.scaling.kinds.table_capacity import TableCapacity
from remediation.ports import Scalable
from tests.contract.environments.simulated_ecs import GROUP, SimulatedBalancer, SimulatedEcs
from tests.contract.environments.watched import QuickClock, Watch, WatchedAws, WatchedTransport, turn
from tests.contract.environments.worlds import DEFINITION, Starter, opened_client
from tests.unit.remediation.worlds import FakeWorld

UNIT = Unit(hour_microdollars=0, source="a test")
Json = dict[str, Any]


@dataclass
class World:
    """scalable: has two units. change: what a change of units is called. largest: units that it may have."""

    scalable: Scalable
    watch: Watch
    change: str
    largest: int = 4
    also: list[AutoScalingStandIn] = field(default_factory=list)

    async def serving(self, units: int) -> None:
        """Return when so many serve, as what is asked of a machine comes later."""
        while (await self.scalable.read()).in_service != units:
            for one in self.also:
                await one.tick()
            await turn()


class StandInClient:
    """A client of the stand-in for Application Auto Scaling, over its own HTTP."""

    def __init__(self, app: Starlette) -> None:
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stand-in")

    async def call(self, operation: str, **arguments: object) -> Json:
        name = "".join(part.title() for part in operation.split("_"))
        response = await self._http.post("/", json=arguments, headers={"x-amz-target": f"{PREFIX}{name}"})
        answer: Json = response.json()
        if response.is_success:
            return answer
        raise AwsFailed(str(answer), code=answer["__type"], retryable=response.status_code >= 500)

    async def aclose(self) -> None:
        await self._http.aclose()


class UnlimitedScaling:
    """Application Auto Scaling with no target."""

    async def call(self, operation: str, **arguments: object) -> Json:
        del operation, arguments
        return {"ScalableTargets": []}


class FakeBalancer:
    """One target group as documented: what is registered is healthy at the next look, and what leaves drains once."""

    def __init__(self, *targets: str) -> None:
        self.states: dict[str, Json] = {target: {"State": "healthy"} for target in targets}

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # shapes are botocore's
        named = [one["Id"] for one in arguments.get("Targets", ())]
        if operation == "register_targets":
            self.states |= {target: {"State": "initial"} for target in named if target not in self.states}
        elif operation == "deregister_targets":
            self.states |= {target: {"State": "draining"} for target in named if target in self.states}
        else:
            told = [{"Target": {"Id": target}, "TargetHealth": state} for target, state in self.states.items()]
            self._go_on()
            return {"TargetHealthDescriptions": told}
        return {}

    def _go_on(self) -> None:
        after = {"initial": "healthy", "healthy": "healthy", "unhealthy": "unhealthy"}
        self.states = {
            target: {**state, "State": after[state["State"]]}
            for target, state in self.states.items()
            if state["State"] in after
        }


@asynccontextmanager
async def processes_world() -> AsyncIterator[World]:
    """The environment service as `up` runs it; green has the traffic."""
    changes: Counter[str] = Counter()
    starter = Starter(changes)
    groups = {name: EnvironmentGroup(name, starter, SystemClock(), drain_seconds=0) for name in ("blue", "green")}
    for group in groups.values():
        await group.begin("1.0.0")
    service = EnvironmentService({str(name): group for name, group in groups.items()}, "secret").app()
    transport = WatchedTransport(httpx.ASGITransport(service))
    transport.changes = changes
    async with Processes("http://127.0.0.1:1", "secret", transport) as region, _running(groups.values()):
        await region.resize("green", 2, "two")
        world = World(ProcessCapacity(region, FakeWorld(weights={"blue": 0, "green": 100})), transport, "start")
        await world.serving(2)
        transport.changes.clear()
        yield world


@asynccontextmanager
async def _running(groups: Iterable[EnvironmentGroup]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(group.run(), name=f"environment-{group.environment}") for group in groups]
        yield
        for task in running:
            task.cancel()


@asynccontextmanager
async def simulated_ecs_world() -> AsyncIterator[World]:
    """ECS with a load balancer, as documented: tasks start one look later."""
    ecs, watch = SimulatedEcs(), WatchedAws()
    await ecs.call("register_task_definition", family="core-green", **DEFINITION)
    await _service(ecs, "till", "core-green", "core-green", loadBalancers=[{"targetGroupArn": GROUP}])
    settings = EcsService(
        kind="ecs_service",
        region="us-east-1",
        cluster="till",
        service="core-green",
        max=4,
        unit=UNIT,
        hourly_cap_cents=1,
    )
    capacity = EcsServiceCapacity(
        settings,
        ecs=watch.client(ecs),
        balancers=watch.client(SimulatedBalancer(ecs)),
        scaling=watch.client(UnlimitedScaling()),
    )
    world = World(capacity, watch, "update_service")
    await world.serving(2)
    yield world


@asynccontextmanager
async def ecs_world(url: str, unique: str, *, managed: bool = False) -> AsyncIterator[World]:
    """A service of ministack. managed: Application Auto Scaling, which is ours, sizes it."""
    async with AsyncExitStack() as stack:
        ecs, balancers, dynamodb = [await opened_client(stack, url, name) for name in ("ecs", "elbv2", "dynamodb")]
        cluster, family = f"scaled-{unique}", f"scaled-core-{unique}"
        await ecs.call("create_cluster", clusterName=cluster)
        await ecs.call("register_task_definition", family=family, **DEFINITION)
        await _service(ecs, cluster, family, family)
        settings = EcsService(
            kind="ecs_service",
            region="us-east-1",
            cluster=cluster,
            service=family,
            max=4,
            unit=UNIT,
            hourly_cap_cents=1,
            application_auto_scaling=managed,
        )
        watch, stand_in = WatchedAws(), AutoScalingStandIn(AwsWorld(ecs, dynamodb), SystemClock())
        scaling = StandInClient(stand_in.app())
        stack.push_async_callback(scaling.aclose)
        target = ManagedTarget(
            watch.client(scaling), ecs_service.NAMESPACE, ecs_service.resource_of(settings), ecs_service.DIMENSION
        )
        if managed:
            await target.register(2, 4)
            watch.changes.clear()
        capacity = EcsServiceCapacity(
            settings,
            ecs=watch.client(ecs),
            balancers=watch.client(balancers),
            scaling=watch.client(scaling),
            managed=target if managed else None,
        )
        world = World(capacity, watch, "register_scalable_target" if managed else "update_service")
        await world.serving(2)
        yield world


@asynccontextmanager
async def lambda_world(url: str, unique: str, *, provisioned: bool) -> AsyncIterator[World]:
    """A function of ministack, with an alias."""
    name = f"scaled-{unique}-{'warm' if provisioned else 'kept'}"
    async with AsyncExitStack() as stack:
        lambda_ = await opened_client(stack, url, "lambda")
        await lambda_.call(
            "create_function",
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/till-core",
            Handler="app.handler",
            Code={"ZipFile": _archive()},
        )
        while (await lambda_.call("get_function_configuration", FunctionName=name))["State"] == "Pending":
            await turn()
        watch = WatchedAws()
        settings = LambdaFunction(
            kind="lambda_function",
            region="us-east-1",
            function=name,
            concurrency="provisioned" if provisioned else "reserved",
            alias="live" if provisioned else None,
            max=4,
            unit=UNIT,
            hourly_cap_cents=1,
        )
        if not provisioned:
            await lambda_.call("put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=2)
            yield World(ReservedConcurrency(settings, watch.client(lambda_)), watch, "put_function_concurrency")
            return
        made = await lambda_.call("publish_version", FunctionName=name)
        await lambda_.call("create_alias", FunctionName=name, Name="live", FunctionVersion=made["Version"])
        world = World(
            ProvisionedConcurrency(settings, watch.client(lambda_)), watch, "put_provisioned_concurrency_config"
        )
        await world.scalable.set(2, "first")
        await world.serving(2)
        watch.changes.clear()
        yield world


@asynccontextmanager
async def table_world(url: str, unique: str) -> AsyncIterator[World]:
    """A provisioned table of ministack."""
    name = f"scaled-{unique}"
    async with AsyncExitStack() as stack:
        dynamodb = await opened_client(stack, url, "dynamodb")
        await dynamodb.call(
            "create_table",
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 2},
        )
        watch = WatchedAws()
        settings = DynamoDbTable(
            kind="dynamodb_table",
            region="us-east-1",
            table=name,
            direction="write",
            max=4,
            unit=UNIT,
            hourly_cap_cents=1,
        )
        yield World(TableCapacity(settings, watch.client(dynamodb), QuickClock()), watch, "update_table")


@asynccontextmanager
async def targets_world() -> AsyncIterator[World]:
    """A target group with two of four targets, and one that is none of ours."""
    watch = WatchedAws()
    pool = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
    settings = AlbTargets(
        kind="alb_targets", region="us-east-1", target_group=GROUP, pool=pool, max=4, unit=UNIT, hourly_cap_cents=1
    )
    balancer = FakeBalancer("10.0.0.1", "10.0.0.2", "10.9.9.9")
    yield World(TargetCapacity(settings, watch.client(balancer)), watch, "targets")


async def _service(ecs: Aws, cluster: str, service: str, family: str, **more: object) -> None:
    await ecs.call(
        "create_service",
        cluster=cluster,
        serviceName=service,
        taskDefinition=family,
        desiredCount=2,
        launchType="FARGATE",
        deploymentConfiguration={},
        **more,
    )


def _archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    return content.getvalue()
