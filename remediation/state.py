"""The shapes that the journal folds into: incidents, deployments, actions and targets, each list with its limit."""

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from checks.findings import Finding
from remediation.aiming.region_state import RegionState
from remediation.bounded import bounded, with_entry
from remediation.compensation.state import CompensationState
from remediation.decisions import OutcomeStatus, Reason
from remediation.deployment.run import DeploymentRun
from remediation.escalation.state import EscalationBook
from remediation.flags.state import FlagBook
from remediation.guardrails.state import ApprovalState, RiskState, StopState, StormState
from remediation.incidents.state import IncidentIndex
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.journal.entry import GENESIS_HASH
from remediation.journal.incident_kinds import IncidentExposed
from remediation.journal.procedure_kinds import ContinuityMeasured
from remediation.procedures.model import ProcedureRun
from remediation.public.state import PublicBook
from remediation.rollback.model import RollbackRun
from remediation.scaling.model import Pin, ScalingDecision

HEARD_MAX = 32
"""Events of other systems about one incident that are known again when they come twice."""
INCIDENTS_MAX = 2_000
"""Kept in memory, about 2 KB each; resolved ones go first, the journal keeps them all."""
DEPLOYMENTS_MAX = 50
ACTIONS_MAX = 400
"""Three hours at the highest budgets that configuration allows."""
TARGETS_MAX = 1000
BUDGETS_MAX = 40
"""Four months of the thresholds that settings allow."""
DECISIONS_MAX = 200
FINDINGS_PER_INCIDENT = 50
DECISIONS_PER_INCIDENT = 50
ROLLBACKS_MAX = 50
SCALED_MAX = 128
"""Components: twice as many as a configuration may name, so that one that is renamed takes no other's place."""
HOUR_MS = 3_600_000

SEVERITY_LEVELS = {"critical": 1, "high": 2, "medium": 3}
"""The severities that open an incident; low ones are findings and no more."""


def level_of(finding: Finding) -> int:
    """The incident level of the finding's severity; 4, below every incident, for one that opens none."""
    return SEVERITY_LEVELS.get(finding.severity, len(SEVERITY_LEVELS) + 1)


RUNNING = ("started", "in_progress")
"""Statuses of a deployment that is on its way."""


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class DecisionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as people read it. sequence: its entry. outcome: None while none is known or none will be."""

    decision_id: str
    sequence: int
    at_ms: int
    fingerprint: str
    rule_id: str
    subject: str
    action: str
    target: str
    reason: Reason
    act: bool
    detail: str
    outcome: OutcomeStatus | None = None
    outcome_detail: str = ""
    trace_id: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, from its first breach to its end.

    id: ``inc-`` and the sequence of the entry that opened it. severity: 1 (critical), 2 (high) or 3 (medium).
    findings, decisions: oldest first, the newest FINDINGS_PER_INCIDENT and DECISIONS_PER_INCIDENT.
    began_at_ms: event time of what opened it. acknowledged_at_ms, resolved_at_ms: 0 until they happen, and again when
    it is given back or reopened. answered_at_ms: when somebody first took it on. mitigated_at_ms: when an action
    about it was first seen in effect. reopened_at_ms: last. over: evidence says so, or nothing watches it any more.
    merged_into: the incident that speaks for it; empty when it speaks for itself. joined: how many it speaks for.
    exposed: what went where it was wrong; None while that is not counted.
    through: the channel by which who took it on, or closed it, told us; empty for a person here. heard: the newest
    events of other systems about it, oldest first, by their ids; heard_at_ms: when the newest of them that acted was.
    """

    id: str
    fingerprint: str
    rule_id: str
    subject: str
    severity: int
    runbook: str
    state: IncidentState
    opened_at_ms: int
    acknowledged_at_ms: int = 0
    acknowledged_by: str = ""
    resolved_at_ms: int = 0
    resolved_by: str = ""
    findings: tuple[Finding, ...] = ()
    decisions: tuple[DecisionSummary, ...] = ()
    began_at_ms: int = 0
    answered_at_ms: int = 0
    mitigated_at_ms: int = 0
    reopened_at_ms: int = 0
    over: bool = False
    merged_into: str = ""
    joined: int = 0
    exposed: IncidentExposed | None = None
    through: str = ""
    heard: tuple[str, ...] = ()
    heard_at_ms: int = 0

    @property
    def awaits_evidence(self) -> bool:
        """Whether what is measured may still move it; also one that a person closed while it was not over."""
        return self.state is not IncidentState.RESOLVED or not self.over

    @property
    def is_counted_open(self) -> bool:
        """Whether people see it as open: it is not resolved, and no other incident speaks for it."""
        return self.resolved_at_ms == 0 and not self.merged_into


class DeploymentState(msgspec.Struct, frozen=True, kw_only=True):
    """A release on its way. sequence: the entry that first named it. rolled_back: never becomes false again.

    region: where it is on its way at this moment. held: it stays where it is until it can be told how to go on; reason
    says why.
    """

    id: str
    sequence: int
    version: str
    environment: str
    previous_environment: str
    previous_version: str
    strategy: str
    phase: str
    status: str
    weight_percent: int
    rolled_back: bool
    started_at_ms: int
    changed_at_ms: int
    region: str = ""
    held: bool = False
    reason: str = ""


