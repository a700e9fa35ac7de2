"""Steps that watch: the gates at the start, a stage until there is evidence, and the bake."""

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.gates.verdict import start_verdict, verdict
from remediation.deployment.ports import Environments, Gates, StepContext
from remediation.deployment.works.looks import OnlyLooks, passed, shown, waiting
from remediation.ports import Clock


class GatesAtStart(OnlyLooks):
    """Refuses to begin while a gate is red, because it could say nothing about the release."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        return start_verdict(await self._gates.read(context))


class Watch(OnlyLooks):
    """One stage, until its gates say so; at least as long as the step says, and never passed at its time limit."""

    def __init__(self, gates: Gates, clock: Clock) -> None:
        self._gates = gates
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key
        watched_seconds = (self._clock.now_ms() - context.began_at_ms) / 1000
        is_over = context.spent_ms > context.step.within_seconds * 1000
        report = verdict(await self._gates.read(context), is_over=is_over)
        at_least = int(context.step.arguments["at_least_ms"]) / 1000
        if report.finding is StepFinding.PASSED and watched_seconds < at_least:
            early = waiting(f"{report.detail}; it is watched for another {at_least - watched_seconds:.0f} s")
            return StepReport(finding=early.finding, detail=early.detail, readings=report.readings)
        return report


class Bake(OnlyLooks):
    """All of the traffic is on the new version, and the old one stays warm and in full size, to be gone back to."""

    def __init__(self, gates: Gates, environments: Environments, clock: Clock) -> None:
        self._gates = gates
        self._environments = environments
        self._clock = clock

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork; held when there is no way back any more, and at its end while the gates have not all passed."""
        del key
        arguments = context.step.arguments
        is_over = context.spent_ms > context.step.within_seconds * 1000
        report = verdict(await self._gates.read(context), is_over=is_over)
        if report.finding in {StepFinding.BREACHED, StepFinding.FAILED, StepFinding.HELD}:
            return report
        if arguments["other"] != arguments["environment"]:
            way_back = await self._environments.look(context.step.region, arguments["other"])
            if way_back is None or way_back.healthy < int(arguments["size"]):
                there = "is gone" if way_back is None else f"has {shown(way_back)}, {arguments['size']} are needed"
                detail = f"there is no way back: {arguments['other']} {there}"
                return StepReport(finding=StepFinding.HELD, detail=detail, readings=report.readings)
        left = int(arguments["bake_ms"]) / 1000 - (self._clock.now_ms() - context.began_at_ms) / 1000
        words = waiting(f"it bakes for another {left:.0f} s") if left > 0 else passed("baked")
        if left <= 0 and report.finding is not StepFinding.PASSED:
            # What is undecided is no promotion; the time beyond the bake is for it, and then somebody is paged.
            words = waiting(f"baked, but not every gate has passed: {report.detail}")
        return StepReport(finding=words.finding, detail=words.detail, readings=report.readings)
