"""Which open incident an incident has its cause in common with: what both are about, begun at about the same time."""

from checks.findings import Finding
from config.escalation.escalation_file import Grouping
from remediation.incidents.fold import root_of
from remediation.journal.incident_kinds import IncidentMerged
from remediation.state import Incident, IncidentState, State

Labels = tuple[tuple[str, ...], tuple[str | None, ...]]
"""A set of labels, and its values."""


def merge_of(state: State, incident: Incident, policy: Grouping) -> IncidentMerged | None:
    """Into which older incident this one belongs; None when it stands for itself."""
    if incident.merged_into or incident.state is IncidentState.RESOLVED or not incident.findings:
        return None
    ours, within_ms = incident.findings[-1], policy.within * 1000
    sets = _labelled(ours, policy)
    for other in state.incidents.values():
        if other.id == incident.id:
            # They are kept in the order in which they were opened, so that all others are younger.
            return None
        apart_ms = incident.opened_at_ms - other.opened_at_ms
        if other.state is IncidentState.RESOLVED or not 0 <= apart_ms <= within_ms:
            continue
        shared = _shared(ours, sets, other, policy)
        root = root_of(state, other)
        if shared and root.id != incident.id and root.state is not IncidentState.RESOLVED:
            why = f"the same {' and '.join(shared)} within {policy.within:g} s"
            return IncidentMerged(incident_id=incident.id, into=root.id, why=why)
    return None


def _labelled(finding: Finding, policy: Grouping) -> list[Labels]:
    """The sets of labels of which it has each, with what it says."""
    sets = [(names, tuple(map(finding.key.get, names))) for names in policy.by]
    return [(names, values) for names, values in sets if all(values)]


def _shared(ours: Finding, sets: list[Labels], other: Incident, policy: Grouping) -> tuple[str, ...]:
    """The first set that the other has with the same values; empty when there is none, or they are kept apart."""
    if not other.findings:
        return ()
    theirs = other.findings[-1]
    if ours.family != theirs.family and (ours.family in policy.apart or theirs.family in policy.apart):
        return ()
    return next((names for names, values in sets if tuple(map(theirs.key.get, names)) == values), ())
