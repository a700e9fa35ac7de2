"""``rate``: how many facts a second meet a condition, over the window."""

from fractions import Fraction

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import Condition
from checks.limits import FALLING, RISING, Limit, share_test
from checks.measures.windowed.plan import Plan, Test


def rate_plan(compiled: CompiledRule, condition: Condition, window_seconds: float) -> Plan:
    """Test the matches alone, against the limit times the window's length; so nothing is divided."""
    seconds = Fraction(window_seconds)

    def describe(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:  # noqa: ARG001  # the port
        value = float(matches / seconds)
        return value, f"{shown.number(value)} per second"

    clear = None if compiled.clear is None else _test(condition, compiled.clear, seconds)
    return Plan(breach=_test(condition, compiled.breach, seconds), clear=clear, describe=describe)


def _test(counted: Condition, limit: Limit, seconds: Fraction) -> Test:
    holds = share_test(limit.operator, limit.number * seconds)
    return Test(
        counted,
        lambda matches, _: holds(matches, 1),
        rises=limit.operator in RISING,
        falls=limit.operator in FALLING,
    )
