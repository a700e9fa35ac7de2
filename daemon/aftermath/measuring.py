"""Measures each rollback once it has settled: how long every stage took, and what the bad release served meanwhile."""

import structlog

from daemon.aftermath.compensations import KEPT_MS, SETTLE_MS
from daemon.aftermath.payment_log import payments_since
from daemon.errors import CheckpointFailed
from daemon.storage.checkpoint import Checkpoint
from remediation.decide import ROLLBACK_TRAFFIC
from remediation.decisions import OutcomeStatus
from remediation.errors import NotJournaled
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.rollback_measure import measure
from remediation.state import ActionState, DeploymentState

log = structlog.get_logger()


class RollbackMeasuring:
    """Over the journal's state and the log of facts; a rollback that is in the journal is not measured again."""

    def __init__(self, checkpoint: Checkpoint, writer: JournalWriter, clock: Clock) -> None:
        self._checkpoint = checkpoint
        self._writer = writer
        self._clock = clock

    async def tick(self) -> None:
        """Measure what is due; what cannot be read or written now is done at the next tick."""
        try:
            for deployment, action in self._due():
                facts = [fact async for fact in payments_since(self._checkpoint, deployment.started_at_ms)]
                measured = measure(deployment, action, facts)
                if measured is not None:
                    await self._writer.append(measured)
        except (CheckpointFailed, NotJournaled) as fault:
            log.warning("rollback not measured", action="rollback_not_measured", fault=str(fault))

    def _due(self) -> list[tuple[DeploymentState, ActionState]]:
        state, now_ms = self._writer.state, self._clock.now_ms()
        return [
            (state.deployments[name], action)
            for action in state.actions.values()
            if action.action == ROLLBACK_TRAFFIC
            and action.status is OutcomeStatus.VERIFIED
            and SETTLE_MS <= now_ms - action.ended_at_ms < KEPT_MS
            and (name := action.arguments.get("deployment_id", "")) in state.deployments
            and name not in state.rollbacks
        ]
