"""A decision about capacity in the words of a rule, so that it is guarded, recorded and carried out like any other."""

from checks.findings import Finding, State
from remediation.aiming.capacity import CAPACITY, SCALE_IN, SCALE_OUT, SCALE_SET, SCALING_RULE, UNITS
from remediation.aiming.spill import SPILL_REGION, SPILL_RULE, SpillAim, written
from remediation.scaling.model import Direction, ScalingDecision

SHORT_RULE = "capacity-short"
"""Somebody has to know: a component has less than its load asks for, or costs more than was promised."""
BLIND_RULE = "capacity-blind"
"""Somebody has to know: for long nobody could tell what a component has or how busy it is, so it is left as it is."""
CAPACITY_RULES = frozenset({SCALING_RULE, SHORT_RULE, BLIND_RULE, SPILL_RULE})
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
    state = State.BREACHED if decision.page else State.CLEARED
    return _told(SHORT_RULE, state, decision, f"{decision.target} units: {decision.words}", now_ms)


def blind_finding(decision: ScalingDecision, seconds: float, fault: str, now_ms: int) -> Finding:
    """That nobody could tell a component's units or load for so long. fault: why it was not read; empty: not known."""
    because = f": {fault}" if fault else ""
    words = f"{decision.target} units, not told for {seconds:.0f} s what it has or how busy it is{because}"
    return _told(BLIND_RULE, State.BREACHED, decision, words, now_ms)


def _told(rule: str, state: State, decision: ScalingDecision, words: str, now_ms: int) -> Finding:
    region = decision.target_name.removeprefix("scale:").partition("/")[0]
    return Finding(
        rule_id=rule,
        family=CAPACITY,
        state=state,
        key={"region": region, "component": decision.component},
        value=decision.wanted,
        breach=words,
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
