"""What is due about telling people at this moment, as journal entries to write."""

from collections.abc import Iterator

from config.escalation.escalation_file import Escalation
from remediation.escalation.chain import Chain, ChainState
from remediation.escalation.holding import Holding
from remediation.escalation.notices import Notice, NoticeKind, NoticeState, NoticeStatus
from remediation.escalation.planning import GRAVER, OPENED, REOPENED, UNANSWERED, policy_of, started
from remediation.escalation.telling import follow_up, notices_of
from remediation.incidents.fold import members_of, roots
from remediation.incidents.grouping import merge_of
from remediation.journal.entry import DAEMON
from remediation.journal.escalation_kinds import EscalationBody, EscalationHeld, EscalationStep, EscalationTold
from remediation.journal.incident_kinds import IncidentBody, IncidentReopened, IncidentUnacknowledged
from remediation.state import Incident, IncidentState, State

Due = EscalationBody | IncidentBody

_UNDER_WAY = (ChainState.RUNNING, ChainState.SPENT)


def due(state: State, escalation: Escalation, now_ms: int) -> tuple[Due, ...]:
    """At most one entry for each incident, the gravest first; ask again once they are written.

    Incidents are merged, held, begun, told, given back, opened again. Nothing here remembers anything: what was done is
    in the journal, so a process that died goes on where the journal ends, forgets no step and does none twice.
    An entry may be void by the time it is written, because another one came first: folding it then changes nothing.
    """
    found: list[Due] = []
    holding = Holding(state, escalation, now_ms)
    moving = [one for one in _may_move(state) if not _waits(state, one, now_ms)]
    for incident in sorted(moving, key=lambda one: (one.severity, one.opened_at_ms)):
        entry = _of_incident(state, incident, escalation, holding, now_ms)
        if entry is not None:
            found.append(entry)
    return tuple(found)


def next_due_ms(state: State, escalation: Escalation, now_ms: int) -> int | None:
    """When something is due by the clock alone; None when only other entries can make something due.

    Windows that come back begin and end unannounced here: whoever waits looks once a second as well.
    """
    times = [time_ms for one in _may_move(state) for time_ms in _times(state, one, escalation)]
    return min((one for one in times if one > now_ms), default=None)


def _may_move(state: State) -> Iterator[Incident]:
    """All but what evidence has ended or another speaks for, once everybody has heard so: most of what is known."""
    chains = state.escalation.chains
    for one in roots(state):
        chain = chains.get(one.id)
        by_evidence = one.state is IncidentState.RESOLVED and one.resolved_by == DAEMON
        if not by_evidence or (chain is not None and not chain.settled):
            yield one
    for chain in chains.values():
        member = None if chain.settled else state.incidents.get(chain.incident_id)
        if member is not None and member.merged_into:
            yield member


def _waits(state: State, incident: Incident, now_ms: int) -> bool:
    """True for what is open and has nothing to do before its next step: in a long storm, nearly all of it."""
    chain = state.escalation.chains.get(incident.id)
    if chain is None or chain.outlived or incident.merged_into or incident.state is not IncidentState.OPEN:
        return False
    if incident.severity < chain.severity or chain.state not in _UNDER_WAY:
        return False
    step = chain.next_step
    return step is None or step.at_ms > now_ms


def _of_incident(state: State, incident: Incident, escalation: Escalation, holding: Holding, now_ms: int) -> Due | None:
    chain = state.escalation.chains.get(incident.id)
    quiet = chain is None or (incident.state is IncidentState.OPEN and not incident.merged_into and not chain.outlived)
    told = None if chain is None or quiet else _followed(incident, chain)
    if told is not None:
        return told
    if incident.merged_into:
        return None
    match incident.state:
        case IncidentState.RESOLVED:
            return _reopened(state, incident, escalation, now_ms)
        case IncidentState.ACKNOWLEDGED:
            return _given_back(incident, chain, escalation, now_ms)
        case IncidentState.OPEN:
            merge = None if chain is not None else merge_of(state, incident, escalation.group)
            return merge if merge is not None else _of_open(state, incident, escalation, holding, now_ms)


