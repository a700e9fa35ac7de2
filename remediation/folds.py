"""Incidents, deployments and actions as folds over the journal; there is no second place that knows them."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from msgspec.structs import replace

from checks.facts import Deployment
from checks.findings import Finding
from remediation.aiming.flag import FLAGS_RAMP
from remediation.aiming.region_state import with_evacuation, with_signal
from remediation.bounded import bounded, with_entry
from remediation.compensation.fold import with_compensation
from remediation.decisions import IN_EFFECT, INTERRUPTED, Decision, Outcome, OutcomeStatus
from remediation.deployment.state_fold import with_run
from remediation.escalation.fold import with_escalation
from remediation.flags.fold import with_flags
from remediation.guardrails.folds import with_guardrail, without_risk
from remediation.guardrails.state import ACTS_MAX
from remediation.incidents import fold as incidents
from remediation.journal.aftermath_kinds import (
    CompensationBegun,
    CompensationEnded,
    CompensationListed,
    RollbackAsked,
    RollbackEnded,
    RollbackMeasured,
    RollbackStepEnded,
)
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationBody
from remediation.journal.flag_kinds import FlagBody
from remediation.journal.guardrail_kinds import LimitBody, UndoAsked
from remediation.journal.incident_kinds import IncidentBody
from remediation.journal.kinds import (
    Body,
    BudgetReached,
    DaemonStarted,
    DaemonStopped,
    Intent,
    ReportWritten,
    RunBody,
    body_of,
)
from remediation.journal.procedure_kinds import ProcedureBody
from remediation.journal.public_kinds import PublicBody
from remediation.journal.scaling_kinds import ScalingBody
from remediation.procedures.state_fold import with_procedures
from remediation.public import coverage
from remediation.public.fold import with_public
from remediation.rollback.state_fold import with_manual_rollback, with_rollback
from remediation.scaling.state_fold import with_scaling, with_spent, with_undone_scaling
from remediation.state import (
    BUDGETS_MAX,
    DECISIONS_MAX,
    DEPLOYMENTS_MAX,
    RUNNING,
    ActionState,
    DecisionSummary,
    DeploymentState,
    State,
    TargetState,
    with_action,
    with_target,
)
from remediation.undo import subject_of, with_undo, with_undone

EMPTY = State()


def fold(entries: Iterable[Entry], state: State = EMPTY) -> State:
    """The state after all entries, in their order."""
    for entry in entries:
        state = apply(state, entry)
    return state


def apply(state: State, entry: Entry) -> State:
    """The state after one more entry; a kind of a newer version moves nothing but the sequence."""
    # Also of what was appended a moment ago: what lives and what a restart finds are then folded from the same bytes.
    body = body_of(entry)
    fold_in = _FOLDS.get(type(body))
    if fold_in is not None:
        state = fold_in(state, entry, body)
    return replace(state, sequence=entry.sequence, hash=entry.hash, at_ms=entry.at_ms)


def _with_calendar(
    state: State, entry: Entry, done: DaemonStarted | DaemonStopped | ReportWritten | BudgetReached
) -> State:
    """What the clock's jobs go by: since when they are due, and which are done."""
    match done:
        case DaemonStarted():
            first_ms = entry.at_ms if state.first_started_at_ms == 0 else state.first_started_at_ms
            watched = coverage.begun(state.public.coverage, entry.at_ms, state.at_ms)
            public = replace(state.public, coverage=watched)
            return replace(state, first_started_at_ms=first_ms, public=public)
        case DaemonStopped():
            public = replace(state.public, coverage=coverage.ended(state.public.coverage, entry.at_ms))
            return replace(state, public=public)
        case ReportWritten():
            newest = max(done.slot_ms, state.reports.get(done.job, 0))
            return replace(state, reports={**state.reports, done.job: newest})
        case BudgetReached():
            return replace(state, budgets=(*state.budgets, (done.month, done.threshold_percent))[-BUDGETS_MAX:])


