"""The batches of a rolling deployment: so many instances of the one environment run the new version."""

from typing import Protocol

from remediation.deployment.findings import StepReport
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import failed, passed, waiting
from remediation.ports import Look


class BatchState(Protocol):
    """How far the instances of one environment have come. failed: why it goes no further, empty otherwise."""

    new: int
    settled: bool
    failed: str


class Batches(Protocol):
    """Environments whose instances can be replaced some at a time. Raises WorldUnreachable or WorldRefused."""

    async def batch(self, region: str, environment: str, version: str) -> BatchState:
        """How many healthy instances run this version."""

    async def roll(self, region: str, environment: str, version: str, count: int, key: str) -> None:
        """Let ``count`` of its instances run this version, the others what they ran before; returns at once."""


class Roll:
    """One batch, forward or, with a smaller count, back to the version before in the same batches."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        arguments = context.step.arguments
        state = await self._batches.batch(context.step.region, arguments["environment"], arguments["version"])
        wanted = int(arguments["instances"])
        detail = f"{state.new} of {arguments['size']} instances run {arguments['version']}"
        return Look(in_effect=state.settled and state.new == wanted, detail=detail)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        region, arguments = context.step.region, context.step.arguments
        state = await self._batches.batch(region, arguments["environment"], arguments["version"])
        # A failure from before this step asked is that of the batch which it may be there to take back.
        if state.failed and context.attempts > 0:
            return failed(f"{arguments['version']} does not come up: {state.failed}")
        detail = f"{state.new} of {arguments['size']} instances run {arguments['version']}"
        if not state.failed:
            if not state.settled:
                return waiting(detail)
            if state.new == int(arguments["instances"]):
                return passed(detail)
        await self._batches.roll(
            region, arguments["environment"], arguments["version"], int(arguments["instances"]), key
        )
        return waiting(f"{arguments['instances']} instances of {arguments['version']} were asked for")
