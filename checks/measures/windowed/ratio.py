"""``ratio``: the share of facts that meet a condition within the window."""

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import Condition, compile_condition
from checks.limits import FALLING, RISING, Limit, share_test
from checks.measures.windowed.plan import Plan, Test


def ratio_plan(compiled: CompiledRule, condition: Condition) -> Plan:
    """Test matches against all facts.

    Of ``outcome != 'failed'`` the failures are counted: they are few, so a window is updated seldom.
    """
    if condition.opposite:
        rare = compile_condition(condition.opposite, compiled.fact_type)
        clear = None if compiled.clear is None else _complement(rare, compiled.clear)
        return Plan(breach=_complement(rare, compiled.breach), clear=clear, describe=_describe_complement)
    clear = None if compiled.clear is None else _test(condition, compiled.clear)
    return Plan(breach=_test(condition, compiled.breach), clear=clear, describe=_describe)


def _test(counted: Condition, limit: Limit) -> Test:
    holds = share_test(limit.operator, limit.number)
    return Test(counted, holds, rises=limit.operator in RISING, falls=limit.operator in FALLING)


def _complement(rare: Condition, limit: Limit) -> Test:
    holds = share_test(limit.operator, limit.number)
    return Test(
        rare,
        lambda matches, total: holds(total - matches, total),
        rises=limit.operator in FALLING,
        falls=limit.operator in RISING,
    )


def _describe(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:  # noqa: ARG001  # the port
    if total == 0:
        return None, "no data"
    return matches / total, shown.share(matches / total)


def _describe_complement(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:
    return _describe(total - matches, total, quantile)
