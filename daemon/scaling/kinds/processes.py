"""Payment cores of one machine: the environment that has the traffic, made larger and smaller by its service."""

from daemon.environments.region import RegionEnvironments
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Capacity, Traffic


class ProcessCapacity:
    """Scalable over the processes of one region. environments: of that region; traffic: what splits it between them.

    A process that is taken away is known to no client any more and has answered what it began before it ends.
    """

    def __init__(self, environments: RegionEnvironments, traffic: Traffic) -> None:
        self._environments = environments
        self._traffic = traffic

    async def read(self) -> Capacity:
        """See Scalable; in service are the healthy processes."""
        _, state = await self._current()
        # While some are being stopped, they are running and not wanted any more.
        in_service = state.healthy if state.running <= state.desired else state.running
        return Capacity(desired=state.desired, in_service=in_service, said=state.failed)

    async def set(self, units: int, key: str) -> None:
        """See Scalable."""
        environment, state = await self._current()
        if state.desired != units:
            await self._environments.resize(environment, units, key)

    async def environment(self) -> str:
        """The environment that has most of the traffic. Raises WorldUnreachable or WorldRefused."""
        weights = await self._traffic.read()
        if not any(weights.values()):
            raise WorldRefused("No environment has any traffic, so none is scaled.")
        return max(weights, key=lambda name: weights[name])

    async def _current(self) -> tuple[str, EnvironmentState]:
        environment = await self.environment()
        state = await self._environments.look(environment)
        if state is None:
            raise WorldUnreachable(f"{environment} has the traffic and is not there.")
        return environment, state
