"""One journal entry as one line for a person."""

from checks.facts import Deployment
from checks.findings import Finding
from remediation.decide import reading
from remediation.decisions import Decision, Outcome
from remediation.journal.entry import Entry
from remediation.journal.kinds import Intent, body_of


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
        case _:
            return ", ".join(f"{name} {value}" for name, value in entry.fields.items() if value)
