"""Decides what to do about a finding: pure, and the same answer for the same evidence."""

import hashlib

from checks.findings import Finding
from config.policy import Policy
from remediation.aim import deployment_to_blame
from remediation.decisions import Decision, Reason
from remediation.guard import Situation, held_back
from remediation.state import DeploymentState, State

ROLLBACK_TRAFFIC = "rollback.traffic"
"""The action that gives all traffic back to the version that a deployment replaces."""


def decide(finding: Finding, state: State, policy: Policy, now_ms: int) -> Decision:
    """The one decision about this finding: act, or the first reason not to.

    Of the actions that the rule asks for, the first that can be carried out is decided on. ``page`` is none of them:
    until there are channels, the incident that the finding opened is the only notice, and no decision claims more.
    """
    action = ROLLBACK_TRAFFIC if ROLLBACK_TRAFFIC in finding.do else ""
    target = f"dns:{policy.traffic.record_name.rstrip('.')}" if action else ""
    aim = deployment_to_blame(finding, state)
    situation = Situation(
        finding=finding, state=state, policy=policy.guard, now_ms=now_ms, action=action, target=target, aim=aim
    )
    held = held_back(situation)
    if held is None and isinstance(aim, DeploymentState):
        return _act(situation, aim)
    reason, why = held if held is not None else (Reason.NO_DEPLOYMENT, "no deployment is to blame")
    return Decision(
        id=_decision_id(finding, action),
        finding=finding,
        action=action,
        target=target,
        reason=reason,
        act=False,
        key="",
        at_ms=now_ms,
        detail=f"{reading(finding)}: {why}",
    )


def reading(finding: Finding) -> str:
    """What the rule saw, with its numbers: ``payment-failure-rate on green: 5.3 % of 120 in 60 s (limit > 2%)``."""
    # The journal keeps keys sorted, so that order reads the same before and after it.
    place = f" on {', '.join(value for _, value in sorted(finding.key.items()))}" if finding.key else ""
    window = f" in {finding.window_seconds:g} s" if finding.window_seconds else ""
    limit = f" (limit {finding.breach})" if finding.breach else ""
    if finding.value is None:
        return f"{finding.rule_id}{place}: no reading{window}{limit}"
    shown = f"{finding.value * 100:.3g} %" if "%" in finding.breach else f"{finding.value:.4g}"
    samples = f" of {finding.samples}" if finding.samples else ""
    return f"{finding.rule_id}{place}: {shown}{samples}{window}{limit}"


def _act(situation: Situation, deployment: DeploymentState) -> Decision:
    finding = situation.finding
    way = (
        f"rolls {deployment.version} on {deployment.environment} back "
        f"to {deployment.previous_version} on {deployment.previous_environment}"
    )
    return Decision(
        id=_decision_id(finding, situation.action),
        finding=finding,
        action=situation.action,
        target=situation.target,
        reason=Reason.BREACHED,
        act=True,
        key=_digest(deployment.id, situation.action)[:32],
        at_ms=situation.now_ms,
        detail=f"{reading(finding)}: {way}",
        arguments={
            "deployment_id": deployment.id,
            "from_environment": deployment.environment,
            "to_environment": deployment.previous_environment,
            "version": deployment.version,
        },
    )


def _decision_id(finding: Finding, action: str) -> str:
    return f"dec-{_digest(finding.fingerprint, str(finding.at_ms), finding.fact_id, action)[:16]}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
