"""What a ramp tells the rest of the daemon, as findings: that it may go on, or that it has to be taken back; pure."""

from checks.findings import Finding, State
from remediation.aiming.flag import FLAGS_RAMP, FLAGS_REVERT, PERCENT

RAMP_RULE = "flag-ramp"
"""A step of a ramp has its evidence."""
CONDITION_RULE = "flag-condition"
"""A condition under which a ramp is taken back holds."""
FLAG_RULES = frozenset({RAMP_RULE, CONDITION_RULE})
"""Findings of these come from ramps and from no file of rules."""
RUNBOOK = "flags"


def may_go_on(flag: str, percent: int, *, why: str, samples: int, now_ms: int) -> Finding:
    """A ramp may go to this share. why: its evidence, in words. It opens no incident, because nothing is wrong."""
    key = {"flag": flag, PERCENT: str(percent)}
    return _finding(RAMP_RULE, FLAGS_RAMP, flag, key, why, samples, now_ms, severity="low")


def goes_back(flag: str, *, why: str, samples: int, now_ms: int) -> Finding:
    """A ramp has to be taken back. why: the condition with its numbers."""
    return _finding(CONDITION_RULE, FLAGS_REVERT, flag, {"flag": flag}, why, samples, now_ms, severity="high")


def _finding(
    rule: str, action: str, flag: str, key: dict[str, str], why: str, samples: int, now_ms: int, *, severity: str
) -> Finding:
    return Finding(
        rule_id=rule,
        family="deployment",
        state=State.BREACHED,
        key=key,
        value=None,
        breach=why,
        samples=samples,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id="",
        severity=severity,
        mode="enforce",
        do=(action,),
        runbook=RUNBOOK,
        flag=flag,
    )