def _with_finding(state: State, entry: Entry, finding: Finding) -> State:
    if finding.mode == "shadow":
        return state
    return incidents.with_finding(replace(state, regions=with_signal(state.regions, finding)), entry, finding)


def _with_decision(state: State, entry: Entry, decision: Decision) -> State:
    summary = DecisionSummary(
        decision_id=decision.id,
        sequence=entry.sequence,
        at_ms=entry.at_ms,
        fingerprint=decision.finding.fingerprint,
        rule_id=decision.finding.rule_id,
        subject=decision.finding.subject,
        action=decision.action,
        target=decision.target,
        reason=decision.reason,
        act=decision.act,
        detail=decision.detail,
        trace_id=decision.trace_id,
    )
    state = incidents.with_decision(replace(state, decisions=(*state.decisions, summary)[-DECISIONS_MAX:]), summary)
    if not decision.act:
        return state
    action = ActionState(
        decision_id=decision.id,
        sequence=entry.sequence,
        action=decision.action,
        target=decision.target,
        key=decision.key,
        arguments=decision.arguments,
        cause_at_ms=decision.finding.at_ms,
        decided_at_ms=entry.at_ms,
        asked_by=decision.finding.asked_by,
        trace_id=decision.trace_id,
    )
    return with_target(with_action(state, action), decision.target, running=decision.id)


def _with_intent(state: State, entry: Entry, intent: Intent) -> State:
    decided = state.actions.get(intent.decision_id)
    if decided is None:
        return state
    started = replace(
        decided,
        intent_sequence=entry.sequence,
        intended_at_ms=entry.at_ms,
        before=intent.before,
    )
    state = with_action(state, started)
    if decided.undoes or intent.action == FLAGS_RAMP:
        # A person's own hand, and what one has planned, spends no budget of automation.
        return with_target(state, intent.target, running=intent.decision_id, acted_at_ms=entry.at_ms)
    acts = (*state.targets.get(intent.target, TargetState()).acts_at_ms, entry.at_ms)[-ACTS_MAX:]
    return with_target(
        with_spent(state, intent.action, entry.at_ms),
        intent.target,
        running=intent.decision_id,
        acted_at_ms=entry.at_ms,
        acts_at_ms=acts,
    )


def _with_outcome(state: State, entry: Entry, outcome: Outcome) -> State:
    action = state.actions.get(outcome.decision_id)
    if action is None:
        return state
    detail = outcome.refusal if outcome.status is OutcomeStatus.REFUSED else outcome.detail
    regions = with_evacuation(state.regions, action.action, action.arguments, outcome.status, entry.at_ms)
    state = with_action(
        replace(state, regions=regions),
        replace(
            action,
            status=outcome.status,
            called_at_ms=outcome.called_at_ms,
            ended_at_ms=entry.at_ms,
            cause_to_call_ms=outcome.cause_to_call_ms,
            verified_ms=outcome.verified_ms,
            detail=detail,
        ),
    )
    if action.intent_sequence:
        verified = outcome.status is OutcomeStatus.VERIFIED
        until_ms = int(action.arguments.get("expires_at_ms", "0")) if verified else 0
        state = with_target(state, outcome.target, running="", acted_at_ms=entry.at_ms, refusals=0, until_ms=until_ms)
    elif outcome.refusal == INTERRUPTED:
        state = with_target(state, outcome.target, running="")
    else:
        refusals = state.targets.get(outcome.target, TargetState()).refusals + 1
        state = with_target(state, outcome.target, running="", refused_at_ms=entry.at_ms, refusals=refusals)
    if action.undoes and outcome.status in {OutcomeStatus.REFUSED, OutcomeStatus.FAILED}:
        return without_risk(state, subject_of(action.undoes))
    if action.undoes:
        if outcome.status not in IN_EFFECT:
            return state
        return with_undone_scaling(with_undone(state, action), action, entry.at_ms)
    if outcome.status in IN_EFFECT:
        # Where nothing was sent because the release held no traffic yet, it may get some later.
        release = state.deployments.get(action.arguments.get("deployment_id", ""))
        if release is not None and (action.intent_sequence or release.weight_percent > 0):
            back = replace(release, rolled_back=True, status="rolled_back", weight_percent=0, changed_at_ms=entry.at_ms)
            state = _put_deployment(state, back)
    return _tell_outcome(state, action.sequence, outcome.status, detail, entry.at_ms)


