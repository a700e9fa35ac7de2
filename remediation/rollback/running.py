"""Walks the rollbacks that people asked for: each step until it has an end, and the end in the journal."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from remediation.errors import JournalError, RemediationError, WorldRefused
from remediation.journal.aftermath_kinds import RollbackEnded, RollbackStepEnded
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.rollback.model import AFTER, STEPS, RollbackRun, RollbackStep, StepResult, StepStatus

log = structlog.get_logger()

StepWork = Callable[[RollbackRun], Awaitable[StepResult]]
"""Does a step or looks how far it is; may be called again. Raises WorldUnreachable, WorldRefused or UnsafeWeights."""

PATIENCE_SECONDS: Mapping[RollbackStep, float] = {RollbackStep.DRAIN: 600.0, RollbackStep.ENVIRONMENT: 300.0}
"""How long after it was asked for a step may wait, or not be reached; the others get OTHER_SECONDS."""
OTHER_SECONDS = 60.0


class Rollbacks:
    """Over the journal's state. Journal faults are raised, and nothing is done after one."""

    def __init__(self, writer: JournalWriter, works: Mapping[RollbackStep, StepWork], clock: Clock) -> None:
        self._writer = writer
        self._works = works
        self._clock = clock
        self._began_ms: dict[tuple[str, RollbackStep], int] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def tick(self) -> None:
        """Go on with every rollback that has not ended, as far as it goes without waiting."""
        for name in [run.id for run in self._writer.state.manual_rollbacks.values() if not run.ended_at_ms]:
            await self.advance(name)

    async def advance(self, rollback_id: str) -> RollbackRun:
        """Go on with this one; what is known of it then. Who asked and the tick take turns: each step is done once."""
        async with self._turns.setdefault(rollback_id, asyncio.Lock()):
            run = await self._walk(rollback_id)
        if run.ended_at_ms:
            self._turns.pop(rollback_id, None)
        return run

    async def _walk(self, rollback_id: str) -> RollbackRun:
        while True:
            run = self._writer.state.manual_rollbacks[rollback_id]
            if run.ended_at_ms or self._clock.now_ms() >= self._writer.lease.until_ms:
                return run
            step = run.next_step
            if step is None:
                await self._end(run)
                continue
            result = await self._try(run, step)
            if result.status is StepStatus.WAITING:
                return run
            await self._writer.append(
                RollbackStepEnded(rollback_id=run.id, step=step, status=result.status, detail=result.detail)
            )

    async def _try(self, run: RollbackRun, step: RollbackStep) -> StepResult:
        needed = AFTER.get(step)
        if needed is not None and run.steps[needed].status is StepStatus.FAILED:
            return StepResult(status=StepStatus.FAILED, detail=f"not tried, because {needed} failed")
        try:
            result = await self._works[step](run)
        except JournalError:
            raise
        except WorldRefused as fault:
            result = StepResult(status=StepStatus.FAILED, detail=fault.detail)
        except RemediationError as fault:
            status = StepStatus.WAITING if fault.retryable else StepStatus.FAILED
            result = StepResult(status=status, detail=str(fault))
        except Exception as fault:  # noqa: BLE001 whatever keeps a step from its end, the daemon and the later steps go on
            log.warning("step failed", action="rollback_step_failed", step=step, fault=repr(fault))
            result = StepResult(status=StepStatus.WAITING, detail=f"it could not be done: {fault!r}")
        if result.status is StepStatus.WAITING and self._is_late(run, step):
            return StepResult(status=StepStatus.FAILED, detail=f"its time is over: {result.detail}")
        return result

    def _is_late(self, run: RollbackRun, step: RollbackStep) -> bool:
        """Whether the step has waited for as long as it may, since this process first tried it."""
        now_ms = self._clock.now_ms()
        began_ms = self._began_ms.setdefault((run.id, step), now_ms)
        return now_ms - began_ms >= PATIENCE_SECONDS.get(step, OTHER_SECONDS) * 1000

    async def _end(self, run: RollbackRun) -> None:
        failed = run.failed
        detail = "; ".join(f"{step}: {run.steps[step].detail}" for step in (failed or STEPS[run.kind]))
        await self._writer.append(RollbackEnded(rollback_id=run.id, complete=not failed, detail=detail))
        if failed:
            log.error("rollback is partial", action="rollback_partial", rollback_id=run.id, failed=list(failed))
