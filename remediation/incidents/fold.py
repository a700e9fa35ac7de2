"""Folds findings, decisions, outcomes and people's acts into incidents; one is over when all of its group is."""

from collections.abc import Iterator
from typing import assert_never

from msgspec.structs import replace

from checks import findings
from checks.findings import Finding
from remediation.bounded import one_too_many, with_entry
from remediation.decisions import IN_EFFECT, OutcomeStatus
from remediation.escalation.chain import ChainState
from remediation.escalation.fold import stopped
from remediation.incidents.indexing import with_indexed, without_indexed
from remediation.incidents.state import ITSELF
from remediation.journal.entry import DAEMON, Entry
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentBody,
    IncidentExposed,
    IncidentHeardOf,
    IncidentMerged,
    IncidentNoted,
    IncidentReopened,
    IncidentResolved,
    IncidentUnacknowledged,
)
from remediation.state import (
    DECISIONS_PER_INCIDENT,
    FINDINGS_PER_INCIDENT,
    HEARD_MAX,
    INCIDENTS_MAX,
    SEVERITY_LEVELS,
    DecisionSummary,
    Incident,
    IncidentState,
    State,
    level_of,
)


def incident_of(state: State, fingerprint: str) -> Incident | None:
    """The newest incident about this fingerprint; None when there never was one."""
    known = state.incident_index.about.get(fingerprint)
    return None if known is None else state.incidents[known[-1]]


def root_of(state: State, incident: Incident) -> Incident:
    """The incident that speaks for this one: itself, unless it was merged into another."""
    return state.incidents.get(incident.merged_into, incident)


def members_of(state: State, incident_id: str) -> Iterator[Incident]:
    """What was merged into this incident, oldest first."""
    return (state.incidents[name] for name in state.incident_index.members.get(incident_id, ()))


def roots(state: State) -> Iterator[Incident]:
    """What speaks for itself, oldest first."""
    return members_of(state, ITSELF)


def with_finding(state: State, entry: Entry, finding: Finding) -> State:
    """A breach opens an incident or adds to the one about it; a clear one ends it, if all of its group is over."""
    incident = incident_of(state, finding.fingerprint)
    if incident is not None and incident.awaits_evidence:
        # A finding of several limits may come back graver; an incident never grows milder by itself.
        graver = min(incident.severity, level_of(finding)) if finding.is_alarming else incident.severity
        cleared = finding.state is findings.State.CLEARED
        told = replace(
            incident,
            severity=graver,
            findings=(*incident.findings, finding)[-FINDINGS_PER_INCIDENT:],
            over=cleared or (incident.over and not finding.is_alarming),
        )
        state = _made_graver(_put(state, told), told)
        return _settled(state, told, entry) if cleared else state
    level = SEVERITY_LEVELS.get(finding.severity)
    if not finding.is_alarming or level is None:
        return state
    return _put(
        state,
        Incident(
            id=f"inc-{entry.sequence}",
            fingerprint=finding.fingerprint,
            rule_id=finding.rule_id,
            subject=finding.subject,
            severity=level,
            runbook=finding.runbook,
            state=IncidentState.OPEN,
            opened_at_ms=entry.at_ms,
            began_at_ms=min(finding.at_ms, entry.at_ms),
            findings=(finding,),
        ),
    )


def with_decision(state: State, summary: DecisionSummary) -> State:
    """What was decided about it stands in the incident."""
    incident = incident_of(state, summary.fingerprint)
    if incident is None:
        return state
    return _put(state, replace(incident, decisions=(*incident.decisions, summary)[-DECISIONS_PER_INCIDENT:]))


def with_outcome(state: State, sequence: int, status: OutcomeStatus, detail: str, at_ms: int) -> State:
    """The outcome of the decision that stands at this sequence; the first one in effect has mitigated the incident."""
    for incident in state.incidents.values():
        if any(one.sequence == sequence for one in incident.decisions):
            told = tuple(
                replace(one, outcome=status, outcome_detail=detail) if one.sequence == sequence else one
                for one in incident.decisions
            )
            mitigated = status in IN_EFFECT and not incident.mitigated_at_ms
            return _put(
                state,
                replace(incident, decisions=told, mitigated_at_ms=at_ms if mitigated else incident.mitigated_at_ms),
            )
    return state


def with_incident(state: State, entry: Entry, body: IncidentBody) -> State:
    """What a person, or the daemon, did to an incident; what is done to a member is done to its group."""
    named = state.incidents.get(body.incident_id)
    if named is None or isinstance(body, IncidentNoted):
        return state
    if isinstance(body, IncidentExposed | IncidentHeardOf):
        told = replace(named, exposed=body) if isinstance(body, IncidentExposed) else _heard(named, body)
        return _put(state, told)
    incident = root_of(state, named)
    match body:
        case IncidentAcknowledged() | IncidentUnacknowledged():
            return _held(state, incident, entry, body)
        case IncidentResolved():
            return _resolved(state, named, incident, entry, body.through)
        case IncidentReopened():
            return _reopened(state, incident, entry)
        case IncidentMerged():
            return _merged(state, incident, body, entry)
        case _:
            assert_never(body)


def _heard(incident: Incident, body: IncidentHeardOf) -> Incident:
    at_ms = max(incident.heard_at_ms, body.occurred_at_ms) if body.acted else incident.heard_at_ms
    return replace(incident, heard=(*incident.heard, body.event_id)[-HEARD_MAX:], heard_at_ms=at_ms)


