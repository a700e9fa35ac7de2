"""What a rule measures, in prose."""

from typing import assert_never

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.explaining.time_to_breach import TimeToBreach, times_to_breach
from config.loading.suggest import listed
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    CountMeasure,
    DistinctMeasure,
    QuantileMeasure,
    RateMeasure,
    RatioMeasure,
    Rule,
    SequentialMeasure,
    SumMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure

__all__ = ["TimeToBreach", "describe", "times_to_breach"]

WindowMeasure = CountMeasure | RateMeasure | RatioMeasure | SumMeasure | DistinctMeasure | QuantileMeasure


def describe(compiled: CompiledRule) -> str:
    """One paragraph: fact, filter, key, window, breach, clear, actions and the samples it needs."""
    rule = compiled.rule
    where = "" if compiled.where.always else f" where {rule.where}"
    per = f", for each {listed(rule.per)}" if rule.per else ""
    enough = (
        f"Below {compiled.min_samples} facts it says no_data, which is neither healthy nor a breach. "
        if compiled.min_samples > 1
        else ""
    )
    of = rule.flag if rule.flag else rule.component
    about = f" of {of}" if of else ""
    acts = f"it asks for {listed(rule.do)}{about}" if rule.do else "it asks for no action"
    shadow = ", but runs in shadow: nothing is done" if rule.mode == "shadow" else ""
    return (
        f"{rule.id} ({rule.family}) {_measured(compiled)} of {rule.on}{where}{per}. "
        f"It breaches when {_breach(compiled)}. {_times(rule)}{_ends(compiled)}. {enough}{_silence(compiled)}"
        f"A breach is {_severity(rule)}; {acts}{shadow}. Runbook: {rule.runbook}."
    )


def _severity(rule: Rule) -> str:
    if not isinstance(rule.measure, BurnRateMeasure):
        return rule.severity
    return f"as grave as the gravest tier that fires ({listed(tuple(tier.severity for tier in rule.measure.tiers))})"


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


def _measured(compiled: CompiledRule) -> str:
    measure = compiled.rule.measure
    match measure:
        case AnomalyMeasure():
            text = f"measures by how many standard deviations {measure.anomaly} is off the key's own past"
        case SequentialMeasure():
            text = f"weighs, fact by fact, how much {measure.sequential} looks like {compiled.breach_text}"
        case BurnRateMeasure():
            objective = f"an objective of {measure.objective} in {shown.length(measure.period)}"
            text = f"measures how fast {measure.burn_rate} spends the budget of {objective}"
        case ValueMeasure():
            text = f"takes the latest {measure.value}, for at most {measure.stale_after:g} s,"
        case AbsentMeasure():
            text = "watches for the silence"
        case _:
            text = f"{_over_a_window(measure)} in the last {measure.window:g} s"
    return text


def _over_a_window(measure: WindowMeasure) -> str:
    text: str
    match measure:
        case CountMeasure():
            text = f"counts {_which(measure.count)}"
        case RateMeasure():
            text = f"measures how many a second, of {_which(measure.rate)}, there were"
        case RatioMeasure():
            text = f"measures the share with {measure.ratio}"
        case SumMeasure():
            text = f"sums {measure.sum}"
        case DistinctMeasure():
            text = f"counts the different values of {measure.distinct}"
        case QuantileMeasure():
            text = f"measures the {measure.q:g} quantile of {measure.quantile}"
        case _:
            assert_never(measure)
    return text


def _which(condition: str) -> str:
    return "all facts" if condition == "true" else f"the facts with {condition}"


def _breach(compiled: CompiledRule) -> str:
    measure = compiled.rule.measure
    match measure:
        case AbsentMeasure():
            return f"there was {compiled.breach_text}"
        case SequentialMeasure():
            return (
                f"the evidence for that would come by chance once in {measure.facts_per_false_alarm:,} facts "
                "of a healthy key"
            )
        case BurnRateMeasure():
            return f"the budget is spent too fast: {compiled.breach_text}"
        case _:
            return f"the value is {compiled.rule.breach}"


def _ends(compiled: CompiledRule) -> str:
    measure = compiled.rule.measure
    match measure:
        case AbsentMeasure():
            return "It clears with the next fact"
        case SequentialMeasure():
            calm = f", or when no bad one came for {measure.clear_after:g} s" if measure.clear_after else ""
            return f"It clears when healthy facts have outweighed all of it{calm}"
        case BurnRateMeasure():
            return "It clears when no tier is exceeded any more"
        case _:
            clear = compiled.rule.clear
            return f"It clears when the value is {clear}" if clear else "It clears as soon as it is not breached"
