"""Reads the gates while payments are on the new version and no step reads them: in a pause, a wait, a shift."""

import asyncio

import structlog

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.gates.verdict import verdict
from remediation.deployment.looking import CALL_SECONDS
from remediation.deployment.plan import WATCHES, Step, exposes
from remediation.deployment.ports import Gates, StepContext
from remediation.deployment.run import DeploymentRun

log = structlog.get_logger()


class Vigil:
    """Keeps what a watch says of a bad release, and nothing else of it: nothing is promoted or held by it."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    async def bad(self, run: DeploymentRun, step: Step) -> StepReport | None:
        """What a watch would have ended with, when the release is bad. step: what is being done or comes next.

        None while it is not known to be bad, nobody's payments are on it, or the step reads the gates itself.
        """
        stage = None if step.kind in WATCHES and run.began_at_ms else _stage(run, step)
        if stage is None:
            return None
        context = StepContext(plan=run.plan, step=stage, began_at_ms=_began_ms(run, stage), between=True)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                report = verdict(await self._gates.read(context), is_over=False)
        except Exception as fault:  # noqa: BLE001 whatever keeps gates from being read, it is no ground to take a release back
            log.warning("gates not read", action="gates_unread", deployment=run.id, step=step.id, fault=repr(fault))
            return None
        return report if report.finding in {StepFinding.BREACHED, StepFinding.FAILED} else None


def _stage(run: DeploymentRun, step: Step) -> Step | None:
    """The step whose counts go on: in the rollout the last watch, else whatever last brought or watched payments.

    A watch goes on comparing until the next one begins, so that a pause adds no further test to those that share the
    false alarms; after the last shift there is nothing beside the release any more that it could be compared with.
    """
    begun = [one for one in run.plan.steps if one.region == step.region and one.id in run.begun_ids]
    with_payments = [one for one in begun if exposes(one) or one.kind in WATCHES]
    watched = [one for one in with_payments if one.kind in WATCHES] if step.phase == "traffic_rollout" else []
    return next(reversed(watched if watched else with_payments), None)


def _began_ms(run: DeploymentRun, stage: Step) -> int:
    current = run.step
    if current is not None and current.id == stage.id:
        return run.began_at_ms
    begun = (one.begun_at_ms for one in reversed(run.ended) if one.step_id == stage.id)
    return next(begun, run.exposed_ms[stage.region])
