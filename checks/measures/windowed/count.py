"""``count``: how many facts meet a condition within the window."""

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.limits import FALLING, RISING, Limit, share_test
from checks.measures.windowed.plan import Plan, Test


def count_plan(compiled: CompiledRule, condition: Condition) -> Plan:
    """Test the matches alone."""
    clear = None if compiled.clear is None else _test(condition, compiled.clear)
    return Plan(breach=_test(condition, compiled.breach), clear=clear, describe=_describe)


def _test(counted: Condition, limit: Limit) -> Test:
    holds = share_test(limit.operator, limit.number)
    return Test(
        counted,
        lambda matches, _: holds(matches, 1),
        rises=limit.operator in RISING,
        falls=limit.operator in FALLING,
    )


def _describe(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:  # noqa: ARG001  # the port
    return float(matches), shown.number(matches)
