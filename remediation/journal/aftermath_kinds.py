"""What the journal says about rollbacks by hand, and about what a rolled-back release left behind."""

import msgspec

from remediation.compensation.model import AffectedPayment, Fix
from remediation.rollback.model import RollbackKind, RollbackStep, StepStatus


class RollbackAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A person asked for a rollback; the entry's actor is that person. deployment_id: empty when there is none.

    skipped: the confirmations that were passed over because they said so (``--force``).
    """

    rollback_id: str
    kind: RollbackKind
    deployment_id: str
    reason: str
    skipped: tuple[str, ...] = ()


class RollbackStepEnded(msgspec.Struct, frozen=True, kw_only=True):
    """One step of it is done, had nothing to do, or failed; the later ones are tried all the same."""

    rollback_id: str
    step: RollbackStep
    status: StepStatus
    detail: str


class RollbackEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Every step was tried. complete: none failed; otherwise it is partial, and detail says which and why."""

    rollback_id: str
    complete: bool
    detail: str


class RehearsalBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A rollback is about to be rehearsed in these regions: weights are written as they are, and read back."""

    drill_id: str
    regions: tuple[str, ...]


class RollbackMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """How a rollback went, stage by stage. Times: Unix milliseconds, 0 for what never happened. Amounts: cents.

    onset_at_ms: of the first payment that the release failed. evidence_at_ms: of the fact that made a rule breach.
    commanded_at_ms: when the call was sent. verified_at_ms: when the traffic was seen to be back. last_payment_at_ms:
    of the last payment that the release served. exposed: all that it served since the onset. drill: nothing was wrong,
    and the way back was tried; detail: what came of it, where verified_at_ms is 0 why it failed.
    """

    deployment_id: str
    decision_id: str
    onset_at_ms: int
    evidence_at_ms: int
    decided_at_ms: int
    commanded_at_ms: int
    verified_at_ms: int
    last_payment_at_ms: int
    exposed_payments: int
    exposed_cents: int
    failed_payments: int
    failed_cents: int
    drill: bool = False
    detail: str = ""


class CompensationListed(msgspec.Struct, frozen=True, kw_only=True):
    """The payments that a release left wrong, each with its fix; nothing is done before people approve the digest.

    payments: the oldest ones, as many as `remediation.compensation.state.LISTED_MAX`. beyond: how many more there are.
    from_the_beginning: whether the log still had the release's first payments; otherwise nobody knows what those are.
    """

    deployment_id: str
    digest: str
    payments: tuple[AffectedPayment, ...]
    beyond: int = 0
    from_the_beginning: bool = True


class CompensationBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A fix is about to be sent to the payment core; on disk before it is. key: the same for every repetition."""

    deployment_id: str
    payment_id: str
    fix: Fix
    amount_cents: int
    key: str


class CompensationEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A fix is in effect, or was refused. detail: what was made, or why nothing was."""

    deployment_id: str
    payment_id: str
    done: bool
    detail: str


AftermathBody = (
    RollbackAsked
    | RollbackStepEnded
    | RollbackEnded
    | RehearsalBegun
    | RollbackMeasured
    | CompensationListed
    | CompensationBegun
    | CompensationEnded
)

AFTERMATH_TYPE_BY_KIND: dict[str, type[AftermathBody]] = {
    "rollback.asked": RollbackAsked,
    "rollback.step": RollbackStepEnded,
    "rollback.ended": RollbackEnded,
    "rehearsal.begun": RehearsalBegun,
    "rollback.measured": RollbackMeasured,
    "compensation.listed": CompensationListed,
    "compensation.begun": CompensationBegun,
    "compensation.ended": CompensationEnded,
}
