"""One journal entry as one line for a person."""

from checks.facts import Deployment
from checks.findings import Finding
from remediation.decide import reading
from remediation.decisions import Decision, Outcome
from remediation.journal.entry import Entry
from remediation.journal.kinds import (
    Body,
    DeploymentAsked,
    DeploymentPlanned,
    Intent,
    StepBegun,
    StepEnded,
    body_of,
)


def sentence(entry: Entry) -> str:
    """What the entry says, without its time and kind; an unknown kind shows its body."""
    match body_of(entry):
        case Finding() as finding:
            return f"{finding.state}: {reading(finding)}"
        case Decision() as decision:
            return f"{decision.action if decision.act else 'nothing'} ({decision.reason}): {decision.detail}"
        case Intent() as intent:
            return f"{intent.action} on {intent.target} for {intent.decision_id}"
        case Outcome() as outcome:
            return f"{outcome.action} on {outcome.target}: {outcome.status}: {outcome.refusal}{outcome.detail}"
        case Deployment() as deployment:
            return (
                f"{deployment.subject}: {deployment.version} on {deployment.environment} {deployment.status}, "
                f"{deployment.phase}, {deployment.weight_percent} % of the traffic"
            )
        case other:
            return _of_a_run(other, entry)


def _of_a_run(body: Body | None, entry: Entry) -> str:
    match body:
        case DeploymentPlanned(plan=plan):
            way = f"{plan.request.strategy} in {', '.join(plan.request.regions)}, {len(plan.steps)} steps"
            return f"{plan.request.deployment_id}: {plan.request.version}, {way}, for {plan.request.requested_by}"
        case StepBegun() as begun:
            return f"{begun.deployment_id}: {begun.step_id}{f' on {begun.target}' if begun.target else ''}"
        case StepEnded() as ended:
            return f"{ended.deployment_id}: {ended.step_id} {ended.finding}: {ended.detail}"
        case DeploymentAsked() as asked:
            return f"{asked.deployment_id}: {asked.what}{f': {asked.reason}' if asked.reason else ''}"
        case _:
            return ", ".join(f"{name} {value}" for name, value in entry.fields.items() if value)
