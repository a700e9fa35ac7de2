"""What a deployment tells the rest of the daemon: where it is, as facts; that it is to be taken back, as findings."""

import hashlib
from typing import Protocol

from checks.facts import Deployment, DeploymentStatus
from checks.findings import Finding
from checks.findings import State as FindingState
from config.delivery.deployment import FULL_PERCENT
from remediation.aiming.release import TRAFFIC_PHASES
from remediation.deployment.findings import GateState, StepFinding, StepReport
from remediation.deployment.plan import MOVING, Standing, Step
from remediation.deployment.run import DeploymentRun
from remediation.state import DeploymentState, State

GATE_RULE = "deployment-gate"
"""A gate that is no rule found the release bad, or a check of it failed with payments on it."""
ABORT_RULE = "deployment-abort"
"""A person ended a deployment that has traffic."""
OWN_RULES = frozenset({GATE_RULE, ABORT_RULE})
"""Findings of these come from the runner and from no file of rules."""
RUNBOOK = "deployments"


class Herald(Protocol):
    """Takes what a deployment tells. Raises WorldUnreachable when it cannot be recorded."""

    async def tell(self, fact: Deployment) -> None:
        """Record and evaluate it; on return it is in the journal, if it is news."""

    async def find(self, finding: Finding) -> None:
        """Have it decided on, as if a rule had found it."""


def key_of(deployment_id: str, step_id: str) -> str:
    """The idempotency key of everything that a step sends: the same for every repetition."""
    return hashlib.sha256(f"{deployment_id}\0{step_id}".encode()).hexdigest()[:32]


def standing_of(run: DeploymentRun, region: str) -> Standing:
    """What stood in the region before."""
    return next(one for one in run.plan.standing if one.region == region)


def weight_of(run: DeploymentRun, region: str) -> int:
    """The share of the region's traffic that the new version has, or may have: that of the last step that was begun."""
    begun = (
        int(step.arguments["percent"])
        for step in run.plan.steps
        if step.kind in MOVING and step.region == region and step.id in run.begun_ids
    )
    return max(begun, default=0)


def weight_left(run: DeploymentRun, region: str) -> int:
    """The share that the new version still has: what the last batch that was taken back has left, else ``weight_of``.

    Only instances are taken back by the run itself; the traffic of two environments is given back by a decision, before
    the run unwinds.
    """
    passed = {one.step_id for one in run.ended if one.finding is StepFinding.PASSED and one.begun_at_ms}
    left = weight_of(run, region)
    for step in run.plan.unwinding:
        if step.kind in MOVING and step.region == region and step.id in passed:
            left = int(step.arguments["instances"]) * FULL_PERCENT // int(step.arguments["size"])
    return left


def fact_of(run: DeploymentRun, step: Step, status: DeploymentStatus, now_ms: int, *, why_held: str = "") -> Deployment:
    """Where the deployment is while it does this step, or is about to."""
    standing = standing_of(run, step.region)
    weight = int(step.arguments["percent"]) if step.kind in MOVING else 0
    # The new version of a rolling deployment takes the place of the old one in its own environment.
    environment = step.arguments.get("environment", standing.spare) if step.kind in MOVING else standing.spare
    return Deployment(
        id=f"{key_of(run.id, step.id)}-{status}-{'held' if why_held else 'on'}-{now_ms}",
        at_ms=now_ms,
        subject=run.id,
        region=step.region,
        environment=environment if run.plan.request.strategy != "rolling" else standing.environment,
        version=run.plan.request.version,
        status=status,
        phase=step.phase,
        strategy=run.plan.request.strategy.value,
        # Before there is traffic there is nothing to go back to; and rules begin anew when there is some, because what
        # they saw until then was an environment that was being put up.
        previous_environment=standing.environment if step.phase in TRAFFIC_PHASES else "",
        previous_version=standing.version,
        weight_percent=max(weight, weight_of(run, step.region))
        if run.stopped is None
        else weight_left(run, step.region),
        reason=why_held,
        held=bool(why_held),
    )


def is_told(fact: Deployment, state: State) -> bool:
    """Whether the journal says so already; the words of a hold may change without being told again."""
    known = state.deployments.get(fact.subject)
    return known is not None and _said(known) == (
        fact.status,
        fact.phase,
        fact.region,
        fact.weight_percent,
        fact.held,
    )


def _said(known: DeploymentState) -> tuple[str, str, str, int, bool]:
    return known.status, known.phase, known.region, known.weight_percent, known.held


def finding_of(run: DeploymentRun, step: Step, report: StepReport, now_ms: int) -> Finding:
    """That the release has to be taken back: for a person who ends it, or for the gate that is worst."""
    standing = standing_of(run, step.region)
    rolling = run.plan.request.strategy == "rolling"
    aborted = bool(run.asked_to_abort_by)
    worst = next((one for one in report.readings if one.state is GateState.BREACHED and not one.shadow), None)
    limit = f"{step.kind}: {report.detail}" if worst is None else f"{worst.gate} {worst.limit}"
    if aborted:
        limit = f"asked by {run.asked_to_abort_by}{f': {run.abort_reason}' if run.abort_reason else ''}"
    return Finding(
        rule_id=ABORT_RULE if aborted else GATE_RULE,
        family="deployment",
        state=FindingState.BREACHED,
        key={
            "region": step.region,
            "environment": standing.environment if rolling else standing.spare,
            "version": run.plan.request.version,
        },
        value=None if worst is None or aborted else worst.value,
        breach=limit,
        samples=0 if worst is None or aborted else worst.samples,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id=step.id,
        severity="critical",
        mode="enforce",
        do=("rollback.traffic", "page"),
        runbook=RUNBOOK,
        asked_by=run.asked_to_abort_by,
    )
