"""What a rule measures in prose, and how long it takes to see a fault, by arithmetic."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from checks.compiled_rule import CompiledRule
from checks.limits import FALLING, RISING
from config.rules import AbsentMeasure, CountMeasure, QuantileMeasure, RatioMeasure, Rule, ValueMeasure
from config.suggest import listed

SHARES_SHOWN = (0.02, 0.05, 0.40, 1.0)
"""Shares of bad facts that the time to breach is stated for."""


@dataclass(frozen=True, slots=True)
class TimeToBreach:
    """How long a fault takes to be seen. bad_share: bad facts out of 1. None: never.

    steady_seconds: after the fault begins, when the window was full of good facts. fresh_seconds: of a key's first
    fact, as on a canary that just got traffic.
    """

    bad_share: float
    steady_seconds: float | None
    fresh_seconds: float | None


def describe(compiled: CompiledRule) -> str:
    """One paragraph: fact, filter, key, window, breach, clear, actions and the samples it needs."""
    rule = compiled.rule
    where = "" if compiled.where.always else f" where {rule.where}"
    per = f", for each {listed(rule.per)}" if rule.per else ""
    clear = f"It clears when the value is {rule.clear}" if rule.clear else "It clears as soon as it is not breached"
    if isinstance(rule.measure, AbsentMeasure):
        clear = "It clears with the next fact"
    enough = (
        f"Below {compiled.min_samples} facts it says no_data, which is neither healthy nor a breach. "
        if compiled.min_samples > 1
        else ""
    )
    acts = f"it asks for {listed(rule.do)}" if rule.do else "it asks for no action"
    shadow = ", but runs in shadow: nothing is done" if rule.mode == "shadow" else ""
    return (
        f"{rule.id} ({rule.family}) {_measured(compiled)} of {rule.on}{where}{per}. "
        f"It breaches when {_breach(compiled)}. {_times(rule)}{clear}. {enough}{_silence(compiled)}"
        f"A breach is {rule.severity}; {acts}{shadow}. Runbook: {rule.runbook}."
    )


def _times(rule: Rule) -> str:
    held = f"It fires once that has held for {rule.hold_for:g} s; until then it is pending. " if rule.hold_for else ""
    kept = rule.keep_firing_for
    return held + (f"It fires for at least {kept:g} s after the breach was last seen. " if kept else "")


def _silence(compiled: CompiledRule) -> str:
    """What the rule makes of no data, where that is not the default."""
    match compiled.rule.no_data:
        case "hold":
            return ""
        case "page":
            return "When it falls silent somebody is told, once, and nothing else is done. "
        case "breach":
            return "Silence counts as a breach. "
        case "clear":
            return "Silence clears it. "


def times_to_breach(compiled: CompiledRule, facts_per_second: float) -> tuple[TimeToBreach, ...]:
    """How long shares of 2, 5, 40 and 100 % bad facts take to breach, at this rate of facts for one key.

    Bad facts are those that bring the limit nearer. Facts are evenly spaced; the rule's ``for`` is added. Empty for
    measures without shares.
    """
    bad_limit, strict = _bad_limit(compiled)
    if bad_limit is None:
        return ()
    return tuple(
        TimeToBreach(
            share,
            _steady(compiled, share, facts_per_second, bad_limit, strict=strict),
            _fresh(compiled, share, facts_per_second, bad_limit, strict=strict),
        )
        for share in SHARES_SHOWN
    )


def _steady(
    compiled: CompiledRule, share: float, facts_per_second: float, bad_limit: Fraction, *, strict: bool
) -> float | None:
    """With a full window of good facts: when the bad ones among the last window's facts exceed the limit."""
    full = facts_per_second * compiled.window_seconds
    if full < compiled.min_samples:
        return None
    wanted = _wanted(Fraction(full) * bad_limit, strict=strict)
    seconds = wanted / (share * facts_per_second)
    return seconds + compiled.rule.hold_for if seconds <= compiled.window_seconds else None


def _fresh(
    compiled: CompiledRule, share: float, facts_per_second: float, bad_limit: Fraction, *, strict: bool
) -> float | None:
    """From an empty window: when there are enough facts and at least one is bad."""
    exceeds = Fraction(str(share)) > bad_limit or (not strict and Fraction(str(share)) == bad_limit)
    if not exceeds or facts_per_second * compiled.window_seconds < compiled.min_samples:
        return None
    return max(compiled.min_samples / facts_per_second, 1 / (share * facts_per_second)) + compiled.rule.hold_for


def _wanted(limit: Fraction, *, strict: bool) -> int:
    return floor(limit) + 1 if strict else max(1, ceil(limit))


def _bad_limit(compiled: CompiledRule) -> tuple[Fraction | None, bool]:
    """The share of bad facts at which the rule breaches, and whether it must be exceeded."""
    measure, breach = compiled.rule.measure, compiled.breach
    if isinstance(measure, RatioMeasure) and breach.operator in RISING:
        return breach.number, breach.operator == ">"
    if isinstance(measure, RatioMeasure) and breach.operator in FALLING:
        return 1 - breach.number, breach.operator == "<"
    if isinstance(measure, QuantileMeasure) and breach.operator in RISING:
        return 1 - Fraction(str(measure.q)), True
    return None, True


def _measured(compiled: CompiledRule) -> str:
    measure = compiled.rule.measure
    match measure:
        case CountMeasure():
            which = "all facts" if measure.count == "true" else f"the facts with {measure.count}"
            return f"counts {which} in the last {measure.window:g} s"
        case RatioMeasure():
            return f"measures the share with {measure.ratio} in the last {measure.window:g} s"
        case QuantileMeasure():
            return f"measures the {measure.q:g} quantile of {measure.quantile} in the last {measure.window:g} s"
        case ValueMeasure():
            return f"takes the latest {measure.value}, for at most {measure.stale_after:g} s,"
        case AbsentMeasure():
            return "watches for the silence"


def _breach(compiled: CompiledRule) -> str:
    if isinstance(compiled.rule.measure, AbsentMeasure):
        return f"there was {compiled.breach_text}"
    return f"the value is {compiled.rule.breach}"
