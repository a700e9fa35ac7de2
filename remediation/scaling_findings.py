"""A decision about capacity in the words of a rule, so that it is guarded, recorded and carried out like any other."""

from checks.findings import Finding, State
from remediation.aiming.capacity import CAPACITY, SCALE_IN, SCALE_OUT, SCALE_SET, SCALING_RULE, UNITS
from remediation.aiming.spill import SPILL_REGION, SPILL_RULE, SpillAim, written
from remediation.scaling.model import Direction, ScalingDecision

SHORT_RULE = "capacity-short"
"""Somebody has to know: a component has less than its load asks for, or costs more than was promised."""
CAPACITY_RULES = frozenset({SCALING_RULE, SHORT_RULE, SPILL_RULE})
"""Findings of these come from deciding about capacity and from no file of rules."""
RUNBOOK = "capacity"


def finding_of(decision: ScalingDecision, now_ms: int, *, asked_by: str = "") -> Finding:
    """That so many units are to be there. asked_by: the person who set them; empty where load or the clock asks."""
    action = SCALE_OUT if decision.direction is Direction.OUT else SCALE_IN
    region = decision.target_name.removeprefix("scale:").partition("/")[0]
    return Finding(
        rule_id=SCALING_RULE,
        family=CAPACITY,
        state=State.BREACHED,
        key={"region": region, "component": decision.component, UNITS: str(decision.target)},
        value=decision.wanted,
        breach=decision.words,
        samples=0,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id=f"{decision.target_name}-{decision.target}-{now_ms}",
        severity="low",
        mode="enforce",
        do=(SCALE_SET if asked_by else action,),
        runbook=RUNBOOK,
        asked_by=asked_by,
    )


def short_finding(decision: ScalingDecision, now_ms: int) -> Finding:
    """That somebody has to know of it, or that it is over: cleared once nothing has to be told any more."""
    region = decision.target_name.removeprefix("scale:").partition("/")[0]
    return Finding(
        rule_id=SHORT_RULE,
        family=CAPACITY,
        state=State.BREACHED if decision.page else State.CLEARED,
        key={"region": region, "component": decision.component},
        value=decision.wanted,
        breach=f"{decision.target} units: {decision.words}",
        samples=0,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id="",
        severity="high",
        mode="enforce",
        do=("page",),
        runbook=RUNBOOK,
    )


def spill_finding(aim: SpillAim, decision: ScalingDecision, now_ms: int) -> Finding:
    """That a region is full, and where a part of its traffic would have room."""
    return Finding(
        rule_id=SPILL_RULE,
        family=CAPACITY,
        state=State.BREACHED,
        key={
            "region": aim.region,
            "component": decision.component,
            "to": aim.to,
            "before": written(aim.before),
            "after": written(aim.after),
        },
        value=decision.wanted,
        breach=decision.words,
        samples=0,
        window_seconds=0.0,
        at_ms=now_ms,
        fact_id="",
        severity="critical",
        mode="enforce",
        do=(SPILL_REGION, "page"),
        runbook=RUNBOOK,
    )
