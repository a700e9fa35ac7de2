"""What a notice says: one line for a screen at night, and what was seen and is to be done below it."""

from collections.abc import Iterable

from remediation.decide import reading
from remediation.escalation.chain import Chain, PlannedStep
from remediation.escalation.notices import Notice, NoticeKind, Target
from remediation.incidents.fold import members_of
from remediation.incidents.labels import SEVERITY_NAMES, labels_of
from remediation.state import Incident, State
from remediation.tracing import trace_id_of

MEMBERS_TOLD = 10
"""Of a group, by name; the rest is a number."""
_NO_NAME = "://"
"""A runbook may be an address; any other one is the name of a procedure, or of what one answers."""
_ENDS = {"acknowledge": "taken on", "resolve": "over"}


def notices_of(state: State, incident: Incident, chain: Chain, step: PlannedStep) -> tuple[Notice, ...]:
    """The notices of a step that is due, one for each person."""
    about = f"{incident.rule_id}{_place(incident)} ({incident.id})"
    body = "\n".join(_lines(state, incident, step))
    return tuple(
        Notice(
            incident_id=incident.id,
            generation=chain.generation,
            kind="trigger",
            severity=incident.severity,
            title=f"{SEVERITY_NAMES.get(incident.severity, 'medium')}: {about}",
            body=body,
            step=step.number,
            target=target,
            trace_id=_trace_id(incident),
            about=about,
            labels=labels_of(incident),
            began_at_ms=incident.began_at_ms,
        )
        for target in step.targets
    )


def follow_up(incident: Incident, told: Notice, kind: NoticeKind) -> Notice:
    """What somebody who was told hears later, under the same alert."""
    by = incident.acknowledged_by if kind == "acknowledge" else incident.resolved_by
    who = f" by {by}" if by else ""
    return Notice(
        incident_id=told.incident_id,
        generation=told.generation,
        kind=kind,
        severity=told.severity,
        title=f"{_ENDS[kind]}{who}: {incident.rule_id}{_place(incident)} ({incident.id})",
        body=_ended(incident, kind, who),
        step=told.step,
        target=Target(person=told.target.person, channel=told.target.channel, fallbacks=told.target.fallbacks),
        trace_id=told.trace_id,
        about=told.about,
        labels=told.labels,
        began_at_ms=told.began_at_ms,
    )


def _ended(incident: Incident, kind: NoticeKind, who: str) -> str:
    if kind == "resolve" and not incident.resolved_at_ms:
        return "It is told anew under another key."
    return f"{incident.id} is {_ENDS[kind]}{who}."


def _lines(state: State, incident: Incident, step: PlannedStep) -> Iterable[str]:
    if incident.findings:
        yield reading(incident.findings[-1])
    members = [one for one in members_of(state, incident.id) if not one.over]
    for one in members[:MEMBERS_TOLD]:
        yield f"also {one.id}: {reading(one.findings[-1]) if one.findings else one.rule_id}"
    if len(members) > MEMBERS_TOLD:
        yield f"and {len(members) - MEMBERS_TOLD} more"
    if incident.decisions:
        yield f"decided: {incident.decisions[-1].detail}"
    yield f"runbook {incident.runbook}; step {step.number}: {step.level} ({step.tier})"
    if _NO_NAME not in incident.runbook:
        yield f"what to do: tillwatch sop run {incident.runbook} --incident {incident.id}"
    yield f"take it on: tillwatch incidents ack {incident.id}"
    trace_id = _trace_id(incident)
    if trace_id:
        yield f"trace {trace_id}"


def _trace_id(incident: Incident) -> str:
    """Of the newest decision about it, or of what was found, whose decision will be in that trace."""
    decided = next((one.trace_id for one in reversed(incident.decisions) if one.trace_id), "")
    return decided if decided or not incident.findings else trace_id_of(incident.findings[-1])


def _place(incident: Incident) -> str:
    values = (part.partition("=")[2] for part in incident.subject.split(",") if part)
    place = " · ".join(value for value in values if value)
    return f" for {place}" if place else ""
