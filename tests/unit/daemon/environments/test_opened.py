"""Each region has environments of its own kind, and a region that the settings do not name has none."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from config.settings import AwsSettings, Settings
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.environments.ecs import EcsServices
from daemon.environments.lambda_aliases import LambdaAliases
from daemon.environments.opened import open_environments
from daemon.environments.processes import Processes
from daemon.environments.region import EnvironmentsByRegion
from daemon.environments.stacks import Stacks
from daemon.errors import NotUsable
from remediation.errors import WorldRefused

IMAGE = "registry.test/till-core:{version}"
AWS = AwsSettings(endpoint_url="http://127.0.0.1:1")


def described(token_file: Path) -> dict[str, Any]:
    return {
        "us-east-1": {"kind": "processes", "url": "http://127.0.0.1:1", "token_file": token_file},
        "us-east-2": {
            "kind": "ecs",
            "cluster": "till",
            "image": IMAGE,
            "environments": {"green": {"service": "core-green", "family": "core-green"}},
        },
        "us-west-1": {
            "kind": "lambda",
            "function": "core",
            "image": IMAGE,
            "environments": {"green": {"alias": "green"}},
        },
        "us-west-2": {"kind": "cloudformation", "environments": {"green": {"stack": "core-green"}}},
    }


async def test_every_kind_is_opened_for_its_region(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    settings = Settings(aws=AWS, environments=described(token))
    async with AsyncExitStack() as stack:
        opened = await open_environments(stack, settings, AwsClients(AWS, "test", "test"), SystemClock())
        assert isinstance(opened, EnvironmentsByRegion)
        kinds = {region: type(one) for region, one in opened._regions.items()}
        assert opened.batches is None, "not where one region cannot replace some instances at a time"
        with pytest.raises(WorldRefused, match="us-west-2 cannot"):
            await opened.roll("us-west-2", "green", "2.0.0", 1, "key")
    assert kinds == {
        "us-east-1": Processes,
        "us-east-2": EcsServices,
        "us-west-1": LambdaAliases,
        "us-west-2": Stacks,
    }


async def test_a_region_that_is_not_described_has_no_environments() -> None:
    async with AsyncExitStack() as stack:
        opened = await open_environments(stack, Settings(aws=AWS), AwsClients(AWS, "test", "test"), SystemClock())
        assert opened.batches is None
        assert await opened.look("eu-west-1", "green") is None
        with pytest.raises(WorldRefused, match="not for eu-west-1"):
            await opened.deploy("eu-west-1", "green", "2.0.0", 1, "key")
        with pytest.raises(WorldRefused, match="not for eu-west-1"):
            await opened.resize("eu-west-1", "green", 1, "key")


async def test_a_token_that_cannot_be_read_is_told_at_start(tmp_path: Path) -> None:
    settings = Settings(aws=AWS, environments=described(tmp_path / "nothing"))
    async with AsyncExitStack() as stack:
        with pytest.raises(NotUsable, match="nothing: the token"):
            await open_environments(stack, settings, AwsClients(AWS, "test", "test"), SystemClock())


async def test_processes_can_be_replaced_some_at_a_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    home = {"us-east-1": described(token)["us-east-1"]}
    async with AsyncExitStack() as stack:
        settings = Settings(aws=AWS, environments=home)
        opened = await open_environments(stack, settings, AwsClients(AWS, "test", "test"), SystemClock())
        assert opened.batches is opened
