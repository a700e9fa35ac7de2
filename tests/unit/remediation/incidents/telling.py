"""A journal that people and findings speak into, each at its time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from checks.findings import Finding
from checks.findings import State as FindingState
from remediation.folds import apply
from remediation.incidents.state import IncidentIndex
from remediation.journal.entry import Entry, seal
from remediation.journal.kinds import Body, draft
from remediation.state import Incident, State
from tests.unit.remediation.worlds import NOW_MS, finding

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS


@dataclass
class Told:
    """Appends and folds; ``at_ms`` is the time of the next entry."""

    at_ms: int = NOW_MS
    state: State = field(default_factory=State)
    entries: list[Entry] = field(default_factory=list)

    def say(self, *bodies: Body, by: str = "daemon") -> "Told":
        """Append these."""
        for body in bodies:
            entry = seal(
                draft(body, actor=by, at_ms=self.at_ms),
                sequence=self.state.sequence + 1,
                epoch=1,
                previous_hash=self.state.hash,
            )
            self.entries.append(entry)
            self.state = apply(self.state, entry)
        return self

    def later(self, milliseconds: int) -> "Told":
        """Let time pass."""
        self.at_ms += milliseconds
        return self

    def incident(self, incident_id: str) -> Incident:
        """One incident."""
        return self.state.incidents[incident_id]


def indexed(state: State, incidents: Mapping[str, Incident]) -> State:
    """The state with these incidents and no others, found as the fold would have them found."""
    about: dict[str, tuple[str, ...]] = {}
    members: dict[str, tuple[str, ...]] = {}
    for one in incidents.values():
        about[one.fingerprint] = (*about.get(one.fingerprint, ()), one.id)
        members[one.merged_into] = (*members.get(one.merged_into, ()), one.id)
    return replace(state, incidents=dict(incidents), incident_index=IncidentIndex(about=about, members=members))


def breach(rule: str = "payment-failure-rate", severity: str = "critical", **key: str) -> Finding:
    """A breach of this rule for this key; green in us-east-1 when none is given."""
    place = key if key else {"region": "us-east-1", "environment": "green"}
    return finding(rule_id=rule, severity=severity, key=place, do=())


def clear(rule: str = "payment-failure-rate", severity: str = "critical", **key: str) -> Finding:
    """The same rule for the same key, and all is well."""
    place = key if key else {"region": "us-east-1", "environment": "green"}
    return finding(rule_id=rule, severity=severity, key=place, do=(), state=FindingState.CLEARED, value=0.0)
