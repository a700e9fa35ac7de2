"""What a ramp does next: a rollout of one flag, step by step on evidence, and taken back when it is bad; pure."""

import msgspec

from remediation.deployment.findings import GateReading, StepFinding
from remediation.deployment.gates.verdict import verdict
from remediation.flags.model import FlagChange, RampPlan, RampStep
from remediation.flags.ramp_gates import RampPolicy, following, step_gates, step_of
from remediation.flags.state import FlagBook, FlagState
from remediation.flags.step_watch import RampReadings


class Hold(msgspec.Struct, frozen=True, kw_only=True, tag="hold"):
    """It stays where it is. held: it cannot be told how to go on, so that a person is needed. detail: one sentence."""

    detail: str
    held: bool = False
    readings: tuple[GateReading, ...] = ()


class Advance(msgspec.Struct, frozen=True, kw_only=True, tag="advance"):
    """The step has its evidence; so many percent get the new variant next."""

    percent: int
    detail: str
    readings: tuple[GateReading, ...]


class TakeBack(msgspec.Struct, frozen=True, kw_only=True, tag="take_back"):
    """The new variant is bad, so the flag serves again what it did before the ramp."""

    reason: str
    readings: tuple[GateReading, ...]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The last step has its evidence."""

    detail: str
    readings: tuple[GateReading, ...]


Move = Hold | Advance | TakeBack | Done


def next_move(plan: RampPlan, book: FlagBook, readings: RampReadings | None, policy: RampPolicy, now_ms: int) -> Move:
    """One move of a ramp that is under way, from what was seen of its step. readings: None when nothing was counted.

    In this order: what is not under way, is killed, or was taken back already holds; a gate that is breached takes it
    back, also after the step's time; a step whose time is used up is held and never passes; payments that are not
    heard of hold, and whatever waits; then it goes on, no sooner than the step's hold. Nothing passes for want of data,
    nothing is taken back for want of it, and nothing is taken back twice without a person who began it anew.
    """
    flag = book.of(plan.flag)
    ramp = flag.ramp
    if flag.killed is not None or ramp is None or ramp.plan.id != plan.id:
        return Hold(detail=f"{plan.flag} is killed" if flag.killed is not None else "this ramp is not under way")
    if _was_taken_back(flag, plan):
        return Hold(detail="it was taken back before, so a person decides whether it goes on", held=True)
    step = step_of(plan, ramp.percent)
    if step is None:
        return Hold(detail=f"{ramp.percent} % is no step of its plan, so a person decides how it goes on", held=True)
    elapsed_seconds = (now_ms - flag.set_at_ms) / 1000
    is_over = elapsed_seconds >= step.within_seconds
    if readings is None or (readings.plan_id, readings.percent, readings.since_ms) != (
        plan.id,
        step.percent,
        flag.set_at_ms,
    ):
        # Counting takes a second; whoever is blind for longer than payments may be silent needs somebody to look.
        is_blind = is_over or elapsed_seconds > policy.dark_after_seconds
        return Hold(detail=f"nothing was counted yet at {step.percent} %", held=is_blind)
    return _judged(plan, step, readings, policy, now_ms, elapsed_seconds)


def _judged(
    plan: RampPlan, step: RampStep, readings: RampReadings, policy: RampPolicy, now_ms: int, elapsed_seconds: float
) -> Move:
    is_over = elapsed_seconds >= step.within_seconds
    report = verdict(step_gates(plan, step, readings, policy, now_ms), is_over=is_over)
    told = report.readings
    if report.finding is StepFinding.BREACHED:
        return TakeBack(reason=f"at {step.percent} % {report.detail}", readings=told)
    if report.finding is not StepFinding.PASSED:
        return Hold(detail=report.detail, held=report.finding is StepFinding.HELD, readings=told)
    if is_over:
        return Hold(detail=f"it has its evidence, and its time was used up before: {report.detail}", held=True)
    if elapsed_seconds < step.hold_seconds:
        left_seconds = step.hold_seconds - elapsed_seconds
        return Hold(detail=f"{report.detail}; it goes on in {left_seconds:.0f} s", readings=told)
    later = following(plan, step.percent)
    if later is None:
        return Done(detail=report.detail, readings=told)
    return Advance(percent=later.percent, detail=report.detail, readings=told)


def _was_taken_back(flag: FlagState, plan: RampPlan) -> bool:
    """Whether the flag was reverted since this ramp began."""
    begun = False
    for change in flag.history:
        ramp = None if change.setting is None else change.setting.ramp
        begun = begun or (ramp is not None and ramp.plan.id == plan.id)
        if begun and change.what is FlagChange.REVERT and not change.void:
            return True
    return False
