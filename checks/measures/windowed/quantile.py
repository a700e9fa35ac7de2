"""``quantile``: judged exactly as the share of facts beyond the limit; log buckets give the value that is shown."""

from fractions import Fraction

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression, compile_condition
from checks.limits import Limit, share_test
from checks.measures.fit import is_time
from checks.measures.windowed.plan import Plan, Test

# The q-quantile is the smallest value that at least a share q of the facts does not exceed. So it is above a limit
# when more than 1 - q of the facts are, and counting the few facts beyond the limit answers every comparison.
_COUNTED = {">": ">", ">=": ">=", "<": ">=", "<=": ">"}


def quantile_plan(compiled: CompiledRule, reading: ValueExpression, q: float) -> Plan:
    """Test the share of facts beyond the limit against 1 - q."""
    clear = None if compiled.clear is None else _test(compiled, reading, q, compiled.clear)
    return Plan(
        breach=_test(compiled, reading, q, compiled.breach),
        clear=clear,
        describe=_describe_milliseconds if is_time(reading) else _describe_number,
        bucketed=(reading.canonical, reading.read_all),
        q=q,
    )


def _test(compiled: CompiledRule, reading: ValueExpression, q: float, limit: Limit) -> Test:
    counted = _COUNTED[limit.operator]
    beyond = compile_condition(f"({reading.canonical}) {counted} {float(limit.number)!r}", compiled.fact_type)
    rising = counted == limit.operator
    return Test(beyond, share_test(">" if rising else "<=", 1 - Fraction(str(q))), rises=rising, falls=not rising)


def _describe_number(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:  # noqa: ARG001  # the port
    return (None, "no data") if quantile is None else (quantile, shown.number(quantile))


def _describe_milliseconds(matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:  # noqa: ARG001  # the port
    return (None, "no data") if quantile is None else (quantile, shown.milliseconds(quantile))
