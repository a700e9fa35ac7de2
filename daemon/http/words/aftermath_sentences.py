"""What the journal says about a rolled-back release's aftermath, as sentences."""

from typing import assert_never

from daemon.amounts import money
from daemon.http.words.guardrail_sentences import Parts
from daemon.http.words.wording import count, duration
from remediation.compensation.model import Fix
from remediation.journal.aftermath_kinds import (
    AftermathBody,
    CompensationBegun,
    CompensationEnded,
    CompensationListed,
    RehearsalBegun,
    RollbackAsked,
    RollbackEnded,
    RollbackMeasured,
    RollbackStepEnded,
)
from remediation.rollback.model import StepStatus


def aftermath_parts(body: AftermathBody) -> Parts:
    """The entry in words."""
    match body:
        case RollbackAsked() | RollbackStepEnded() | RollbackEnded():
            return _by_hand(body)
        case RehearsalBegun():
            return "act", "rehearsal", f"About to rehearse a rollback in {', '.join(body.regions)}.", ""
        case RollbackMeasured():
            return _measured(body)
        case CompensationListed():
            return _listed(body)
        case CompensationBegun():
            return "act", "payments", f"About to {body.fix} {money(body.amount_cents)} of {body.payment_id}.", ""
        case CompensationEnded():
            done = "was put right" if body.done else "was left as it is"
            return "good" if body.done else "unknown", "payments", f"{body.payment_id} {done}.", body.detail
        case _:
            assert_never(body)


def _by_hand(body: RollbackAsked | RollbackStepEnded | RollbackEnded) -> Parts:
    if isinstance(body, RollbackAsked):
        about = f" of {body.deployment_id}" if body.deployment_id else ""
        return "act", "rollback", f"A rollback ({body.kind}){about} was asked for: {body.rollback_id}.", body.reason
    if isinstance(body, RollbackEnded):
        whole = "is complete" if body.complete else "is partial: not every step is done"
        return "good" if body.complete else "bad", "rollback", f"{body.rollback_id} {whole}.", body.detail
    failed = body.status is StepStatus.FAILED
    return "bad" if failed else "plain", "rollback", f"{body.rollback_id}: {body.step} {body.status}.", body.detail


def _measured(body: RollbackMeasured) -> Parts:
    if body.drill:
        good = body.verified_at_ms > 0
        text = "The rehearsal of a rollback went well." if good else "The rehearsal of a rollback failed."
        return "good" if good else "bad", "rehearsal", text, body.detail
    whole = duration(body.verified_at_ms - body.onset_at_ms)
    text = f"The rollback of {body.deployment_id} was in effect {whole} after the first bad payment."
    exposed = (
        f"{count(body.exposed_payments)} payments ({money(body.exposed_cents)}) went through the release, "
        f"{count(body.failed_payments)} of them failed ({money(body.failed_cents)})"
    )
    return "plain", "rollback", text, exposed


def _listed(body: CompensationListed) -> Parts:
    gone = "" if body.from_the_beginning else "; its first payments are no longer in the log of facts"
    if not body.payments and not body.beyond and not gone:
        return "good", "payments", f"{body.deployment_id} left no payment wrong.", ""
    counted = [(fix, sum(one.fix is fix for one in body.payments)) for fix in Fix]
    detail = ", ".join(f"{fix} {count(number)}" for fix, number in counted if number)
    more = f"; {count(body.beyond)} more were not looked at" if body.beyond else ""
    return (
        "unknown",
        "payments",
        f"{body.deployment_id} left {count(len(body.payments))} of its payments wrong.",
        f"{detail}{more}{gone}".removeprefix("; "),
    )
