"""What sorts of rollback a person may ask for, and the steps of each."""

from enum import StrEnum
from types import MappingProxyType

import msgspec


class RollbackKind(StrEnum):
    """emergency: kill the release's flag, hold every payment, give the traffic back. traffic: give it back.

    complete: undo everything.
    """

    EMERGENCY = "emergency"
    TRAFFIC = "traffic"
    COMPLETE = "complete"


class RollbackStep(StrEnum):
    """One thing that a rollback does.

    hold: the payment core keeps payments and sends none. traffic: all of it goes back to the version before. flags:
    what the release switched is killed. drain: payments that the release began come to their end.
    reconciliation: every cent is looked for. payments: those that are wrong are listed, for people to approve.
    environment: the release's instances stop. communication: what customers are told is written.
    """

    HOLD = "hold"
    TRAFFIC = "traffic"
    FLAGS = "flags"
    DRAIN = "drain"
    RECONCILIATION = "reconciliation"
    PAYMENTS = "payments"
    ENVIRONMENT = "environment"
    COMMUNICATION = "communication"


STEPS = MappingProxyType(
    {
        RollbackKind.EMERGENCY: (RollbackStep.FLAGS, RollbackStep.HOLD, RollbackStep.TRAFFIC),
        RollbackKind.TRAFFIC: (RollbackStep.TRAFFIC,),
        RollbackKind.COMPLETE: (
            RollbackStep.TRAFFIC,
            RollbackStep.FLAGS,
            RollbackStep.DRAIN,
            RollbackStep.RECONCILIATION,
            RollbackStep.PAYMENTS,
            RollbackStep.ENVIRONMENT,
            RollbackStep.COMMUNICATION,
        ),
    }
)
"""In the order in which they are tried; one that failed does not keep the later ones from being tried."""

AFTER = MappingProxyType({RollbackStep.ENVIRONMENT: RollbackStep.TRAFFIC})
"""A step that must not be done unless the other one was: instances that still get traffic are not stopped."""


class StepStatus(StrEnum):
    """waiting: look again. nothing: there was nothing to do, and detail says why. failed: it is not so, and why."""

    WAITING = "waiting"
    DONE = "done"
    NOTHING = "nothing"
    FAILED = "failed"


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a step. detail: one sentence for the person who asked."""

    status: StepStatus
    detail: str


class RollbackRun(msgspec.Struct, frozen=True, kw_only=True):
    """One rollback that a person asked for. steps: what has ended, by step. ended_at_ms: 0 while it goes on.

    complete: whether every step is done or had nothing to do; only told when it has ended.
    """

    id: str
    kind: RollbackKind
    deployment_id: str
    asked_by: str
    reason: str
    asked_at_ms: int
    steps: dict[str, StepResult] = {}
    ended_at_ms: int = 0
    complete: bool = False

    @property
    def next_step(self) -> RollbackStep | None:
        """The first step that has no end yet; None when all have."""
        return next((step for step in STEPS[self.kind] if step not in self.steps), None)

    @property
    def failed(self) -> tuple[str, ...]:
        """The steps that are not so, in order."""
        return tuple(step for step, result in self.steps.items() if result.status is StepStatus.FAILED)
