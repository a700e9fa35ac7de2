"""The cores of the regions beside the home region: processes of this machine over the same database."""

import asyncio
from collections.abc import Mapping

from config.policy import Policy, RegionRoom
from config.scenario import Environment, Scenario, SetWeights
from daemon.embedded.environments.core_starter import CoreStarter, RunningCore
from daemon.embedded.environments.cores import Core, release_at_start
from daemon.embedded.processes.surroundings import REGION
from daemon.probes.places import SEPARATOR

PAYMENTS_PER_SECOND = 500.0
"""What a region is said to be sized for: as many as a scenario may send."""


def with_regions(policy: Policy, scenario: Scenario) -> Policy:
    """The policy with the scenario's regions in place of its own; what a region is sized for stays as it was."""
    rooms = {
        region: policy.traffic.regions.get(region, RegionRoom(payments_per_second=PAYMENTS_PER_SECOND))
        for region in scenario.regions
    }
    return policy.model_copy(update={"traffic": policy.traffic.model_copy(update={"regions": rooms})})


def far_cores(scenario: Scenario, port: int) -> dict[str, Core]:
    """By name in the daemon's settings: blue of each other region, and green where the scenario deploys."""
    deploys = any(isinstance(step, SetWeights) for step in scenario.steps)
    environments: tuple[Environment, ...] = ("blue", "green") if deploys else ("blue",)
    far = [region for region in scenario.regions if region != REGION]
    return {
        f"{region}{SEPARATOR}{environment}": Core(
            environment, release_at_start(scenario, environment), port, region=region, region_number=number
        )
        for number, region in enumerate(far, start=1)
        for environment in environments
    }


class FarRegions:
    """Those cores from start to stop. They are never replaced: what is deployed is deployed at home."""

    def __init__(self, cores: Mapping[str, Core]) -> None:
        self.cores = dict(cores)
        self._running: dict[str, RunningCore] = {}

    def environments(self, region: str) -> dict[str, str]:
        """By environment of a region the address that its record points to."""
        return {core.environment: core.address for core in self.cores.values() if core.region == region}

    async def start(self, starter: CoreStarter) -> None:
        """Start all of them, and return when they take payments. Raises StackFailed."""

        async def start_one(name: str, core: Core) -> None:
            self._running[name] = await starter.run(core)

        async with asyncio.TaskGroup() as group:
            for name, core in self.cores.items():
                group.create_task(start_one(name, core), name=f"start-{name}")

    async def crash(self, region: str) -> None:
        """Kill every core of the region; they stay dead."""
        dying = [self._running[name] for name, core in self.cores.items() if core.region == region]
        await asyncio.gather(*(core.kill() for core in dying))

    async def stop(self) -> None:
        """Let each finish the payments that are under way, in bounded time."""
        await asyncio.gather(*(core.stop() for core in self._running.values()))

    def hurry(self) -> None:
        """Kill all of them and do not wait."""
        for core in self._running.values():
            core.hurry()
