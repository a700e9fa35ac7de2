"""What the outside may hear of: incidents and announced maintenance, by names that mean something outside."""

import hashlib
from collections.abc import Container, Iterable, Iterator

import msgspec

from config.public.communication import MAINTENANCE, Communication
from config.public.reading import Public
from remediation.escalation.chain import ChainState
from remediation.escalation.state import Maintenance
from remediation.incidents.fold import members_of
from remediation.incidents.labels import SEVERITY_NAMES
from remediation.journal.public_kinds import Impact, Phase
from remediation.state import Incident, IncidentState, State

_IMPACT_BY_SEVERITY: dict[str, Impact] = {"critical": "outage", "high": "degraded"}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the outside may hear of. id: inside. severity: empty of maintenance. phase: where it stands.

    known_since_ms: since when it may be told. began_at_ms, ended_at_ms: of what was wrong, or of the work; 0: not yet.
    is_quiet: nobody is to hear of it now. payments, failed_payments: that it concerned, None while nobody counted them.
    """

    id: str
    kind: str
    severity: str
    phase: Phase
    impact: Impact
    components: tuple[str, ...]
    known_since_ms: int
    began_at_ms: int
    ended_at_ms: int = 0
    is_quiet: bool = False
    payments: int | None = None
    failed_payments: int | None = None


def subjects(state: State, public: Public, now_ms: int, told: Container[str]) -> Iterator[Subject]:
    """Everything that has a kind and is not over, or of which something was told. told: their ids."""
    members: dict[str, list[Incident]] = {}
    for incident in state.incidents.values():
        if incident.merged_into:
            members.setdefault(incident.merged_into, []).append(incident)
    for incident in state.incidents.values():
        over = incident.state is IncidentState.RESOLVED and incident.id not in told
        if incident.merged_into or over:
            continue
        found = subject_of_incident(state, incident, members.get(incident.id, ()), public)
        if found is not None:
            yield found
    if public.communication(MAINTENANCE) is not None:
        for one in state.escalation.maintenances.values():
            yield subject_of_maintenance(one, public, now_ms)


def subject_of(state: State, subject_id: str, public: Public, now_ms: int, kind: str = "") -> Subject | None:
    """The one of this id, as of this kind when one is named; None when there is none, or no kind is like it."""
    incident = state.incidents.get(subject_id)
    if incident is not None:
        return subject_of_incident(state, incident, members_of(state, incident.id), public, kind)
    announced = state.escalation.maintenances.get(subject_id)
    return None if announced is None else subject_of_maintenance(announced, public, now_ms, kind)


def subject_of_incident(
    state: State, incident: Incident, members: Iterable[Incident], public: Public, kind: str = ""
) -> Subject | None:
    """None when no kind is like it: what is wrong inside and harms nobody outside. members: what was merged into it."""
    told = public.communication(kind) if kind else _kind_of(incident, public)
    if told is None:
        return None
    severity = SEVERITY_NAMES.get(incident.severity, "medium")
    group = (incident, *members)
    over = incident.state is IncidentState.RESOLVED
    chain = state.escalation.chains.get(incident.id)
    exposed = incident.exposed
    return Subject(
        id=incident.id,
        kind=told.kind,
        severity=severity,
        phase=_phase_of(incident),
        impact=_IMPACT_BY_SEVERITY.get(severity, "degraded") if told.impact is None else told.impact,
        components=told.components if told.components else _components_of(group, public),
        known_since_ms=incident.opened_at_ms,
        began_at_ms=min(one.began_at_ms if one.began_at_ms else one.opened_at_ms for one in group),
        ended_at_ms=incident.resolved_at_ms if over else 0,
        is_quiet=chain is not None and chain.state is ChainState.HELD,
        payments=None if exposed is None else exposed.payments,
        failed_payments=None if exposed is None else exposed.failed,
    )


def subject_of_maintenance(announced: Maintenance, public: Public, now_ms: int, kind: str = "") -> Subject:
    """Announced work; it concerns every component, because its matchers name rules and not parts of the page."""
    ends_ms = announced.ended_at_ms if announced.ended_at_ms else announced.ends_at_ms
    over = announced.is_over(now_ms)
    phase: Phase = "completed" if over else "in_progress" if announced.holds(now_ms) else "scheduled"
    return Subject(
        id=announced.id,
        kind=kind if kind else MAINTENANCE,
        severity="",
        phase=phase,
        impact="maintenance",
        components=tuple(one.id for one in public.page.components),
        known_since_ms=announced.announced_at_ms,
        began_at_ms=announced.starts_at_ms,
        ended_at_ms=ends_ms,
    )


def public_id(seal: str) -> str:
    """What the outside calls it. seal: of the first words about it, which nobody can guess and so find by trying.

    Its name inside and when it began would not do: from them, tried one after the other, anybody learns how many there
    were.
    """
    return hashlib.sha256(f"public\0{seal}".encode()).hexdigest()[:12]


def _kind_of(incident: Incident, public: Public) -> Communication | None:
    by_rule = next((one for one in public.communications if incident.rule_id in one.rules), None)
    if by_rule is not None or not incident.findings:
        return by_rule
    family = incident.findings[-1].family
    return next((one for one in public.communications if family in one.families), None)


def _phase_of(incident: Incident) -> Phase:
    if incident.state is IncidentState.RESOLVED:
        return "resolved"
    if incident.mitigated_at_ms > incident.reopened_at_ms:
        return "monitoring"
    acted = any(one.act and one.at_ms >= incident.reopened_at_ms for one in incident.decisions)
    return "identified" if acted or incident.state is IncidentState.ACKNOWLEDGED else "investigating"


def _components_of(group: tuple[Incident, ...], public: Public) -> tuple[str, ...]:
    """The parts at which any of the group shows."""
    rules = {one.rule_id for one in group}
    families = {one.findings[-1].family for one in group if one.findings}
    return tuple(
        one.id for one in public.page.components if rules.intersection(one.rules) or families.intersection(one.families)
    )
