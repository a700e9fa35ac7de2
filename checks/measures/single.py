"""The watcher of a rule that shares nothing with others."""

from checks.compiled_rule import CompiledRule
from checks.expression import Condition, ValueExpression
from checks.measures.absent import Absent
from checks.measures.anomaly import Anomaly
from checks.measures.burn_rate import BurnRate
from checks.measures.distinct_values import DistinctValues
from checks.measures.keyed import Keyed
from checks.measures.sequential import Sequential
from checks.measures.summed import Summed
from checks.measures.value import LatestValue
from checks.windows.cusum import chart
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    DistinctMeasure,
    SequentialMeasure,
    SumMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure, share

Single = Absent | LatestValue | Keyed
OwnMeasure = (
    AbsentMeasure | ValueMeasure | SumMeasure | DistinctMeasure | AnomalyMeasure | SequentialMeasure | BurnRateMeasure
)


def single(compiled: CompiledRule, measure: OwnMeasure) -> Single:
    """The watcher of the rule."""
    found: Single
    match measure:
        case AbsentMeasure():
            found = Absent(compiled, measure.absent, compiled.reading)
        case ValueMeasure():
            found = LatestValue(compiled, reading_of(compiled), measure.stale_after)
        case SumMeasure():
            found = Summed(compiled, reading_of(compiled), measure.window)
        case DistinctMeasure():
            found = DistinctValues(compiled, reading_of(compiled), measure.window)
        case AnomalyMeasure():
            found = Anomaly(compiled, reading_of(compiled), measure.stale_after)
        case SequentialMeasure():
            steps = chart(share(measure.healthy), share(measure.faulty), measure.facts_per_false_alarm)
            found = Sequential(compiled, condition_of(compiled), steps, measure.stale_after, measure.clear_after)
        case BurnRateMeasure():
            found = BurnRate(compiled, condition_of(compiled), measure)
    return found


def condition_of(compiled: CompiledRule) -> Condition:
    """What the rule counts."""
    if compiled.condition is None:
        message = f"rule {compiled.rule.id} counts facts but has no condition compiled"
        raise TypeError(message)
    return compiled.condition


def reading_of(compiled: CompiledRule) -> ValueExpression:
    """What the rule reads."""
    if compiled.reading is None:
        message = f"rule {compiled.rule.id} reads a value but has none compiled"
        raise TypeError(message)
    return compiled.reading