def _tell_outcome(state: State, sequence: int, status: OutcomeStatus, detail: str, at_ms: int) -> State:
    """Add the outcome to the summaries of the decision that stands at this sequence."""
    told = tuple(
        replace(one, outcome=status, outcome_detail=detail) if one.sequence == sequence else one
        for one in state.decisions
    )
    return incidents.with_outcome(replace(state, decisions=told), sequence, status, detail, at_ms)


def _with_deployment(state: State, entry: Entry, fact: Deployment) -> State:
    known = state.deployments.get(fact.subject)
    if known is not None and fact.at_ms < known.changed_at_ms:
        return state
    rolled_back = fact.status == "rolled_back" or (known is not None and known.rolled_back)
    return _put_deployment(
        state,
        DeploymentState(
            id=fact.subject,
            sequence=entry.sequence if known is None else known.sequence,
            version=fact.version,
            environment=fact.environment,
            previous_environment=fact.previous_environment,
            previous_version=fact.previous_version,
            strategy=fact.strategy,
            phase=fact.phase,
            status="rolled_back" if rolled_back else fact.status,
            weight_percent=0 if rolled_back else fact.weight_percent,
            rolled_back=rolled_back,
            started_at_ms=entry.at_ms if known is None else known.started_at_ms,
            changed_at_ms=fact.at_ms,
            region=fact.region,
            held=fact.held and not rolled_back,
            reason=fact.reason,
        ),
    )


def _with_flag(state: State, entry: Entry, said: FlagBody) -> State:
    return replace(state, flags=with_flags(state.flags, entry, said))


def _with_fixes(state: State, entry: Entry, said: CompensationListed | CompensationBegun | CompensationEnded) -> State:
    return replace(state, compensations=with_compensation(state.compensations, said, entry.at_ms))


def _with_escalation(state: State, entry: Entry, body: EscalationBody) -> State:
    return replace(state, escalation=with_escalation(state.escalation, entry, body))


def _with_public(state: State, entry: Entry, body: PublicBody) -> State:
    return replace(state, public=with_public(state.public, entry, body))


def _put_deployment(state: State, deployment: DeploymentState) -> State:
    known = with_entry(state.deployments, deployment.id, deployment)
    return replace(state, deployments=bounded(known, DEPLOYMENTS_MAX, lambda one: one.status not in RUNNING))


_FOLDS: Mapping[type[Body | None], Callable[[State, Entry, Any], State]] = MappingProxyType(
    {
        Finding: _with_finding,
        Decision: _with_decision,
        Intent: _with_intent,
        Outcome: _with_outcome,
        Deployment: _with_deployment,
        DaemonStarted: _with_calendar,
        DaemonStopped: _with_calendar,
        ReportWritten: _with_calendar,
        BudgetReached: _with_calendar,
        **dict.fromkeys(get_args(RunBody), with_run),
        CompensationListed: _with_fixes,
        CompensationBegun: _with_fixes,
        CompensationEnded: _with_fixes,
        RollbackMeasured: with_rollback,
        RollbackAsked: with_manual_rollback,
        RollbackStepEnded: with_manual_rollback,
        RollbackEnded: with_manual_rollback,
        UndoAsked: with_undo,
        **dict.fromkeys(get_args(ScalingBody), with_scaling),
        **dict.fromkeys(get_args(FlagBody), _with_flag),
        **dict.fromkeys(get_args(LimitBody), with_guardrail),
        **dict.fromkeys(get_args(IncidentBody), incidents.with_incident),
        **dict.fromkeys(get_args(EscalationBody), _with_escalation),
        **dict.fromkeys(get_args(PublicBody), _with_public),
        **dict.fromkeys(get_args(ProcedureBody), with_procedures),
    }
)
"""What each kind of entry moves; a kind that is not in here moves nothing but the sequence."""
