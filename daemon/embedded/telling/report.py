"""What a run did, from the journal and the books, as ``tillwatch up --json`` prints it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from checks.facts import Deployment
from checks.findings import Finding
from checks.findings import State as FindingState
from daemon.embedded.marketplace.traffic import Tally
from daemon.embedded.telling.books import EventCounts
from daemon.embedded.telling.migration import MigrationRow
from daemon.embedded.telling.savings import Savings
from remediation.decisions import Decision, Outcome
from remediation.incidents.fold import incident_of
from remediation.journal.entry import Entry
from remediation.journal.kinds import Intent, body_of
from remediation.state import DeploymentState, Incident, State


class PaymentsRow(msgspec.Struct, frozen=True, kw_only=True):
    """As the clients of this run saw them. processing: whose outcome nobody had learned at the end."""

    attempted: int
    succeeded: int
    declined: int
    failed: int
    processing: int
    not_sent: int


class EventsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Over the whole life of the data directory: what one run loses, no later run may hide."""

    published: int
    consumed: int
    duplicates: int
    lost: int


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was breached. at: ISO 8601, UTC."""

    rule: str
    subject: str
    at: str


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, or why nothing was done."""

    reason: str
    action: str
    target: str
    at: str


class ActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An action that was begun. outcome: ``open`` while the journal holds its intent and no outcome."""

    kind: str
    target: str
    key: str
    cause_to_call_ms: float | None
    verified_ms: float | None
    outcome: str


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that a finding of this run opened or added to."""

    id: str
    severity: int
    state: str
    escalations: tuple[str, ...]


class DeploymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment that moved. outcome: its status, or ``rolled_back``."""

    id: str
    version: str
    phase: str
    outcome: str


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether invariants I1 to I4 hold over the whole ledger."""

    balanced: bool
    entries: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. findings, decisions, actions, incidents and deployments are this run's.

    migration: left out where the scenario has no old processor.
    """

    scenario: str
    seconds: float
    payments: PaymentsRow
    events: EventsRow
    findings: list[FindingRow]
    decisions: list[DecisionRow]
    actions: list[ActionRow]
    incidents: list[IncidentRow]
    deployments: list[DeploymentRow]
    ledger: LedgerRow
    savings: Savings
    migration: MigrationRow | msgspec.UnsetType = msgspec.UNSET


def report(
    *,
    scenario: str,
    seconds: float,
    tally: Tally,
    events: EventCounts,
    entries: Sequence[Entry],
    state: State,
    ledger: LedgerRow,
    savings: Savings,
    migration: MigrationRow | msgspec.UnsetType = msgspec.UNSET,
) -> Report:
    """Put a run together. entries: the journal's of this run. state: the fold of the whole journal."""
    bodies = [(entry, body_of(entry)) for entry in entries]
    told = dict.fromkeys(
        body.fingerprint if isinstance(body, Finding) else body.finding.fingerprint
        for _, body in bodies
        if isinstance(body, Finding | Decision)
    )
    return Report(
        scenario=scenario,
        seconds=round(seconds, 1),
        payments=_payments(tally),
        events=EventsRow(
            published=events.published, consumed=events.consumed, duplicates=events.duplicates, lost=events.lost
        ),
        findings=[
            FindingRow(rule=body.rule_id, subject=body.subject, at=iso(body.at_ms))
            for _, body in bodies
            if isinstance(body, Finding) and body.state is FindingState.BREACHED
        ],
        decisions=[
            DecisionRow(reason=body.reason.value, action=body.action, target=body.target, at=iso(body.at_ms))
            for _, body in bodies
            if isinstance(body, Decision)
        ],
        actions=_actions([body for _, body in bodies]),
        incidents=[_incident(state, incident) for one in told if (incident := incident_of(state, one)) is not None],
        deployments=_deployments([body for _, body in bodies], state),
        ledger=ledger,
        savings=savings,
        migration=migration,
    )


def iso(at_ms: int) -> str:
    """Unix epoch milliseconds as ISO 8601 in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _payments(tally: Tally) -> PaymentsRow:
    return PaymentsRow(
        attempted=tally.attempted,
        succeeded=tally.succeeded,
        declined=tally.declined,
        failed=tally.failed,
        processing=tally.processing,
        not_sent=tally.not_sent,
    )


def _actions(bodies: Sequence[object]) -> list[ActionRow]:
    """One row per outcome, also of an intent of a former run, and one per intent that has no outcome."""
    outcomes = [body for body in bodies if isinstance(body, Outcome)]
    ended = {outcome.decision_id for outcome in outcomes}
    rows = [
        ActionRow(
            kind=outcome.action,
            target=outcome.target,
            key=outcome.key,
            cause_to_call_ms=outcome.cause_to_call_ms,
            verified_ms=outcome.verified_ms,
            outcome=outcome.status.value,
        )
        for outcome in outcomes
    ]
    open_intents = [body for body in bodies if isinstance(body, Intent) and body.decision_id not in ended]
    return rows + [
        ActionRow(
            kind=intent.action,
            target=intent.target,
            key=intent.key,
            cause_to_call_ms=None,
            verified_ms=None,
            outcome="open",
        )
        for intent in open_intents
    ]


def _incident(state: State, incident: Incident) -> IncidentRow:
    chain = state.escalation.chains.get(incident.id)
    return IncidentRow(
        id=incident.id,
        severity=incident.severity,
        state=incident.state.value,
        escalations=() if chain is None else chain.levels_told,
    )


def _deployments(bodies: Sequence[object], state: State) -> list[DeploymentRow]:
    """Those that an event of this run is about, and those that an action has ended in this run."""
    named = {body.subject for body in bodies if isinstance(body, Deployment)}
    ended = [
        state.actions[body.decision_id]
        for body in bodies
        if isinstance(body, Outcome) and body.decision_id in state.actions
    ]
    acted_on = {action.arguments.get("deployment_id", "") for action in ended}
    return [
        DeploymentRow(
            id=deployment.id, version=deployment.version, phase=deployment.phase, outcome=_outcome(deployment)
        )
        for deployment in state.deployments.values()
        if deployment.id in named | acted_on
    ]


def _outcome(deployment: DeploymentState) -> str:
    return "rolled_back" if deployment.rolled_back else deployment.status
