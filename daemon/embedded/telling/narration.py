"""The journal as lines for a person who watches a run: what began, what was wrong, what was decided and done."""

from collections import Counter

from checks.facts import Deployment
from checks.findings import Finding
from remediation.decide import reading
from remediation.decisions import Decision, Outcome, Reason
from remediation.journal.aftermath_kinds import CompensationListed, RollbackMeasured
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, DeploymentEnded, HealthChanged, Quarantined, StepEnded, body_of
from remediation.scaling.model import Direction, ScalingDecision

_QUIET = frozenset({Reason.CLEARED, Reason.NO_DATA, Reason.NO_ACTION_CONFIGURED})
"""Reasons that the finding's own line has told already."""


def line_of(entry: Entry) -> str:
    """One line, or nothing for an entry that a spectator need not see."""
    match body_of(entry):
        case Deployment() as deployment:
            return _deployment(deployment)
        case Finding() as finding:
            return _finding(finding)
        case Decision() as decision if decision.reason not in _QUIET:
            verb = "decided" if decision.act else "not done"
            return f"{verb}: {decision.action} on {decision.target} ({decision.reason.value}): {decision.detail}"
        case Outcome() as outcome:
            return _outcome(outcome)
        case other:
            return _aside(other)


def _aside(body: Body | None) -> str:
    match body:
        case HealthChanged() as health:
            return f"health: {health.component} is {health.status}, was {health.previous_status}: {health.detail}"
        case Quarantined() as put_aside:
            return f"quarantined: a message of {put_aside.source}: {put_aside.why}"
        case StepEnded() as step:
            return f"{step.finding}: {step.step_id}: {step.detail}"
        case DeploymentEnded() as ended:
            return f"deployment {ended.deployment_id} has {ended.outcome.replace('_', ' ')}: {ended.detail}"
        case RollbackMeasured() | CompensationListed() as after:
            return _measured(after) if isinstance(after, RollbackMeasured) else _listed(after)
        case _:
            return _capacity(body) if isinstance(body, ScalingDecision) else ""


def _capacity(decided: ScalingDecision) -> str:
    is_news = decided.direction is not Direction.NONE or decided.page
    return f"capacity of {decided.target_name.removeprefix('scale:')}: {decided.words}" if is_news else ""


def _measured(measured: RollbackMeasured) -> str:
    if measured.drill:
        return f"rehearsal of a rollback: {measured.detail}"
    seconds = (measured.verified_at_ms - measured.onset_at_ms) / 1000
    served = f"{measured.exposed_payments} payments went through {measured.deployment_id}"
    return f"rolled back {seconds:.1f} s after the fault began: {served}, {measured.failed_payments} of them failed"


def _listed(listed: CompensationListed) -> str:
    if not listed.payments:
        return f"payments: {listed.deployment_id} left none wrong"
    fixes = Counter(one.fix for one in listed.payments)
    what = ", ".join(f"{fix} {number}" for fix, number in fixes.items())
    return f"payments: {listed.deployment_id} left {len(listed.payments)} payments wrong ({what}); people approve"


def _deployment(fact: Deployment) -> str:
    place = f"{fact.weight_percent} % to {fact.environment} {fact.version}"
    held = f", held: {fact.reason}" if fact.held else ""
    return f"deployment {fact.subject} {fact.status}: {place}, {fact.phase.replace('_', ' ')}{held}"


def _finding(finding: Finding) -> str:
    if finding.mode == "shadow":
        return f"watched in shadow, {finding.state.value.replace('_', ' ')}: {reading(finding)}"
    return f"{finding.state.value.replace('_', ' ')}: {reading(finding)}"


def _outcome(outcome: Outcome) -> str:
    words = [f"{outcome.status.value}: {outcome.action} on {outcome.target}"]
    if outcome.cause_to_call_ms is not None:
        words.append(f"{outcome.cause_to_call_ms:.0f} ms from cause to call")
    if outcome.verified_ms is not None:
        words.append(f"verified {outcome.verified_ms:.0f} ms later")
    if outcome.refusal:
        words.append(outcome.refusal)
    return ", ".join(words)
