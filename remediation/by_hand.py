"""What a person asks for, in the words of a rule, so that it is decided, guarded and carried out like anything else."""

from checks.findings import Finding, State
from remediation.state import DeploymentState

BY_HAND = "by-hand"
"""The rule of findings that no rule made and a person stands for."""


def by_hand(action: str, deployment: DeploymentState | None, *, asked_by: str, reason: str, now_ms: int) -> Finding:
    """The finding to decide on. deployment: what is to be taken back; None for an action on everything."""
    key = {} if deployment is None else {"environment": deployment.environment, "version": deployment.version}
    if deployment is not None and deployment.region:
        key["region"] = deployment.region
    return Finding(
        rule_id=BY_HAND,
        family="deployment",
        state=State.BREACHED,
        key=key,
        value=None,
        breach=f"asked by {asked_by}: {reason}" if reason else f"asked by {asked_by}",
        samples=0,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id="",
        severity="critical",
        mode="enforce",
        do=(action,),
        runbook="deployments",
        asked_by=asked_by,
    )
