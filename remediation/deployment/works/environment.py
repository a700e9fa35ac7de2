"""Steps that change an environment: a version into it, another size, an end once it holds no traffic any more."""

from collections.abc import Mapping
from typing import NamedTuple

from remediation.deployment.findings import StepReport
from remediation.deployment.ports import Environments, EnvironmentState, StepContext
from remediation.deployment.works.looks import failed, passed, shown, waiting
from remediation.ports import Clock, Look, Traffic


class _Asked(NamedTuple):
    """What this process asked an environment for. old_failure: what it showed before, and may show a while longer."""

    key: str
    old_failure: tuple[str, str] | None


class Deploy:
    """Lets an environment run the new version with as many instances as the step says, and waits until it has settled.

    The circuit breaker of the world, which gave the version up, ends the step as failed: the world then shows the
    wanted version as failed, or another one that it went back to, with a failure that was not there when it was asked.
    """

    def __init__(self, environments: Environments) -> None:
        self._environments = environments
        self._asked: dict[tuple[str, str], _Asked] = {}

    async def probe(self, context: StepContext) -> Look:
        """See StepWork; in effect when all of it runs and is healthy."""
        state = await self._look(context)
        if state is None:
            return Look(in_effect=False, detail="the environment is not there yet")
        return Look(in_effect=_is_wanted(state, context) and state.settled, detail=shown(state))

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        state = await self._look(context)
        arguments = context.step.arguments
        place = (context.step.region, arguments["environment"])
        asked = self._asked.get(place)
        if asked is not None and asked.key != key:
            asked = None
        if state is not None and state.failed:
            if asked is not None and (_is_wanted(state, context) or asked.old_failure != _failure(state)):
                return failed(f"{arguments['version']} does not come up: {shown(state)}")
        elif state is not None:
            if asked is not None:
                # The world has begun anew, so a failure with the same words is one of this step.
                self._asked[place] = _Asked(key, None)
            if _is_wanted(state, context):
                return passed(shown(state)) if state.settled else waiting(shown(state))
        await self._environments.deploy(*place, arguments["version"], int(arguments["size"]), key)
        if asked is None:
            self._asked[place] = _Asked(key, None if state is None else _failure(state))
        return waiting(f"{arguments['version']} was asked for, {arguments['size']} instances")

    async def _look(self, context: StepContext) -> EnvironmentState | None:
        return await self._environments.look(context.step.region, context.step.arguments["environment"])


class Resize:
    """Gives an environment as many instances as the step says, of the version that it runs."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        state = await self._environments.look(context.step.region, context.step.arguments["environment"])
        if state is None:
            return Look(in_effect=False, detail="the environment is not there")
        return Look(in_effect=_is_wanted(state, context) and state.settled, detail=shown(state))

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork; an environment that runs another version is no longer the one that was planned with."""
        arguments = context.step.arguments
        state = await self._environments.look(context.step.region, arguments["environment"])
        if state is None or state.version != arguments["version"]:
            there = "nothing" if state is None else state.version
            return failed(f"{arguments['environment']} runs {there}, not {arguments['version']}")
        if state.failed:
            return failed(f"{arguments['environment']} cannot be resized: {shown(state)}")
        if state.desired == int(arguments["size"]):
            return passed(shown(state)) if state.settled else waiting(shown(state))
        await self._environments.resize(context.step.region, arguments["environment"], int(arguments["size"]), key)
        return waiting(f"{arguments['size']} instances were asked for")


class Retire:
    """Stops an environment once no client goes there any more; never one that holds traffic.

    traffic: by region. Clients that asked before the last shift may come for as long as an answer is kept.
    """

    def __init__(self, environments: Environments, traffic: Mapping[str, Traffic], clock: Clock) -> None:
        self._environments = environments
        self._traffic = traffic
        self._clock = clock

    async def probe(self, context: StepContext) -> Look:
        """See StepWork; an environment that is not there needs no stopping."""
        arguments = context.step.arguments
        state = await self._environments.look(context.step.region, arguments["environment"])
        if state is None:
            return Look(in_effect=True, detail="the environment is not there")
        return Look(in_effect=state.desired == 0 and state.running == 0, detail=shown(state))

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        environment = context.step.arguments["environment"]
        split = self._traffic[context.step.region]
        weights = await split.read()
        if weights.get(environment, 0) > 0:
            return waiting(f"{environment} holds {weights[environment]} % of the traffic, so it is not stopped")
        drained_ms = context.began_at_ms + round(await split.settles_in_seconds() * 1000)
        left_ms = drained_ms - self._clock.now_ms()
        if left_ms > 0:
            return waiting(f"clients may come to {environment} for another {left_ms / 1000:.0f} s")
        state = await self._environments.look(context.step.region, environment)
        if state is not None and state.desired == 0:
            return passed("stopped") if state.running == 0 else waiting(shown(state))
        await self._environments.resize(context.step.region, environment, 0, key)
        return waiting(f"{environment} was asked to stop")


def _failure(state: EnvironmentState) -> tuple[str, str] | None:
    return (state.version, state.failed) if state.failed else None


def _is_wanted(state: EnvironmentState, context: StepContext) -> bool:
    arguments = context.step.arguments
    return state.version == arguments["version"] and state.desired == int(arguments["size"])
