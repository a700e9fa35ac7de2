"""Opens the environments of every region, of whatever kind the settings say."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import assert_never

from config.delivery.environments import EcsEnvironments, LambdaEnvironments, ProcessEnvironments, StackEnvironments
from config.settings import Settings
from daemon.aws.session import AwsClient, AwsClients
from daemon.environments.ecs import EcsServices
from daemon.environments.instances import StackInstances
from daemon.environments.lambda_aliases import LambdaAliases
from daemon.environments.processes import Processes
from daemon.environments.region import EnvironmentsByRegion, RegionEnvironments
from daemon.environments.stacks import Stacks
from daemon.errors import NotUsable
from remediation.ports import Clock


async def open_environments(
    stack: AsyncExitStack, settings: Settings, clients: AwsClients, clock: Clock
) -> EnvironmentsByRegion:
    """The environments by region; connections are closed when the stack is. Raises NotUsable."""
    regions: dict[str, RegionEnvironments] = {}
    for region, described in settings.environments.items():

        async def client(service: str, region: str = region) -> AwsClient:
            return await stack.enter_async_context(clients.client(service, region))

        match described:
            case ProcessEnvironments():
                token = await _read_token(described.token_file)
                regions[region] = await stack.enter_async_context(Processes(described.url, token))
            case EcsEnvironments():
                regions[region] = EcsServices(
                    described,
                    ecs=await client("ecs"),
                    balancers=await client("elbv2"),
                    scaling=await client("application-autoscaling"),
                )
            case LambdaEnvironments():
                regions[region] = LambdaAliases(
                    described,
                    lambda_=await client("lambda"),
                    scaling=await client("application-autoscaling"),
                    clock=clock,
                )
            case StackEnvironments():
                cloudformation = await client("cloudformation")
                instances = StackInstances(
                    cloudformation,
                    ecs=await client("ecs"),
                    balancers=await client("elbv2"),
                    autoscaling=await client("autoscaling"),
                )
                regions[region] = Stacks(described, cloudformation, instances, clock)
            case _:
                assert_never(described)
    return EnvironmentsByRegion(regions)


async def _read_token(path: Path) -> str:
    try:
        return (await asyncio.to_thread(path.read_text, encoding="ascii")).strip()
    except (OSError, UnicodeError) as fault:
        raise NotUsable(f"{path}: the token of the environment service cannot be read: {fault}") from fault
