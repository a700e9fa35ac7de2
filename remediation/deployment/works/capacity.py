"""Capacity of a release: it gets a share of the traffic once it has the instances which that share needs."""

from collections.abc import Callable

from remediation.deployment.findings import StepReport
from remediation.deployment.permitting import being_scaled
from remediation.deployment.planning import instances
from remediation.deployment.ports import Environments, StepContext, StepWork
from remediation.deployment.works.looks import OnlyLooks, passed, shown, waiting
from remediation.ports import Look
from remediation.state import State


class CapacityStands(OnlyLooks):
    """Before a release is put up: nothing is being scaled, and the environment with the traffic has all that it wants.

    What it has grown to since the plan is made good at each shift, by WithCapacity.
    """

    def __init__(self, environments: Environments, state: Callable[[], State]) -> None:
        self._environments = environments
        self._state = state

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        arguments, region = context.step.arguments, context.step.region
        busy = being_scaled(region, self._state())
        if busy:
            return waiting(busy)
        current = await self._environments.look(region, arguments["environment"])
        if current is None:
            return waiting(f"{arguments['environment']} is not there")
        if current.healthy < current.desired:
            return waiting(f"{arguments['environment']} is short itself: {shown(current)}")
        planned = int(arguments["size"])
        grown = f", where {planned} were planned; it is given as many" if current.desired > planned else ""
        return passed(f"{arguments['spare']} has to carry what {current.desired} instances carry now{grown}")


class WithCapacity:
    """A shift that waits until the environment has as many healthy instances as its share of the traffic needs.

    As many as the other environment has now would carry it: it may have grown since the plan was made, and what is
    missing is added here. A share that was planned with more keeps more.
    """

    def __init__(self, shift: StepWork, environments: Environments) -> None:
        self._shift = shift
        self._environments = environments

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        return await self._shift.probe(context)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        arguments, region = context.step.arguments, context.step.region
        environment, percent = arguments["environment"], int(arguments["percent"])
        other = await self._environments.look(region, arguments["other"])
        if other is None or percent == 0:
            return await self._shift.perform(context, key)
        needed = instances(other.desired, percent)
        state = await self._environments.look(region, environment)
        if state is None or state.healthy >= needed:
            # What is not there is the shift's own matter to refuse.
            return await self._shift.perform(context, key)
        if state.desired < needed:
            await self._environments.resize(region, environment, needed, f"{key}-{needed}")
        return waiting(
            f"{percent} % of what {other.desired} instances carry needs {needed} of {environment}: {shown(state)}"
        )
