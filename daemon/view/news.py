"""What is worth a journal entry: a change, told once."""

from collections.abc import Callable

from checks.facts import Deployment
from checks.findings import Finding
from checks.findings import State as FindingState
from remediation.decisions import Decision, Reason
from remediation.state import State, level_of

_AFTER_ACTING = frozenset(
    {Reason.ALREADY_ROLLED_BACK, Reason.IN_EFFECT, Reason.ACTION_IN_PROGRESS, Reason.COOLING_DOWN}
)
"""Reasons that only say that what was just done was done."""


class News:
    """Remembers what was told about each fingerprint; bounded, because it forgets what has cleared."""

    def __init__(self, state: State) -> None:
        self._findings: dict[str, Finding] = {
            incident.fingerprint: incident.findings[-1]
            for incident in state.incidents.values()
            if incident.awaits_evidence and incident.findings
        }
        self._reasons: dict[str, Reason] = {
            summary.fingerprint: summary.reason for summary in state.decisions if summary.fingerprint in self._findings
        }

    def is_finding(self, finding: Finding) -> bool:
        """Whether the journal does not say so already, or not as gravely; what never alarmed need not be cleared."""
        told = self._findings.get(finding.fingerprint)
        if told is None:
            return finding.is_alarming
        return told.state is not finding.state or (finding.is_alarming and level_of(finding) < level_of(told))

    def told_finding(self, finding: Finding) -> None:
        """The journal says so now."""
        if finding.state is FindingState.CLEARED:
            self._findings.pop(finding.fingerprint, None)
            self._reasons.pop(finding.fingerprint, None)
        else:
            self._findings[finding.fingerprint] = finding

    def withdraw(self, is_watched: Callable[[Finding], bool]) -> list[Finding]:
        """Forget what nothing watches any more, and return it: then it is news when it is seen again."""
        gone = [finding for finding in self._findings.values() if not is_watched(finding)]
        for finding in gone:
            self._findings.pop(finding.fingerprint, None)
            self._reasons.pop(finding.fingerprint, None)
        return gone

    def is_decision(self, decision: Decision) -> bool:
        """Whether it acts, or gives another reason not to than the last time."""
        if decision.act:
            return True
        if decision.finding.fingerprint not in self._findings:
            return False
        told = self._reasons.get(decision.finding.fingerprint)
        return decision.reason is not told and not (told is Reason.BREACHED and decision.reason in _AFTER_ACTING)

    def told_decision(self, decision: Decision) -> None:
        """The journal says so now."""
        self._reasons[decision.finding.fingerprint] = decision.reason

    def forget_decision(self, decision: Decision) -> None:
        """It could not be written after all."""
        self._reasons.pop(decision.finding.fingerprint, None)

    def is_deployment(self, fact: Deployment, state: State) -> bool:
        """Whether the deployment moved since the journal last heard of it."""
        known = state.deployments.get(fact.subject)
        if known is None or fact.at_ms > known.changed_at_ms:
            return True
        told = (known.status, known.phase, known.weight_percent)
        return fact.at_ms == known.changed_at_ms and told != (fact.status, fact.phase, fact.weight_percent)
