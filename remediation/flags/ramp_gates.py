"""The gates of a ramp's step, each with value, limit and samples: those of a rollout, read from a flag's payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log
from typing import Self

from config.delivery.deployment import Deployments
from config.flags import FlagPolicy
from config.rules.slo import ratio
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.comparison import ODDS, share_of, threshold
from remediation.deployment.gates.sources import PAYMENTS, QUORUM
from remediation.deployment.gates.verdict import EVIDENCE
from remediation.flags.conditions import TAIL, Condition
from remediation.flags.experiments.needed import payments_to_see
from remediation.flags.experiments.outcomes import METRICS
from remediation.flags.model import RampPlan, RampStep
from remediation.flags.step_watch import WHOLE, ConditionReading, ContrastReading, RampReadings

SAMPLE_RATIO = "sample-ratio"
FULL = WHOLE
"""Percent at which nobody is left to compare with."""
LEARNING = log(2 * len(ODDS))
"""What it costs a contrast that the fault's size and its begin are not known beforehand, natural logarithm."""
NOT_COMPARED = "nobody is drawn to the other variant, so that there is none to compare with"
_CALLED = {judged.metric: judged.called for judged in METRICS}


@dataclass(frozen=True, slots=True)
class RampPolicy:
    """What a ramp is held against. healthy, faulty: failed ratios of a sound variant, and of the mildest fault sought.

    power: how often a variant with that fault is found in a step. false_alarm: how often the comparisons of a whole
    ramp call a sound one faulty, at the most. dark_after_seconds: after which silence payments are not heard of.
    """

    conditions: tuple[Condition, ...]
    healthy: float
    faulty: float
    power: float
    false_alarm: float
    dark_after_seconds: float

    @classmethod
    def of(cls, flag: FlagPolicy, deployments: Deployments) -> Self:
        """The flag's own conditions, and for all else what holds for the rollout of a release."""
        evidence, gates = deployments.evidence, deployments.gates
        return cls(
            conditions=tuple(Condition.of(one) for one in flag.rollback),
            healthy=ratio(evidence.healthy),
            faulty=ratio(evidence.faulty),
            power=ratio(evidence.power),
            false_alarm=ratio(gates.false_alarm),
            dark_after_seconds=gates.sources.payments,
        )


def step_gates(
    plan: RampPlan, step: RampStep, readings: RampReadings, policy: RampPolicy, now_ms: int
) -> list[GateReading]:
    """Every gate of a step, in a stable order; all of them have to pass before it ends."""
    needed = comparison_evidence(plan, policy)
    compared = step.percent < FULL and readings.is_drawn
    return [
        _quorum(readings, policy, now_ms),
        _evidence(step, readings, policy, needed),
        *(_condition(one) for one in readings.conditions),
        *(_comparison(plan, one, needed, is_compared=compared) for one in readings.contrasts),
        _sample_ratio(plan, step, readings, needed, is_compared=compared),
    ]


def comparison_evidence(plan: RampPlan, policy: RampPolicy) -> float:
    """The evidence that a comparison takes: all of them, in every step of the plan, share the false alarms.

    Whether customers come as they are drawn is one of them.
    """
    stages = sum(step.percent < FULL for step in plan.steps)
    return threshold(policy.false_alarm, len(METRICS) + 1, max(1, stages))


@lru_cache(maxsize=256)
def customers_needed(percent: int, policy: RampPolicy, needed: float) -> tuple[int, int]:
    """First payments of the new and the old variant, so that the comparison would have found the fault sought."""
    share = percent / FULL
    both = payments_to_see(policy.healthy, policy.faulty, share, log(needed) + LEARNING, policy.power)
    return ceil(both * share), ceil(both * (1 - share))


def _quorum(readings: RampReadings, policy: RampPolicy, now_ms: int) -> GateReading:
    """A clock that is as far ahead as payments may be behind is as good as silence."""
    silent_seconds = abs(now_ms - max(readings.heard_ms, readings.since_ms)) / 1000
    dark = silent_seconds > policy.dark_after_seconds
    return GateReading(
        gate=QUORUM,
        state=GateState.NO_DATA if dark else GateState.PASSED,
        shown=f"no payment for {silent_seconds:.0f} s" if dark else "payments are heard of",
        limit=f"dark after {policy.dark_after_seconds:g} s",
        samples=0 if dark else 1,
        samples_needed=1,
        source=PAYMENTS,
    )


