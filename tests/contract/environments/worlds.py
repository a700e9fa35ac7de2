"""One region of each kind, with an environment ``green`` of one instance that runs 1.0.0."""

import asyncio
import io
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache

import httpx

from config.delivery.environments import (
    EcsCreation,
    EcsEnvironment,
    EcsEnvironments,
    LambdaArchive,
    LambdaEnvironment,
    LambdaEnvironments,
    StackEnvironment,
    StackEnvironments,
)
from config.settings import AwsSettings
from daemon.aws.session import Aws, AwsClients
from daemon.clock import SystemClock
from daemon.embedded.environments.group import EnvironmentGroup, Instance
from daemon.embedded.environments.service import EnvironmentService
from daemon.embedded.faults import ChildDied
from daemon.environments.ecs import EcsServices
from daemon.environments.instances import StackInstances
from daemon.environments.lambda_aliases import LambdaAliases
from daemon.environments.load import ProcessLoad
from daemon.environments.processes import Processes
from daemon.environments.region import RegionEnvironments
from daemon.environments.stacks import Stacks
from remediation.deployment.ports import EnvironmentState
from tests.contract.environments.simulated_ecs import (
    BROKEN,
    GROUP,
    SimulatedBalancer,
    SimulatedEcs,
    UnlimitedScaling,
)
from tests.contract.environments.watched import QuickClock, Watch, WatchedAws, WatchedTransport, turn

LOOKS_MAX = 400
"""Of 20 ms each: an emulator takes about a second at most."""


@dataclass(slots=True)
class World:
    """Some region. effect: the change that a deployment makes once. broken: a version that cannot be deployed."""

    region: RegionEnvironments
    watch: Watch
    effect: str
    broken: str = BROKEN

    async def at_rest(self, environment: str = "green") -> EnvironmentState:
        """The state once the environment has settled or failed."""
        state = await self.region.look(environment)
        for _ in range(LOOKS_MAX):
            if state is not None and (state.settled or state.failed):
                return state
            await turn()
            state = await self.region.look(environment)
        message = f"{environment} neither settled nor failed: {state}"
        raise AssertionError(message)