class ActionState(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that acts, from decision to outcome.

    cause_at_ms: event time of the breaching fact. intent_sequence, intended_at_ms: 0 until the intent is on disk.
    before: what reverse would restore. status: None while there is no outcome. undoes: the decision that a person takes
    back by it, undone_by: by which this one was taken back; empty for none. asked_by: the person who asked for it.
    trace_id: of its decision, and of the one that it takes back.
    """

    decision_id: str
    sequence: int
    action: str
    target: str
    key: str
    arguments: dict[str, str]
    cause_at_ms: int
    decided_at_ms: int
    intent_sequence: int = 0
    intended_at_ms: int = 0
    before: dict[str, str] = {}
    called_at_ms: int = 0
    status: OutcomeStatus | None = None
    ended_at_ms: int = 0
    cause_to_call_ms: float | None = None
    verified_ms: float | None = None
    detail: str = ""
    undoes: str = ""
    undone_by: str = ""
    asked_by: str = ""
    trace_id: str = ""


class TargetState(msgspec.Struct, frozen=True, kw_only=True):
    """What the guard needs of one target. running: the decision that is being carried out, empty when none is.

    acted_at_ms: last time something was or may have been done. refused_at_ms: last time preflight refused. 0: never.
    refusals: in a row, since something was last done. until_ms: when what was done ends by itself, 0 when it does not.
    acts_at_ms: when automatic actions on it were begun, the newest ACTS_MAX.
    """

    running: str = ""
    acted_at_ms: int = 0
    refused_at_ms: int = 0
    refusals: int = 0
    until_ms: int = 0
    acts_at_ms: tuple[int, ...] = ()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the journal says, bounded.

    sequence, hash, at_ms: of the newest entry folded in. public: what was said to the outside.
    incidents, deployments and actions: by id, oldest first. incident_index: how incidents are found.
    targets: by name. decisions: oldest first; those with ``act`` false are the "why not" list. intents_at_ms: of the
    last hour;
    listed_at_ms: the same for entries on fraud lists. first_started_at_ms: when a daemon first led; 0 before that.
    stopped: by a person, None while automation may act. storm: the newest one. approvals: by id, oldest first. risked:
    of the last hour. reports: the newest slot of each scheduled report that was written. budgets: the months and
    thresholds reached.
    runs: of deployments, by id, oldest first.
    compensations: by deployment, the newest list of payments that it left wrong. rollbacks: by deployment, how it went.
    manual_rollbacks: those that people asked for, by id, oldest first.
    regions: what is said of each region, by name. flags: what each serves, and the document.
    scaling: the newest decision about each component's capacity, pins: what people set by hand, both by target.
    scaled_at_ms: when capacity was changed in the last hour. procedures: runs of them, by id, oldest first.
    procedures_done: when each was last walked to its end. drills: of business continuity, oldest first.
    """

    sequence: int = 0
    hash: str = GENESIS_HASH
    incidents: dict[str, Incident] = {}
    incident_index: IncidentIndex = IncidentIndex()
    deployments: dict[str, DeploymentState] = {}
    actions: dict[str, ActionState] = {}
    targets: dict[str, TargetState] = {}
    decisions: tuple[DecisionSummary, ...] = ()
    intents_at_ms: tuple[int, ...] = ()
    listed_at_ms: tuple[int, ...] = ()
    first_started_at_ms: int = 0
    reports: dict[str, int] = {}
    budgets: tuple[tuple[str, int], ...] = ()
    stopped: StopState | None = None
    storm: StormState | None = None
    approvals: dict[str, ApprovalState] = {}
    risked: tuple[RiskState, ...] = ()
    runs: dict[str, DeploymentRun] = {}
    compensations: dict[str, CompensationState] = {}
    rollbacks: dict[str, RollbackMeasured] = {}
    manual_rollbacks: dict[str, RollbackRun] = {}
    regions: dict[str, RegionState] = {}
    scaling: dict[str, ScalingDecision] = {}
    pins: dict[str, Pin] = {}
    scaled_at_ms: tuple[int, ...] = ()
    flags: FlagBook = FlagBook()
    escalation: EscalationBook = EscalationBook()
    public: PublicBook = PublicBook()
    at_ms: int = 0
    procedures: dict[str, ProcedureRun] = {}
    procedures_done: dict[str, int] = {}
    drills: tuple[ContinuityMeasured, ...] = ()


def with_action(state: State, action: ActionState) -> State:
    """The state with this action as it is now; of too many, the oldest that has ended goes."""
    kept = bounded(
        with_entry(state.actions, action.decision_id, action), ACTIONS_MAX, lambda one: one.status is not None
    )
    return replace(state, actions=kept)


def with_target(state: State, target: str, **changes: str | int | tuple[int, ...]) -> State:
    """The state with one target changed; of too many, the oldest goes on which nothing is being carried out."""
    changed = replace(state.targets.get(target, TargetState()), **changes)
    kept = bounded(with_entry(state.targets, target, changed), TARGETS_MAX, lambda one: not one.running)
    return replace(state, targets=kept)
