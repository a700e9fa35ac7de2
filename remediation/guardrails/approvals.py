"""Who may approve what, and whether something is approved; pure."""

import hashlib
from enum import StrEnum

from config.guardrails import ApprovalRule, Approvals
from remediation.decisions import Question
from remediation.guardrails.state import ApprovalState
from remediation.journal.guardrail_kinds import ApprovalAsked
from remediation.state import State

APPROVING_ROLES = frozenset({"approver", "admin"})


class ApprovalChange(StrEnum):
    """What is approved; each has its rule in ``approvals`` of policy.yaml."""

    ROLLOUT = "rollout"
    ROLLBACK_COMPLETE = "rollback_complete"
    PAYMENT_FIXES = "payment_fixes"
    KILL_SWITCH = "kill_switch"
    REPEAT = "repeat"
    AT_RISK = "at_risk"
    REGION_SPILL = "region_spill"
    FLAG = "flag"
    PROCEDURE = "procedure"


class ApprovalStatus(StrEnum):
    """Where a question stands. void: what was asked about is no longer what would be done."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    VOID = "void"


class ApprovalRefusal(StrEnum):
    """Why an answer does not count, in order of precedence."""

    UNKNOWN = "unknown"
    ROLE = "role"
    ENDED = "ended"
    REQUESTER = "requester"
    TWICE = "twice"
    OTHER_DIGEST = "other_digest"


REFUSAL_WORDS = {
    ApprovalRefusal.UNKNOWN: "There is no approval of this name",
    ApprovalRefusal.ROLE: "Only the roles approver and admin may answer",
    ApprovalRefusal.ENDED: "It is no longer asked: it was answered, ran out, or something else is asked instead",
    ApprovalRefusal.REQUESTER: "Whoever asked may not approve it",
    ApprovalRefusal.TWICE: "You have approved it already; another person has to",
    ApprovalRefusal.OTHER_DIGEST: "What you looked at is not what is asked; look at it again",
}


def rule_of(change: ApprovalChange, approvals: Approvals) -> ApprovalRule:
    """How many have to agree to this sort of change, and until when."""
    rules: dict[ApprovalChange, ApprovalRule] = {
        ApprovalChange.ROLLOUT: approvals.rollout,
        ApprovalChange.ROLLBACK_COMPLETE: approvals.rollback_complete,
        ApprovalChange.PAYMENT_FIXES: approvals.payment_fixes,
        ApprovalChange.KILL_SWITCH: approvals.kill_switch,
        ApprovalChange.REPEAT: approvals.repeat,
        ApprovalChange.AT_RISK: approvals.at_risk,
        ApprovalChange.REGION_SPILL: approvals.region_spill,
        ApprovalChange.FLAG: approvals.flag,
        ApprovalChange.PROCEDURE: approvals.procedure,
    }
    return rules[change]


def digest_of(*parts: str) -> str:
    """SHA-256 over everything that is approved; one more letter anywhere makes another one."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def status_of(approval: ApprovalState, now_ms: int) -> ApprovalStatus:
    """Where it stands now; what was approved and not begun in time has expired, too."""
    if approval.refused_by:
        return ApprovalStatus.REFUSED
    if approval.void:
        return ApprovalStatus.VOID
    if now_ms >= approval.expires_at_ms:
        return ApprovalStatus.EXPIRED
    return ApprovalStatus.APPROVED if len(approval.given) >= approval.needed else ApprovalStatus.WAITING


def newest(state: State, question: Question) -> ApprovalState | None:
    """What was asked last about exactly this; its words may be others."""
    wanted = (question.change, question.subject, question.digest)
    return next(
        (one for one in reversed(state.approvals.values()) if (one.change, one.subject, one.digest) == wanted), None
    )


def is_approved(state: State, approvals: Approvals, question: Question, now_ms: int) -> bool:
    """Whether enough people agreed to exactly this, or nobody needs to be asked."""
    if rule_of(ApprovalChange(question.change), approvals).needed == 0:
        return True
    found = newest(state, question)
    return found is not None and status_of(found, now_ms) is ApprovalStatus.APPROVED


def to_ask(
    state: State, approvals: Approvals, question: Question, requested_by: str, now_ms: int
) -> ApprovalAsked | None:
    """What to write; None when nobody needs to be asked, or it stands or was answered already."""
    rule = rule_of(ApprovalChange(question.change), approvals)
    found = newest(state, question)
    if rule.needed == 0 or (found is not None and status_of(found, now_ms) is not ApprovalStatus.EXPIRED):
        return None
    return ApprovalAsked(
        change=question.change,
        subject=question.subject,
        digest=question.digest,
        what=question.what,
        requested_by=requested_by,
        needed=rule.needed,
        expires_at_ms=now_ms + round(rule.expires * 1000),
    )


def waiting_by_change(state: State, now_ms: int) -> dict[tuple[str, ...], int]:
    """How many questions wait for people, by sort of change; every sort is there."""
    counts: dict[tuple[str, ...], int] = {(change.value,): 0 for change in ApprovalChange}
    for one in state.approvals.values():
        if (one.change,) in counts and status_of(one, now_ms) is ApprovalStatus.WAITING:
            counts[one.change,] += 1
    return counts


def may_approve(
    approval: ApprovalState | None, person: str, role: str, digest: str, now_ms: int
) -> ApprovalRefusal | None:
    """Why this person's yes does not count; None when it does. digest: of what they looked at."""
    refusal = may_refuse(approval, role, now_ms)
    if refusal is not None or approval is None:
        return refusal
    if person == approval.requested_by:
        return ApprovalRefusal.REQUESTER
    if any(one.by == person for one in approval.given):
        return ApprovalRefusal.TWICE
    return None if digest == approval.digest else ApprovalRefusal.OTHER_DIGEST


def may_refuse(approval: ApprovalState | None, role: str, now_ms: int) -> ApprovalRefusal | None:
    """Why nobody with this role may end it; None when they may, also after enough have agreed."""
    if approval is None:
        return ApprovalRefusal.UNKNOWN
    if role not in APPROVING_ROLES:
        return ApprovalRefusal.ROLE
    ended = status_of(approval, now_ms) not in {ApprovalStatus.WAITING, ApprovalStatus.APPROVED}
    return ApprovalRefusal.ENDED if ended else None
