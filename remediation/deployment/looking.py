"""Performs one look at one step: in its turn, under the lease, in bounded time, and never twice in effect."""

import asyncio
from collections.abc import Mapping

import structlog

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.plan import Step
from remediation.deployment.ports import StepContext, StepWork
from remediation.deployment.run import DeploymentRun
from remediation.errors import RemediationError
from remediation.guardrails.locks import holder
from remediation.guardrails.target_turns import TargetTurns
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State

log = structlog.get_logger()

CALL_SECONDS = 10.0
"""One look at a step gets this long, and so long a rollback waits for a shift that was sent before it."""
NO_LEASE = StepReport(
    finding=StepFinding.UNREACHABLE, detail="the lease ran out, so another leader may act; nothing was sent"
)


class Looking:
    """Looks at steps through the works that are known, by kind of step."""

    def __init__(self, writer: JournalWriter, works: Mapping[str, StepWork], turns: TargetTurns, clock: Clock) -> None:
        self._writer = writer
        self._works = works
        self._turns = turns
        self._clock = clock
        self._attempts: dict[str, int] = {}

    async def look(self, run: DeploymentRun, step: Step) -> StepReport:
        """What the step says now; whatever goes wrong is an answer too. What is in effect is not done again."""
        work = self._works.get(step.kind)
        if work is None:
            # A newer version planned it; passing over what nobody here understands would promote it unseen.
            return StepReport(finding=StepFinding.HELD, detail=f"this version knows no step of the kind {step.kind}")
        context = StepContext(
            plan=run.plan,
            step=step,
            began_at_ms=run.began_at_ms,
            attempts=self._attempts.get(run.key, 0),
            spent_ms=run.spent_ms(self._clock.now_ms()),
        )
        try:
            if not step.target:
                return await self._perform(work, context, run)
            return await self._in_turn(work, context, run)
        except TimeoutError:
            return StepReport(finding=StepFinding.UNREACHABLE, detail=f"no answer within {CALL_SECONDS:g} s")
        except RemediationError as fault:
            finding = StepFinding.UNREACHABLE if fault.retryable else StepFinding.FAILED
            return StepReport(finding=finding, detail=str(fault))
        except Exception as fault:  # noqa: BLE001 whatever keeps a step from being looked at, going on blindly is worse
            log.warning("look failed", action="step_look_failed", step=step.id, fault=repr(fault))
            return StepReport(finding=StepFinding.UNREACHABLE, detail=f"it could not be looked at: {fault!r}")

    async def _in_turn(self, work: StepWork, context: StepContext, run: DeploymentRun) -> StepReport:
        async with asyncio.timeout(CALL_SECONDS):
            look = await work.probe(context)
        if look.in_effect:
            return StepReport(finding=StepFinding.PASSED, detail=look.detail)
        async with self._turns.of(context.step.target):
            # Whoever had the turn before may have taken the release back, or may be at it.
            held_back = _held_back(self._writer.state, run, context.step)
            if held_back is not None:
                return held_back
            return await self._perform(work, context, run)

    async def _perform(self, work: StepWork, context: StepContext, run: DeploymentRun) -> StepReport:
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return NO_LEASE
        self._attempts = {run.key: context.attempts + 1, **_newest(self._attempts, run.key)}
        async with asyncio.timeout(CALL_SECONDS):
            return await work.perform(context, run.key)


ATTEMPTS_MAX = 100
"""Steps whose looks are counted; one is being done for each deployment."""


def _newest(attempts: dict[str, int], key: str) -> dict[str, int]:
    return {name: count for name, count in list(attempts.items())[:ATTEMPTS_MAX] if name != key}


def _held_back(state: State, run: DeploymentRun, step: Step) -> StepReport | None:
    """Why nothing may be sent now; None when it may. A step of the unwinding is part of what takes a release back."""
    deployment = state.deployments.get(run.id)
    if run.stopped is None and deployment is not None and deployment.rolled_back:
        return StepReport(finding=StepFinding.WAITING, detail="the release was taken back, so nothing more is sent")
    current = state.runs.get(run.id)
    if run.stopped is None and current is not None and current.asked_to_abort_by:
        return StepReport(finding=StepFinding.WAITING, detail=f"{current.asked_to_abort_by} ended the deployment")
    other = holder(state, step.target)
    if other and other != run.id:
        return StepReport(finding=StepFinding.WAITING, detail=f"{other} is at work on {step.target}")
    return None
