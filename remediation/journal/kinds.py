"""What each kind of journal entry says: one body type per kind, encoded canonically."""

from typing import Literal, TypeVar

import msgspec

from checks.facts import Deployment, HealthStatus
from checks.findings import Finding
from remediation.decisions import Decision, Outcome
from remediation.deployment.findings import GateReading, StepFinding
from remediation.deployment.plan import Plan
from remediation.deployment.run import RunOutcome
from remediation.errors import JournalCorrupt
from remediation.journal.aftermath_kinds import AFTERMATH_TYPE_BY_KIND, AftermathBody
from remediation.journal.entry import Draft, Entry, canonical
from remediation.journal.escalation_kinds import ESCALATION_TYPE_BY_KIND, EscalationBody
from remediation.journal.flag_kinds import FLAG_TYPE_BY_KIND, FlagBody
from remediation.journal.guardrail_kinds import GUARDRAIL_TYPE_BY_KIND, GuardrailBody
from remediation.journal.incident_kinds import INCIDENT_TYPE_BY_KIND, IncidentBody
from remediation.journal.procedure_kinds import PROCEDURE_TYPE_BY_KIND, ProcedureBody
from remediation.journal.public_kinds import PUBLIC_TYPE_BY_KIND, PublicBody
from remediation.journal.scaling_kinds import SCALING_TYPE_BY_KIND, ScalingBody


class DaemonStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A daemon took the lease. configuration_hash: SHA-256 over the configuration files it runs with."""

    version: str
    holder: str
    configuration_hash: str = ""
    observe_only: bool = False


class DaemonStopped(msgspec.Struct, frozen=True, kw_only=True):
    """A daemon stopped in order; a crash leaves no such entry."""

    reason: str


class ConfigurationReloaded(msgspec.Struct, frozen=True, kw_only=True):
    """Other rules or another policy took effect while the daemon ran. cause: a changed file, or ``SIGHUP``.

    added, removed, changed: rules. fresh: those whose windows began anew, from the log of facts. policy: values as
    ``path: before -> after``. restart: what the files say and only a restart brings into effect. withdrawn: rule and
    key of what was breached and is watched no more.
    """

    cause: str
    configuration_hash: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    observe_only: bool = False


class ConfigurationRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Changed files cannot be used; what was in effect stays. problems: the first ones, each with its place."""

    cause: str
    problems: tuple[str, ...]
    problem_count: int


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """An effect is about to be sent; on disk before it is.

    cause_at_ms: event time of the fact that breached. before: what preflight read, for undoing. trace_id: of the
    decision.
    """

    decision_id: str
    action: str
    target: str
    key: str
    arguments: dict[str, str]
    before: dict[str, str]
    cause_at_ms: int
    trace_id: str = ""


class HealthChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A component's health is another than before."""

    component: str
    status: HealthStatus
    previous_status: HealthStatus
    detail: str


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A message could not be understood and was set aside; its content is not in the journal."""

    source: str
    message_id: str
    why: str
    size_bytes: int


class ScenarioStep(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario did something to the system on purpose."""

    scenario: str
    step: str
    detail: str = ""


class BudgetReached(msgspec.Struct, frozen=True, kw_only=True):
    """The month's AWS bill reached a part of its budget. month: ``2026-11``. Amounts: cents, rounded down."""

    month: str
    threshold_percent: int
    spent_cents: int
    budget_cents: int


class DeploymentPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment will do, before any of it is done; what is run later is this and nothing else.

    skipped: the confirmations that were passed over because somebody said so (``--force``).
    """

    plan: Plan
    skipped: tuple[str, ...] = ()


class StepBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a deployment is about to be done; on disk before anything of it is. key: of all that it sends."""

    deployment_id: str
    step_id: str
    kind: str
    target: str
    key: str


class StepEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a deployment has its answer. stop: how the deployment will end because of it; None: it goes on."""

    deployment_id: str
    step_id: str
    finding: StepFinding
    detail: str
    readings: tuple[GateReading, ...] = ()
    stop: RunOutcome | None = None


class DeploymentAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A person asked something of a running deployment; the entry's actor is that person.

    resume: goes on after a pause, or gives a step that is held the whole of its time once more. skipped: what
    ``--force`` skipped of an abort.
    """

    deployment_id: str
    what: Literal["pause", "resume", "abort"]
    reason: str = ""
    skipped: tuple[str, ...] = ()


class DeploymentEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment is over, and what it had prepared is undone unless it succeeded."""

    deployment_id: str
    outcome: RunOutcome
    detail: str = ""


class ReportWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled report is where it belongs, so its slot is done.

    job: ``daily-savings``, ``weekly-performance`` or ``monthly-security``. slot_ms: when it was due. first_day,
    until_day: the UTC days it is about, the last excluded. place: of the Markdown; the JSON lies beside it.
    sha256: of the JSON. summary: one sentence.
    """

    job: str
    slot_ms: int
    first_day: str
    until_day: str
    place: str
    sha256: str
    summary: str


RunBody = DeploymentPlanned | StepBegun | StepEnded | DeploymentAsked | DeploymentEnded
"""What is said of a deployment that runs."""

Body = (
    DaemonStarted
    | DaemonStopped
    | ConfigurationReloaded
    | ConfigurationRefused
    | Finding
    | Decision
    | Intent
    | Outcome
    | Deployment
    | HealthChanged
    | Quarantined
    | ScenarioStep
    | BudgetReached
    | ReportWritten
    | GuardrailBody
    | RunBody
    | AftermathBody
    | ScalingBody
    | FlagBody
    | IncidentBody
    | EscalationBody
    | PublicBody
    | ProcedureBody
)

BODY_TYPE_BY_KIND: dict[str, type[Body]] = {
    "daemon.started": DaemonStarted,
    "daemon.stopped": DaemonStopped,
    "configuration.reloaded": ConfigurationReloaded,
    "configuration.refused": ConfigurationRefused,
    "finding": Finding,
    "decision": Decision,
    "intent": Intent,
    "outcome": Outcome,
    "deployment": Deployment,
    "health": HealthChanged,
    "quarantine": Quarantined,
    "scenario": ScenarioStep,
    "budget.reached": BudgetReached,
    "report.written": ReportWritten,
    **GUARDRAIL_TYPE_BY_KIND,
    "deployment.planned": DeploymentPlanned,
    "step.begun": StepBegun,
    "step.ended": StepEnded,
    "deployment.asked": DeploymentAsked,
    "deployment.ended": DeploymentEnded,
    **AFTERMATH_TYPE_BY_KIND,
    **SCALING_TYPE_BY_KIND,
    **FLAG_TYPE_BY_KIND,
    **INCIDENT_TYPE_BY_KIND,
    **ESCALATION_TYPE_BY_KIND,
    **PUBLIC_TYPE_BY_KIND,
    **PROCEDURE_TYPE_BY_KIND,
}
KIND_BY_BODY_TYPE: dict[type[Body], str] = {body_type: kind for kind, body_type in BODY_TYPE_BY_KIND.items()}

B = TypeVar("B", bound=Body)


def draft(body: Body, *, actor: str, at_ms: int) -> Draft:
    """An entry about this body, ready to append. actor: ``daemon``, or the name of a person's token."""
    return Draft(at_ms=at_ms, kind=KIND_BY_BODY_TYPE[type(body)], actor=actor, body=msgspec.Raw(canonical(body)))


def body_of(entry: Entry) -> Body | None:
    """The typed body; None for a kind of a newer version. Raises JournalCorrupt when a known kind does not decode."""
    body_type = BODY_TYPE_BY_KIND.get(entry.kind)
    return None if body_type is None else body_as(entry, body_type)


def body_as(entry: Entry, body_type: type[B]) -> B:
    """The body as this type, which the caller knows from the entry's kind. Raises JournalCorrupt."""
    try:
        return msgspec.json.decode(entry.body, type=body_type)
    except msgspec.DecodeError as problem:
        raise JournalCorrupt(f"entry {entry.sequence} ({entry.kind}): {problem}") from problem
