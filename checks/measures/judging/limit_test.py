"""A number held against the limits of a rule, exactly."""

from collections.abc import Callable
from fractions import Fraction

from checks.compiled_rule import CompiledRule
from checks.limits import share_test
from checks.measures.judging.verdict import Verdict


def number_test(compiled: CompiledRule, unit: Fraction = Fraction(1)) -> Callable[[int, int], Verdict]:
    """A test of a whole number divided by another against breach and clear. unit: what 1 of the limit is in it."""
    breach, clear = compiled.breach, compiled.clear
    breaches = share_test(breach.operator, breach.number * unit)
    clears = None if clear is None else share_test(clear.operator, clear.number * unit)

    def verdict(number: int, divisor: int) -> Verdict:
        if breaches(number, divisor):
            return Verdict.BREACHING
        return Verdict.CLEAR if clears is None or clears(number, divisor) else Verdict.BETWEEN

    return verdict
