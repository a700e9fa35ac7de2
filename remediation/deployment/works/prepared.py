"""Steps with nothing to do in this installation, which say so, and the way back, which always has to stand."""

from collections.abc import Mapping

from remediation.deployment.findings import StepReport
from remediation.deployment.ports import Environments, StepContext
from remediation.deployment.works.looks import OnlyLooks, passed, shown, waiting
from remediation.ports import Look, Traffic


class NothingToDo:
    """A step that has nothing to do here, and says why. in_effect: there is nothing that could be repeated."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        del context
        return Look(in_effect=True, detail=self._why)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del context, key
        return passed(self._why)


class WayBack(OnlyLooks):
    """What a rollback would go to: alive, in full size, and with the traffic that the plan began with."""

    def __init__(self, environments: Environments, traffic: Mapping[str, Traffic]) -> None:
        self._environments = environments
        self._traffic = traffic

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork; the weights stand in the answer, so that they are in the journal."""
        del key
        arguments = context.step.arguments
        weights = await self._traffic[context.step.region].read()
        if weights.get(arguments["environment"], 0) == 0 or weights.get(arguments["spare"], 0) > 0:
            return waiting(f"the traffic is not where the plan found it: {_words(weights)}")
        state = await self._environments.look(context.step.region, arguments["environment"])
        if state is None:
            return waiting(f"{arguments['environment']} is not there")
        if state.healthy < int(arguments["size"]):
            return waiting(f"{arguments['environment']} is too small to go back to: {shown(state)}")
        return passed(f"the way back stands: {shown(state)}; weights {_words(weights)}")


def _words(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{environment} {weight}" for environment, weight in sorted(weights.items()))
