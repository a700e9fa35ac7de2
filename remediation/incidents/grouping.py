"""Which open incident an incident has its cause in common with: what both are about, begun at about the same time."""

from config.escalation.escalation_file import Grouping
from remediation.incidents.fold import root_of
from remediation.incidents.indexing import place_of
from remediation.journal.incident_kinds import IncidentMerged
from remediation.state import Incident, IncidentState, State


def merge_of(state: State, incident: Incident, policy: Grouping) -> IncidentMerged | None:
    """Into which older incident this one belongs; None when it stands for itself."""
    if incident.merged_into or incident.state is IncidentState.RESOLVED or not incident.findings:
        return None
    for other in state.incidents.values():
        if not _is_older(other, incident, policy) or other.state is IncidentState.RESOLVED:
            continue
        shared = shared_labels(incident, other, policy)
        root = root_of(state, other)
        if shared and root.id != incident.id and root.state is not IncidentState.RESOLVED:
            why = f"the same {' and '.join(shared)} within {policy.within:g} s"
            return IncidentMerged(incident_id=incident.id, into=root.id, why=why)
    return None


def shared_labels(one: Incident, other: Incident, policy: Grouping) -> tuple[str, ...]:
    """The first set of labels that both have with the same values; empty when there is none, or they are kept apart."""
    if not one.findings or not other.findings:
        return ()
    ours, theirs = one.findings[-1], other.findings[-1]
    if ours.family != theirs.family and (ours.family in policy.apart or theirs.family in policy.apart):
        return ()
    for names in policy.by:
        if all(ours.key.get(name) and ours.key[name] == theirs.key.get(name) for name in names):
            return names
    return ()


def _is_older(one: Incident, than: Incident, policy: Grouping) -> bool:
    """By the entry that opened it, and by no more than the policy's time."""
    apart_ms = than.opened_at_ms - one.opened_at_ms
    return 0 <= apart_ms <= policy.within * 1000 and place_of(one.id) < place_of(than.id)