class _Process:
    """A process that takes no time."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.running = True

    async def is_ready(self) -> bool:
        return self.running

    async def load(self, slot: int) -> ProcessLoad | None:
        return ProcessLoad(
            slot=slot, version=self.version, in_flight=0, processor_seconds=1.0, requests=10, turned_away=0
        )

    async def stop(self) -> None:
        self.running = False

    async def kill(self) -> None:
        self.running = False

    def hurry(self) -> None:
        self.running = False


class Starter:
    """Starts processes that take no time."""

    def __init__(self, changes: Counter[str]) -> None:
        self._changes = changes

    async def start(self, environment: object, slot: int, version: str) -> Instance:
        del environment
        if version == BROKEN:
            died = f"core-green: exit code 1: version {version} does not start"
            raise ChildDied(died)
        self._changes[f"start {version} in {slot}"] += 1
        return _Process(version)


@asynccontextmanager
async def processes_world() -> AsyncIterator[World]:
    """The environment service as `up` runs it, over processes that take no time."""
    changes: Counter[str] = Counter()
    groups = {
        name: EnvironmentGroup(name, Starter(changes), SystemClock(), drain_seconds=0) for name in ("blue", "green")
    }
    await groups["green"].begin("1.0.0")
    changes.clear()
    service = EnvironmentService({str(name): group for name, group in groups.items()}, "secret").app()
    transport = WatchedTransport(httpx.ASGITransport(service))
    transport.changes = changes
    async with Processes("http://127.0.0.1:1", "secret", transport) as region, asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(group.run(), name=f"environment-{name}") for name, group in groups.items()]
        yield World(region, transport, "start 2.0.0 in 0")
        for task in running:
            task.cancel()


def ecs_settings(
    cluster: str, name: str, *, target_group: str | None = None, network: tuple[str, str] = ("subnet-1", "sg-1")
) -> EcsEnvironments:
    subnet, group = network
    create = EcsCreation(subnets=(subnet,), security_groups=(group,), target_group=target_group)
    return EcsEnvironments(
        kind="ecs",
        cluster=cluster,
        image="registry.test/till-core:{version}",
        environments={
            "green": EcsEnvironment(service=name, family=name, create=create),
            "teal": EcsEnvironment(service=f"{name}-teal", family=name),
        },
    )


DEFINITION = {
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "1024",
    "memory": "2048",
    "containerDefinitions": [
        {
            "name": "core",
            "image": "registry.test/till-core:0.9.0",
            "essential": True,
            "command": ["core", "serve", "--version", "0.9.0", "--environment", "green"],
            "environment": [{"name": "TABLE", "value": "till-core"}],
        }
    ],
    "tags": [{"key": "team", "value": "payments"}],
}


async def _begin(world: World) -> World:
    await world.region.deploy("green", "1.0.0", 1, "first")
    return world


@asynccontextmanager
async def simulated_ecs_world() -> AsyncIterator[World]:
    """ECS with a load balancer, as documented."""
    ecs = SimulatedEcs()
    await ecs.call("register_task_definition", family="core-green", **DEFINITION)
    watch = WatchedAws()
    region = EcsServices(
        ecs_settings("till", "core-green", target_group=GROUP),
        ecs=watch.client(ecs),
        balancers=watch.client(SimulatedBalancer(ecs)),
        scaling=watch.client(UnlimitedScaling()),
    )
    world = await _begin(World(region, watch, "update_service"))
    await world.at_rest()
    watch.changes.clear()
    yield world


@asynccontextmanager
async def ecs_world(url: str, unique: str) -> AsyncIterator[World]:
    """Fargate services of ministack, which has no Application Auto Scaling."""
    async with AsyncExitStack() as stack:
        ecs, balancers = [await opened_client(stack, url, name) for name in ("ecs", "elbv2")]
        cluster = f"till-{unique}"
        await ecs.call("create_cluster", clusterName=cluster)
        await ecs.call("register_task_definition", family=f"core-{unique}", **DEFINITION)
        watch = WatchedAws()
        region = EcsServices(
            ecs_settings(cluster, f"core-{unique}"),
            ecs=watch.client(ecs),
            balancers=watch.client(balancers),
            scaling=watch.client(UnlimitedScaling()),
        )
        world = await _begin(World(region, watch, "update_service"))
        watch.changes.clear()
        yield world


@asynccontextmanager
async def lambda_world(url: str, unique: str) -> AsyncIterator[World]:
    """A function with an alias, and archives of two versions in a bucket; there is none of the broken version."""
    name, bucket = f"core-{unique}", f"releases-{unique}"
    async with AsyncExitStack() as stack:
        lambda_, s3 = [await opened_client(stack, url, service) for service in ("lambda", "s3")]
        await s3.call("create_bucket", Bucket=bucket)
        for version in ("1.0.0", "2.0.0", "3.0.0"):
            await s3.call("put_object", Bucket=bucket, Key=f"core/{version}.zip", Body=_archive(version))
        await lambda_.call(
            "create_function",
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/till-core",
            Handler="app.handler",
            Code={"ZipFile": _archive("1.0.0")},
            Environment={"Variables": VARIABLES | {"TILL_CORE_VERSION": "1.0.0", "TILL_CORE_ENVIRONMENT": "green"}},
        )
        while (await lambda_.call("get_function_configuration", FunctionName=name))["State"] == "Pending":
            await turn()
        made = await lambda_.call("publish_version", FunctionName=name)
        await lambda_.call("create_alias", FunctionName=name, Name="green", FunctionVersion=made["Version"])
        await lambda_.call(
            "put_provisioned_concurrency_config",
            FunctionName=name,
            Qualifier="green",
            ProvisionedConcurrentExecutions=1,
        )
        settings = LambdaEnvironments(
            kind="lambda",
            function=name,
            archive=LambdaArchive(bucket=bucket, key="core/{version}.zip"),
            environments={"green": LambdaEnvironment(alias="green"), "teal": LambdaEnvironment(alias="teal")},
        )
        watch = WatchedAws()
        region = LambdaAliases(
            settings, lambda_=watch.client(lambda_), scaling=watch.client(UnlimitedScaling()), clock=QuickClock()
        )
        yield World(region, watch, "update_alias")


VARIABLES = {"TABLE": "till-core", "KEY": "alias/till"}

TEMPLATE = {
    # ministack hands a parameter over as the text that it is written as, and cannot count with that.
    "Mappings": {"Counts": {str(size): {"Tasks": size} for size in range(4)}},
    "Parameters": {"Version": {"Type": "String"}, "Size": {"Type": "Number"}, "Team": {"Type": "String"}},
    "Resources": {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": {"Ref": "AWS::StackName"}}},
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": {"Ref": "AWS::StackName"},
                "ContainerDefinitions": [
                    {"Name": "core", "Image": {"Fn::Sub": "registry.test/till-core:${Version}"}, "Memory": 512}
                ],
            },
        },
        "Core": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "TaskDefinition": {"Ref": "Definition"},
                "DesiredCount": {"Fn::FindInMap": ["Counts", {"Ref": "Size"}, "Tasks"]},
            },
        },
        "Stream": {
            "Type": "AWS::Logs::LogStream",
            "DependsOn": "Core",
            "Properties": {"LogGroupName": {"Fn::Sub": "/${AWS::StackName}/${Version}"}, "LogStreamName": "core"},
        },
    },
}
"""A log stream needs its group, so a version without one cannot be deployed."""


@asynccontextmanager
async def stack_world(url: str, unique: str) -> AsyncIterator[World]:
    """A stack; there is a log group for every version but the broken one."""
    name = f"core-{unique}"
    async with AsyncExitStack() as stack:
        cloudformation, logs, *counting = [
            await opened_client(stack, url, service)
            for service in ("cloudformation", "logs", "ecs", "elbv2", "autoscaling")
        ]
        for version in ("1.0.0", "2.0.0", "3.0.0"):
            await logs.call("create_log_group", logGroupName=f"/{name}/{version}")
        first = {"Version": "1.0.0", "Size": "1", "Team": "payments"}
        await cloudformation.call(
            "create_stack",
            StackName=name,
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in first.items()],
        )
        settings = StackEnvironments(
            kind="cloudformation",
            environments={"green": StackEnvironment(stack=name), "teal": StackEnvironment(stack=f"{name}-teal")},
        )
        watch = WatchedAws()
        watched, *counters = [watch.client(one) for one in (cloudformation, *counting)]
        region = Stacks(settings, watched, StackInstances(watched, *counters), QuickClock())
        world = World(region, watch, "execute_change_set")
        await world.at_rest()
        yield world


async def opened_client(stack: AsyncExitStack, url: str, service: str) -> Aws:
    """A client of a stand-in, closed with the stack."""
    return await stack.enter_async_context(_clients(url).client(service))


@cache
def _clients(url: str) -> AwsClients:
    """One for all tests: it remembers the descriptions of the services, which take long to read."""
    return AwsClients(AwsSettings(endpoint_url=url), "test", "test")


def _archive(version: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    return {version!r}\n")
    return content.getvalue()