def _of_open(
    state: State, incident: Incident, escalation: Escalation, holding: Holding, now_ms: int
) -> EscalationBody | None:
    """What keeps people from being told is looked for when somebody would be told, and not before."""
    chain = state.escalation.chains.get(incident.id)
    why, step = _why_anew(incident, chain), None if chain is None else chain.next_step
    if not why and (step is None or step.at_ms > now_ms):
        return None
    held = holding.of(incident)
    if held:
        already = chain is not None and chain.state is ChainState.HELD
        return None if already else EscalationHeld(incident_id=incident.id, why=held)
    if chain is None or step is None or why:
        return started(incident, 1 if chain is None else chain.generation + 1, why, escalation, now_ms)
    return EscalationStep(
        incident_id=incident.id,
        generation=chain.generation,
        number=step.number,
        notices=notices_of(state, incident, chain, step),
        action=step.action,
    )


def _why_anew(incident: Incident, chain: Chain | None) -> str:
    """Why people are told from the beginning; empty when the chain that there is goes on."""
    if chain is None:
        return OPENED
    match chain.state:
        case ChainState.HELD:
            return f"no longer held by {chain.held_by}"
        case ChainState.ACKNOWLEDGED:
            return UNANSWERED
        case ChainState.OVER:
            return REOPENED
        case ChainState.RUNNING | ChainState.SPENT:
            return GRAVER if incident.severity < chain.severity else ""


def _given_back(
    incident: Incident, chain: Chain | None, escalation: Escalation, now_ms: int
) -> IncidentUnacknowledged | None:
    timeout_ms = _ack_timeout_ms(incident, chain, escalation)
    if not timeout_ms or now_ms < incident.acknowledged_at_ms + timeout_ms:
        return None
    note = f"{incident.acknowledged_by} took it on {timeout_ms / 60_000:g} min ago, and it is not over"
    return IncidentUnacknowledged(incident_id=incident.id, cause="timeout", note=note)


def _ack_timeout_ms(incident: Incident, chain: Chain | None, escalation: Escalation) -> int:
    """As it was planned; of one that somebody took on before there was a plan as the policy says now."""
    if chain is not None and chain.generation:
        return chain.ack_timeout_ms
    return round(escalation.policies[policy_of(incident, escalation)].ack_timeout * 1000)


def _reopened(state: State, incident: Incident, escalation: Escalation, now_ms: int) -> IncidentReopened | None:
    lasting = _lasting(state, incident)
    if not lasting or now_ms < incident.resolved_at_ms + round(escalation.reopen_after * 1000):
        return None
    named = ", ".join(one.fingerprint for one in lasting)
    return IncidentReopened(incident_id=incident.id, why=f"closed by {incident.resolved_by}, and still so: {named}")


def _lasting(state: State, incident: Incident) -> list[Incident]:
    """What of a closed group a person closed although its evidence was not over."""
    group = (incident, *members_of(state, incident.id))
    return [
        one
        for one in group
        if not one.over and one.resolved_by != DAEMON and one.findings and one.findings[-1].is_alarming
    ]


def _followed(incident: Incident, chain: Chain) -> EscalationTold | None:
    """What those who were told have to hear by now; of several notices of one alert to one person, once."""
    found: dict[tuple[str, str], Notice] = {}
    for one in chain.notices:
        kind = _next_kind(incident, chain, one)
        if kind is not None:
            found[one.notice.dedup_key, one.notice.target.reference] = follow_up(incident, one.notice, kind)
    return EscalationTold(incident_id=incident.id, notices=tuple(found.values())) if found else None


def _next_kind(incident: Incident, chain: Chain, told: NoticeState) -> NoticeKind | None:
    notice = told.notice
    if notice.kind != "trigger" or told.status is not NoticeStatus.SENT or told.followed == "resolve":
        return None
    if incident.state is IncidentState.RESOLVED or incident.merged_into or notice.generation < chain.generation:
        return "resolve"
    taken_on = incident.state is IncidentState.ACKNOWLEDGED
    return "acknowledge" if taken_on and not told.followed else None


def _times(state: State, incident: Incident, escalation: Escalation) -> Iterator[int]:
    chain = state.escalation.chains.get(incident.id)
    if incident.merged_into:
        return
    if incident.state is IncidentState.RESOLVED:
        if _lasting(state, incident):
            yield incident.resolved_at_ms + round(escalation.reopen_after * 1000)
    elif incident.state is IncidentState.ACKNOWLEDGED:
        timeout_ms = _ack_timeout_ms(incident, chain, escalation)
        if timeout_ms:
            yield incident.acknowledged_at_ms + timeout_ms
    elif chain is not None and chain.state is ChainState.HELD:
        yield from (one.ends_at_ms for one in state.escalation.silences.values())
        yield from (one.ends_at_ms for one in state.escalation.maintenances.values())
    elif chain is not None and chain.next_step is not None:
        yield chain.next_step.at_ms
