"""How long a rollback took, stage by stage, and what went through the bad release meanwhile: pure."""

from collections.abc import Iterable

from checks.facts import Fact, PaymentAttempted
from remediation.decisions import OutcomeStatus
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.state import ActionState, DeploymentState

STAGES = ("evidence", "decision", "command", "verified", "last_payment")
"""What the label ``stage`` says: each is counted from the fault's onset."""


def measure(deployment: DeploymentState, action: ActionState, facts: Iterable[Fact]) -> RollbackMeasured | None:
    """The stages of one verified rollback; None when nothing was sent.

    facts: payment facts since the deployment began, in any order. The onset is the first payment of the release that
    failed, or where none did, its first one: a slow release is slow from the beginning.
    """
    if action.status is not OutcomeStatus.VERIFIED or not action.called_at_ms:
        return None
    served = sorted(
        (fact for fact in facts if isinstance(fact, PaymentAttempted) and _is_of(fact, deployment)),
        key=lambda fact: fact.at_ms,
    )
    failed = [fact for fact in served if fact.outcome == "failed"]
    first = next(iter(failed or served), None)
    onset_at_ms = action.cause_at_ms if first is None else min(first.at_ms, action.cause_at_ms)
    exposed = [fact for fact in served if fact.at_ms >= onset_at_ms]
    return RollbackMeasured(
        deployment_id=deployment.id,
        decision_id=action.decision_id,
        onset_at_ms=onset_at_ms,
        evidence_at_ms=action.cause_at_ms,
        decided_at_ms=action.decided_at_ms,
        commanded_at_ms=action.called_at_ms,
        verified_at_ms=action.called_at_ms + round(action.verified_ms or 0.0),
        last_payment_at_ms=served[-1].at_ms if served else 0,
        exposed_payments=len(exposed),
        exposed_cents=sum(fact.amount_cents for fact in exposed),
        failed_payments=len(failed),
        failed_cents=sum(fact.amount_cents for fact in failed),
    )


def seconds_of(measured: RollbackMeasured) -> dict[str, float]:
    """Seconds from the onset to each of STAGES; a stage that was never reached is left out."""
    moments = (
        measured.evidence_at_ms,
        measured.decided_at_ms,
        measured.commanded_at_ms,
        measured.verified_at_ms,
        measured.last_payment_at_ms,
    )
    return {
        stage: max(0, moment - measured.onset_at_ms) / 1000
        for stage, moment in zip(STAGES, moments, strict=True)
        if moment
    }


def _is_of(fact: PaymentAttempted, deployment: DeploymentState) -> bool:
    return fact.environment == deployment.environment and fact.version == deployment.version