def _evidence(step: RampStep, readings: RampReadings, policy: RampPolicy, needed: float) -> GateReading:
    new, old = customers_needed(step.percent, policy, needed) if step.percent < FULL else (0, 0)
    new = max(new, step.samples)
    enough = readings.new >= new and readings.old >= old
    beside = f", {readings.old} of {old} with the old one" if old else ""
    return GateReading(
        gate=EVIDENCE,
        state=GateState.PASSED if enough else GateState.WAITING,
        shown=f"{readings.new} of {new} customers paid with the new variant{beside}",
        limit=f"to see {policy.faulty * 100:g} % failed with a power of {policy.power * 100:g} %",
        samples=readings.new,
        samples_needed=new,
        value=readings.new,
        source=PAYMENTS,
    )


def _condition(one: ConditionReading) -> GateReading:
    """It waits while it has too few payments, while a row has begun, and while the step as a whole is beyond it."""
    condition = one.condition
    if one.is_met:
        state = GateState.BREACHED
    elif one.is_bad is None or one.is_bad or one.row:
        state = GateState.WAITING
    else:
        state = GateState.PASSED
    row = f", {one.row} bad {'window' if one.row == 1 else 'windows'} in a row" if one.row else ""
    return GateReading(
        gate=condition.metric,
        state=state,
        shown=f"{_shown(condition, one.value)} since the step began{row}",
        limit=condition.limit,
        samples=one.samples,
        samples_needed=condition.samples,
        value=one.value,
        source=PAYMENTS,
    )


def _comparison(plan: RampPlan, one: ContrastReading, needed: float, *, is_compared: bool) -> GateReading:
    found = one.evidence >= needed
    share = 1.0 if found else share_of(one.evidence, needed)
    new, old = _bad(one.new_bad, one.new), _bad(one.old_bad, one.old)
    seen = f"{new} against {old}, {share * 100:.0f} % of the evidence"
    breached = found and is_compared
    return GateReading(
        gate=f"{one.metric}-against-{plan.from_variant}",
        state=GateState.BREACHED if breached else GateState.PASSED,
        shown=seen if is_compared else NOT_COMPARED,
        limit=f"{_CALLED[one.metric]}, {plan.to_variant} against {plan.from_variant}, at {needed:,.0f} to 1",
        samples=one.new,
        value=share,
        source=PAYMENTS,
        shadow=not is_compared,
    )


def _sample_ratio(
    plan: RampPlan, step: RampStep, readings: RampReadings, needed: float, *, is_compared: bool
) -> GateReading:
    """Who got the new variant and never came to pay is in no other figure, so fewer of them than drawn is harm.

    More of them is a draw that cannot be explained, on which nothing else can rest: it holds.
    """
    came = readings.drawn_new + readings.drawn_old
    found = is_compared and readings.mismatch >= log(needed)
    fewer = readings.drawn_new * FULL < came * step.percent
    state = GateState.PASSED if not found else GateState.BREACHED if fewer else GateState.NO_DATA
    expected = came * step.percent / FULL
    return GateReading(
        gate=SAMPLE_RATIO,
        state=state,
        shown=f"{readings.drawn_new} of {came} customers came with {plan.to_variant}, {expected:.0f} were drawn to it"
        if is_compared
        else NOT_COMPARED,
        limit=f"{step.percent} %, at {needed:,.0f} to 1",
        samples=came,
        value=min(readings.mismatch / log(needed), 1.0),
        source=PAYMENTS,
        shadow=not is_compared,
    )


def _shown(condition: Condition, value: float | None) -> str:
    if value is None:
        return "nothing"
    match condition.metric:
        case "error_ratio" | "conversion":
            return f"{value * 100:.3g} %"
        case "latency_ms":
            return f"{value * 100:.3g} % slower than {condition.threshold:g} ms, of {TAIL * 100:g} % allowed"
        case "cost":
            return f"{value:.3g} cents per $100"


def _bad(bad: int, seen: int) -> str:
    return f"{bad / seen * 100:.2g} % of {seen} bad" if seen else "none"


def step_of(plan: RampPlan, percent: int) -> RampStep | None:
    """The step of this share; None when a person chose one that the plan does not have."""
    return next((step for step in plan.steps if step.percent == percent), None)


def following(plan: RampPlan, percent: int) -> RampStep | None:
    """The step after this share; None after the last."""
    return next((step for step in _in_order(plan.steps) if step.percent > percent), None)


def _in_order(steps: Sequence[RampStep]) -> list[RampStep]:
    return sorted(steps, key=lambda step: step.percent)
