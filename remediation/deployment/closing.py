"""The last words about a deployment: how it ended, and that what it was taken back for is over."""

from msgspec.structs import replace

from checks.facts import Deployment, DeploymentStatus
from checks.findings import Finding
from checks.findings import State as FindingState
from remediation.deployment.plan import Step, Strategy
from remediation.deployment.run import DeploymentRun, RunOutcome
from remediation.deployment.telling import OWN_RULES, fact_of, weight_left
from remediation.state import State


def closing_fact(run: DeploymentRun, outcome: RunOutcome, now_ms: int) -> Deployment:
    """How it ended, for whoever looks for a release to blame, and for rules over deployments."""
    status: DeploymentStatus = "failed"
    if outcome in {RunOutcome.SUCCEEDED, RunOutcome.ROLLED_BACK}:
        status = "succeeded" if outcome is RunOutcome.SUCCEEDED else "rolled_back"
    fact = fact_of(run, _last(run), status, now_ms)
    return fact if outcome is RunOutcome.SUCCEEDED else replace(fact, weight_percent=left_behind(run))


def outcome_of(run: DeploymentRun) -> RunOutcome:
    """How a run with nothing left to do has ended: rolled back only when nobody pays with the new version any more."""
    if run.stopped is None:
        return RunOutcome.SUCCEEDED
    return RunOutcome.FAILED if run.stopped is RunOutcome.ROLLED_BACK and left_behind(run) else run.stopped


def left_behind(run: DeploymentRun) -> int:
    """The share that a run which was stopped leaves on the new version, in percent of the region where it stopped."""
    # Between two environments a decision gave the traffic back before; instances are taken back batch by batch.
    rolling = run.plan.request.strategy is Strategy.ROLLING
    return weight_left(run, run.stopped_region) if rolling else 0


def _last(run: DeploymentRun) -> Step:
    """The last step of the plan that was begun, else its first."""
    begun = [step for step in run.plan.steps if step.id in run.begun_ids]
    return begun[-1] if begun else run.plan.steps[0]


def clear_own_findings(run: DeploymentRun, state: State, now_ms: int) -> list[Finding]:
    """That what the runner itself found is over, for each incident of it that is still open."""
    return [
        replace(incident.findings[-1], state=FindingState.CLEARED, at_ms=now_ms)
        for incident in state.incidents.values()
        if incident.rule_id in OWN_RULES
        and incident.awaits_evidence
        and incident.findings
        and incident.findings[-1].key.get("version") == run.plan.request.version
    ]
