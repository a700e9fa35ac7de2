"""Approvals, storms, the stop and money at risk as folds over the journal."""

from msgspec.structs import replace

from remediation.bounded import bounded
from remediation.guardrails.state import APPROVALS_MAX, Answer, ApprovalState, RiskState, StopState, StormState
from remediation.journal.entry import Entry
from remediation.journal.guardrail_kinds import (
    ApprovalAsked,
    ApprovalGiven,
    ApprovalRefused,
    AutomationResumed,
    AutomationStopped,
    LimitBody,
    MoneyRisked,
    StormBegan,
    StormEnded,
)
from remediation.state import HOUR_MS, State


def with_guardrail(state: State, entry: Entry, body: LimitBody) -> State:
    """The state after one of these."""
    match body:
        case AutomationStopped():
            return replace(state, stopped=StopState(by=entry.actor, reason=body.reason, at_ms=entry.at_ms))
        case AutomationResumed():
            # Whoever says that automation may go on says so about a storm, too.
            return replace(state, stopped=None, storm=_ended(state.storm, entry.at_ms))
        case StormBegan():
            return replace(state, storm=StormState(why=body.why, began_at_ms=entry.at_ms))
        case StormEnded():
            return replace(state, storm=_ended(state.storm, entry.at_ms))
        case MoneyRisked():
            kept = tuple(one for one in state.risked if one.at_ms > entry.at_ms - HOUR_MS)
            risk = RiskState(entry.at_ms, body.cents, body.subject)
            return replace(state, risked=(*kept, risk)) if body.allowed else state
        case _:
            return replace(state, approvals=_with_approval(state.approvals, entry, body))


def without_risk(state: State, subject: str) -> State:
    """The state after it was seen that nothing of this was let through after all."""
    return replace(state, risked=tuple(one for one in state.risked if one.subject != subject))


def _ended(storm: StormState | None, at_ms: int) -> StormState | None:
    return replace(storm, ended_at_ms=at_ms) if storm is not None and storm.lasts else storm


def _with_approval(
    approvals: dict[str, ApprovalState], entry: Entry, body: ApprovalAsked | ApprovalGiven | ApprovalRefused
) -> dict[str, ApprovalState]:
    if isinstance(body, ApprovalAsked):
        return _asked(approvals, entry, body)
    approval = approvals.get(body.approval_id)
    if approval is None:
        return approvals
    if isinstance(body, ApprovalRefused):
        changed = replace(approval, refused_by=entry.actor, refused_why=body.reason)
    elif body.digest == approval.digest and all(one.by != entry.actor for one in approval.given):
        changed = replace(approval, given=(*approval.given, Answer(by=entry.actor, at_ms=entry.at_ms, note=body.note)))
    else:
        return approvals
    return {**approvals, approval.id: changed}


def _asked(approvals: dict[str, ApprovalState], entry: Entry, asked: ApprovalAsked) -> dict[str, ApprovalState]:
    """What was asked about the same subject before is void: a yes to one plan is none to another."""
    kept = {
        name: replace(one, void=True) if (one.change, one.subject) == (asked.change, asked.subject) else one
        for name, one in approvals.items()
    }
    approval = ApprovalState(
        id=f"apr-{entry.sequence}",
        change=asked.change,
        subject=asked.subject,
        digest=asked.digest,
        what=asked.what,
        requested_by=asked.requested_by,
        needed=asked.needed,
        asked_at_ms=entry.at_ms,
        expires_at_ms=asked.expires_at_ms,
    )
    kept[approval.id] = approval
    return bounded(
        kept, APPROVALS_MAX, lambda one: one.void or bool(one.refused_by) or one.expires_at_ms <= entry.at_ms
    )