def _held(state: State, incident: Incident, entry: Entry, body: IncidentAcknowledged | IncidentUnacknowledged) -> State:
    if isinstance(body, IncidentUnacknowledged):
        return _given_back(state, incident)
    return _acknowledged(state, incident, entry, body.through)


def _acknowledged(state: State, incident: Incident, entry: Entry, through: str) -> State:
    """Whoever has taken it on and does so again has the whole of their time again."""
    again = incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_by == entry.actor
    if incident.state is not IncidentState.OPEN and not again:
        return state
    for one in _group(state, incident):
        if one.state is not IncidentState.RESOLVED:
            state = _put(state, _taken_on(one, entry.at_ms, entry.actor, through))
    chains = stopped(state.escalation, incident.id, ChainState.ACKNOWLEDGED, entry.at_ms)
    return replace(state, escalation=chains)


def _taken_on(incident: Incident, at_ms: int, actor: str, through: str = "") -> Incident:
    return replace(
        incident,
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_at_ms=at_ms,
        acknowledged_by=actor,
        answered_at_ms=incident.answered_at_ms if incident.answered_at_ms else at_ms,
        through=through,
    )


def _given_back(state: State, incident: Incident) -> State:
    for one in _group(state, incident):
        if one.state is IncidentState.ACKNOWLEDGED:
            state = _put(state, replace(one, state=IncidentState.OPEN, acknowledged_at_ms=0, acknowledged_by=""))
    return state


def _resolved(state: State, named: Incident, root: Incident, entry: Entry, through: str) -> State:
    if entry.actor == DAEMON:
        # Its rule is gone, so there is no more evidence of it; the rest of its group may still be.
        over = replace(named, over=True)
        return _settled(_put(state, over), over, entry)
    for one in _group(state, root):
        state = _end(state, one, entry, through)
    return state


def _settled(state: State, incident: Incident, entry: Entry) -> State:
    """End what evidence says is over: a member by itself, a group when all of it is."""
    if incident.merged_into:
        state = _end(state, incident, entry)
    root = root_of(state, incident)
    lasting = any(one.state is not IncidentState.RESOLVED for one in members_of(state, root.id))
    return _end(state, root, entry) if root.over and not lasting else state


def _end(state: State, incident: Incident, entry: Entry, through: str = "") -> State:
    if incident.state is IncidentState.RESOLVED:
        return state
    ended = replace(
        incident,
        state=IncidentState.RESOLVED,
        resolved_at_ms=entry.at_ms,
        resolved_by=entry.actor,
        through=through,
    )
    chains = stopped(state.escalation, incident.id, ChainState.OVER, entry.at_ms)
    return _put(replace(state, escalation=chains), ended)


def _reopened(state: State, incident: Incident, entry: Entry) -> State:
    for one in _group(state, incident):
        if one.state is IncidentState.RESOLVED and (not one.over or one.id == incident.id):
            again = replace(
                one,
                state=IncidentState.OPEN,
                acknowledged_at_ms=0,
                acknowledged_by="",
                resolved_at_ms=0,
                resolved_by="",
                reopened_at_ms=entry.at_ms,
                exposed=None,
            )
            state = _put(state, again)
    return state


def _merged(state: State, incident: Incident, body: IncidentMerged, entry: Entry) -> State:
    into = state.incidents.get(body.into)
    into = into if into is None else root_of(state, into)
    if into is None or into.id == incident.id or into.state is IncidentState.RESOLVED:
        return state
    for one in (incident, *members_of(state, incident.id)):
        state = _put(state, replace(one, merged_into=into.id))
    state = replace(state, escalation=stopped(state.escalation, incident.id, ChainState.OVER, entry.at_ms))
    joined = state.incidents[incident.id]
    if into.state is IncidentState.ACKNOWLEDGED and joined.severity >= into.severity:
        for one in (joined, *members_of(state, incident.id)):
            if one.state is IncidentState.OPEN:
                state = _put(state, _taken_on(one, entry.at_ms, into.acknowledged_by))
    state = _put(state, replace(into, joined=into.joined + 1))
    return _made_graver(state, state.incidents[incident.id])


def _made_graver(state: State, incident: Incident) -> State:
    """A group is as grave as its gravest member, and then nobody who took on less has taken it on."""
    root = root_of(state, incident)
    if root.id == incident.id:
        was = state.escalation.chains.get(root.id)
        graver = was is not None and was.generation and root.severity < was.severity
        return _given_back(state, root) if graver and root.state is IncidentState.ACKNOWLEDGED else state
    if incident.severity >= root.severity or incident.state is IncidentState.RESOLVED:
        return state
    raised = replace(root, severity=incident.severity)
    return _given_back(_put(state, raised), raised)


def _group(state: State, root: Incident) -> tuple[Incident, ...]:
    return (root, *members_of(state, root.id))


def _put(state: State, incident: Incident) -> State:
    """Members go before roots when there are too many: who is told of them hangs on the root."""
    index = with_indexed(state.incident_index, state.incidents.get(incident.id), incident)
    kept = with_entry(state.incidents, incident.id, incident)
    forgotten = one_too_many(
        kept, INCIDENTS_MAX, lambda one: one.state is IncidentState.RESOLVED or bool(one.merged_into)
    )
    if forgotten is not None:
        index = without_indexed(index, kept.pop(forgotten))
    return replace(state, incidents=kept, incident_index=index)
