"""A shift of traffic: absolute weights, written once, and done when every client goes by them."""

from collections.abc import Mapping

from config.delivery.deployment import FULL_PERCENT
from remediation.deployment.findings import StepReport
from remediation.deployment.ports import Environments, StepContext
from remediation.deployment.works.looks import failed, shown, waiting
from remediation.ports import Clock, Look, Traffic

SEEN_MAX = 50
"""Steps whose weights were seen to be in effect; one is being done for each region."""


class Shift:
    """Gives the new version its share. The environment that gets it has to stand and to be healthy."""

    def __init__(self, traffic: Mapping[str, Traffic], environments: Environments, clock: Clock) -> None:
        self._traffic = traffic
        self._environments = environments
        self._clock = clock
        self._seen_ms: dict[str, int] = {}

    async def probe(self, context: StepContext) -> Look:
        """See StepWork; in effect when the weights were seen for as long as a client may go by older ones."""
        split = self._traffic[context.step.region]
        weights = await split.read()
        if weights != wanted_weights(context):
            return Look(in_effect=False, detail=_words(weights))
        now_ms = self._clock.now_ms()
        # Who was there when they were written is not known after a restart, so the time runs from the first look.
        since_ms = self._seen_ms.setdefault(context.step.id, now_ms)
        self._seen_ms = dict(list(self._seen_ms.items())[-SEEN_MAX:])
        left_ms = since_ms + round(await split.settles_in_seconds() * 1000) - now_ms
        if left_ms > 0:
            return Look(in_effect=False, detail=f"{_words(weights)}; clients follow within {left_ms / 1000:.0f} s")
        return Look(in_effect=True, detail=f"{_words(weights)}, and every client goes by it")

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        wanted = wanted_weights(context)
        weights = await self._traffic[context.step.region].read()
        if weights == wanted:
            return waiting((await self.probe(context)).detail)
        if weights.keys() != wanted.keys():
            return failed(f"the traffic is split between {_words(weights)}, not {' and '.join(sorted(wanted))} alone")
        unfit = await self._unfit(context)
        if unfit:
            return waiting(unfit)
        self._seen_ms.pop(context.step.id, None)
        await self._traffic[context.step.region].write(wanted, key)
        return waiting(f"{_words(wanted)} was written")

    async def _unfit(self, context: StepContext) -> str:
        """Why the environment cannot take its share; empty when it can."""
        environment = context.step.arguments["environment"]
        state = await self._environments.look(context.step.region, environment)
        if state is None:
            return f"{environment} is not there"
        version = context.step.arguments["version"]
        if state.version != version or not state.settled or state.healthy < 1:
            return f"{environment} is not ready for traffic: {shown(state)}"
        return ""


def wanted_weights(context: StepContext) -> dict[str, int]:
    """The weight of each environment after the step."""
    arguments = context.step.arguments
    percent = int(arguments["percent"])
    return {arguments["environment"]: percent, arguments["other"]: FULL_PERCENT - percent}


def _words(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{environment} {weight}" for environment, weight in sorted(weights.items()))
