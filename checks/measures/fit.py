"""Whether a limit can be held against what a measure yields, and if not, why and what to write."""

from fractions import Fraction
from typing import assert_never

from checks.expression import ValueExpression
from checks.expression.types import Kind
from checks.limits import Limit
from config.loading.suggest import closest, listed
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    CountMeasure,
    DistinctMeasure,
    Measure,
    QuantileMeasure,
    RateMeasure,
    RatioMeasure,
    SequentialMeasure,
    SumMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure

Misfit = tuple[str, str]
"""What is wrong, and how to mend it."""


def misfit(measure: Measure, limit: Limit, reading: ValueExpression | None) -> Misfit | None:
    """Why the limit does not fit the measure; None when it does. reading: what ``quantile`` and ``value`` read."""
    found: Misfit | None = None
    match measure:
        case CountMeasure():
            found = _count(limit)
        case RatioMeasure():
            found = _ratio(limit)
        case QuantileMeasure():
            found = None if reading is None else _quantile(limit, reading)
        case ValueMeasure():
            found = None if reading is None else _value(limit, reading)
        case RateMeasure():
            found = _plain(limit, "a rate is in facts a second", "> 2")
        case SumMeasure():
            found = _plain(limit, "a sum is in the field's own unit", "> 500000")
        case DistinctMeasure():
            found = _plain(limit, "values are counted", ">= 5")
        case AnomalyMeasure():
            found = _anomaly(limit)
        case AbsentMeasure() | SequentialMeasure() | BurnRateMeasure():
            pass
        case _:
            assert_never(measure)
    return found


def is_time(reading: ValueExpression) -> bool:
    """Whether the reading is a plain field in milliseconds, so that limits may be written in seconds."""
    return reading.type.field.endswith("_ms")


def _count(limit: Limit) -> Misfit | None:
    if not isinstance(limit.setting, Fraction) or limit.unit:
        return "a count is a plain number", "write a limit such as >= 5"
    return None


def _plain(limit: Limit, what: str, example: str) -> Misfit | None:
    if not isinstance(limit.setting, Fraction) or limit.unit:
        return what, f"write a plain number, such as {example}"
    return None


def _anomaly(limit: Limit) -> Misfit | None:
    if limit.operator in {"==", "!="}:
        return "deviations are held against > >= < or <=", "write a limit such as > 4"
    return _plain(limit, "an anomaly is in standard deviations", "> 4")


def _ratio(limit: Limit) -> Misfit | None:
    if not isinstance(limit.setting, Fraction) or limit.unit not in {"", "%"}:
        return "a ratio is a share", "write a limit such as > 2%"
    if not limit.unit and limit.setting > 1:
        return f"a ratio is never above 1, so {limit.setting} cannot be meant", f"write {float(limit.setting):g}%"
    return None


def _quantile(limit: Limit, reading: ValueExpression) -> Misfit | None:
    if not isinstance(limit.setting, Fraction):
        return "a quantile is a number", "write a limit such as > 500ms"
    if limit.operator in {"==", "!="}:
        return "a quantile is held against > >= < or <=", "write a limit such as > 500ms"
    return _unit(limit, reading, percent=False)


def _value(limit: Limit, reading: ValueExpression) -> Misfit | None:
    kind = reading.type.kind
    if isinstance(limit.setting, Fraction):
        if kind is not Kind.NUMBER:
            example = "== true" if kind is Kind.TRUTH else f"== {_member(reading)!r}"
            return f"the reading is a {kind}, not a number", f"write a limit such as {example}"
        return _unit(limit, reading, percent=True)
    if isinstance(limit.setting, bool):
        return None if kind is Kind.TRUTH else (f"the reading is a {kind}, never true or false", "write its own limit")
    if kind is not Kind.TEXT:
        return f"the reading is a {kind}, not a text", "write a limit such as > 5 or == true"
    members = reading.type.members
    if members and limit.setting not in members:
        meant = closest(limit.setting, members)
        fix = f"write '{meant}'" if meant else f"it is one of {listed(members)}"
        return f"{reading.type.field} is never {limit.setting!r}", fix
    return None


def _unit(limit: Limit, reading: ValueExpression, *, percent: bool) -> Misfit | None:
    if limit.unit == "%":
        return None if percent else ("a quantile is in the field's own unit", "write a limit such as > 500")
    if limit.unit and not is_time(reading):
        what = f"{reading.canonical} is no time in milliseconds, so {limit.unit!r} has no meaning for it"
        return what, "write the number without a unit"
    return None


def _member(reading: ValueExpression) -> str:
    return reading.type.members[0] if reading.type.members else "text"
