"""How long a rule takes to see a fault, by arithmetic."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from checks.compiled_rule import CompiledRule
from checks.limits import FALLING, RISING
from checks.measures.absent import INTERVALS
from checks.windows.cusum import chart
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
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure, exact, share

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


def times_to_breach(compiled: CompiledRule, facts_per_second: float) -> tuple[TimeToBreach, ...]:
    """How long shares of 2, 5, 40 and 100 % bad facts take to breach, at this rate of facts for one key.

    Bad facts are those that bring the limit nearer: for ``distinct`` each with a value of its own, for ``value`` and
    ``anomaly`` each beyond the limit, for ``absent`` those that do not come. Facts are evenly spaced; the rule's
    ``for`` is added. Empty where shares decide nothing: a sum, a count of all facts, a limit that a number falls below.
    """
    if isinstance(compiled.rule.measure, SequentialMeasure):
        return tuple(_sequential(compiled.rule.measure, share, facts_per_second) for share in SHARES_SHOWN)
    if isinstance(compiled.rule.measure, BurnRateMeasure):
        return tuple(_burn(compiled.rule, compiled.rule.measure, share, facts_per_second) for share in SHARES_SHOWN)
    if isinstance(compiled.rule.measure, AbsentMeasure):
        return tuple(_absence(compiled.rule.measure, share, facts_per_second) for share in SHARES_SHOWN)
    wanted = _bad_facts_wanted(compiled)
    if wanted:
        return tuple(_gathered(compiled, wanted, share, facts_per_second) for share in SHARES_SHOWN)
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


def _sequential(measure: SequentialMeasure, bad_share: float, facts_per_second: float) -> TimeToBreach:
    """Evidence needs facts and no window, so a fresh key is as quick as any other."""
    steps = chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
    facts = steps.facts_to_fire(bad_share)
    seconds = None if facts is None else facts / facts_per_second
    return TimeToBreach(bad_share, seconds, seconds)


def _burn(rule: Rule, measure: BurnRateMeasure, bad_share: float, facts_per_second: float) -> TimeToBreach:
    """The first tier: in full windows after factor * budget * window / share, of a fresh key at the first bad fact."""
    steady: list[float] = []
    fresh: list[float] = []
    enough_bad = measure.min_bad / (bad_share * facts_per_second)
    for tier in measure.tiers:
        limit = float(exact(tier.factor) * measure.budget)
        if bad_share > limit:
            if facts_per_second * tier.long >= measure.min_samples:
                steady.append(max(limit * tier.long / bad_share, enough_bad))
            fresh.append(max(measure.min_samples / facts_per_second, enough_bad))
    return TimeToBreach(
        bad_share,
        min(steady) + rule.hold_for if steady else None,
        min(fresh) + rule.hold_for if fresh else None,
    )


def _absence(measure: AbsentMeasure, missing_share: float, facts_per_second: float) -> TimeToBreach:
    """Only a silence is seen: as long as some facts come, none is. What facts name as due is taken for what they do."""
    silence = INTERVALS / facts_per_second if measure.expected else measure.absent
    seconds = silence if missing_share == 1 else None
    return TimeToBreach(missing_share, seconds, seconds)


def _bad_facts_wanted(compiled: CompiledRule) -> int:
    """How many bad facts breach, where it is a number and no share; 0 where it is not."""
    measure, limit = compiled.rule.measure, compiled.breach
    if isinstance(measure, ValueMeasure | AnomalyMeasure):
        return 1
    counts_some = compiled.condition is None or not compiled.condition.always
    if limit.operator not in RISING or not counts_some:
        return 0
    if isinstance(measure, CountMeasure | DistinctMeasure):
        return _wanted(limit.number, strict=limit.operator == ">")
    if isinstance(measure, RateMeasure):
        return _wanted(limit.number * exact(measure.window), strict=limit.operator == ">")
    return 0


def _gathered(compiled: CompiledRule, wanted: int, bad_share: float, facts_per_second: float) -> TimeToBreach:
    """When so many bad facts have come, within a window if there is one; good facts make no difference."""
    window, enough = compiled.window_seconds, compiled.min_samples / facts_per_second
    seconds = wanted / (bad_share * facts_per_second)
    fresh = max(seconds, enough)
    held = compiled.rule.hold_for
    return TimeToBreach(
        bad_share,
        seconds + held if not window or max(seconds, enough) <= window else None,
        fresh + held if not window or fresh <= window else None,
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
