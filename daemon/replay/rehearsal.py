"""Decides on findings as the daemon would, and takes every action for done: nothing is sent anywhere."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.facts import Deployment, Fact
from checks.findings import Finding
from config.policy import Policy
from daemon.view.news import News
from remediation.decide import decide
from remediation.decisions import Decision, Outcome, OutcomeStatus
from remediation.folds import apply
from remediation.incidents.fold import incident_of
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body, Intent, draft
from remediation.state import State

ACTED_MAX = 2_000
"""Actions that are listed; policies allow few in an hour."""


@dataclass(frozen=True, slots=True)
class Acted:
    """An action that would have been carried out."""

    at_ms: int
    rule_id: str
    key: dict[str, str]
    action: str
    target: str
    detail: str


class Rehearsal:
    """The journal's folds in memory. acted: what would have been done. held: rule and reason of what would not.

    incidents: by rule, those that would have been opened.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._state = State()
        self._news = News(self._state)
        self.acted: list[Acted] = []
        self.acted_by_rule: Counter[str] = Counter()
        self.incidents: Counter[str] = Counter()
        self.held: Counter[tuple[str, str]] = Counter()

    def see(self, facts: Iterable[Fact]) -> None:
        """Deployments are what rollbacks aim at."""
        for fact in facts:
            if isinstance(fact, Deployment) and self._news.is_deployment(fact, self._state):
                self._tell(fact, fact.at_ms)

    def take(self, findings: Sequence[Finding], now_ms: int) -> None:
        """Decide on each finding, in their order."""
        for finding in findings:
            if self._news.is_finding(finding):
                self._tell(finding, now_ms)
                incident = incident_of(self._state, finding.fingerprint)
                if incident is not None and incident.id == f"inc-{self._state.sequence}":
                    self.incidents[finding.rule_id] += 1
                self._news.told_finding(finding)
            decision = decide(finding, self._state, self._policy, now_ms)
            if self._news.is_decision(decision):
                self._news.told_decision(decision)
                self._follow(decision, now_ms)

    def _follow(self, decision: Decision, now_ms: int) -> None:
        self._tell(decision, now_ms)
        finding = decision.finding
        if not decision.act:
            self.held[finding.rule_id, decision.reason.value] += 1
            return
        self.acted_by_rule[finding.rule_id] += 1
        if len(self.acted) < ACTED_MAX:
            self.acted.append(
                Acted(now_ms, finding.rule_id, dict(finding.key), decision.action, decision.target, decision.detail)
            )
        self._tell(_intent(decision), now_ms)
        self._tell(_done(decision, now_ms), now_ms)

    def _tell(self, body: Body, at_ms: int) -> None:
        """Fold it in as if it stood in the journal; nobody will verify a chain, so it has no hashes."""
        told = draft(body, actor="replay", at_ms=at_ms)
        self._state = apply(
            self._state,
            Entry(
                sequence=self._state.sequence + 1,
                epoch=0,
                at_ms=at_ms,
                kind=told.kind,
                actor=told.actor,
                body=told.body,
                previous_hash="",
                hash="",
            ),
        )


def _intent(decision: Decision) -> Intent:
    return Intent(
        decision_id=decision.id,
        action=decision.action,
        target=decision.target,
        key=decision.key,
        arguments=decision.arguments,
        before={},
        cause_at_ms=decision.finding.at_ms,
    )


def _done(decision: Decision, now_ms: int) -> Outcome:
    return Outcome(
        decision_id=decision.id,
        action=decision.action,
        target=decision.target,
        key=decision.key,
        status=OutcomeStatus.VERIFIED,
        at_ms=now_ms,
        called_at_ms=now_ms,
    )
