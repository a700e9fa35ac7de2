"""What a batch could do to a limit is told from its counts alone, as if every order of its facts had been tried."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.compiled_rule import CompiledRule
from checks.expression import compile_condition
from checks.facts import PaymentAttempted
from checks.limits import FALLING, RISING, Operator, share_test
from checks.measures.windowed.count import count_plan
from checks.measures.windowed.plan import _MATCHES_MAX, Plan
from checks.measures.windowed.plan import Test as LimitTest
from checks.measures.windowed.rate import rate_plan
from checks.measures.windowed.ratio import ratio_plan
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

FAILED = compile_condition("outcome == 'failed'", PaymentAttempted)
OPERATORS: tuple[Operator, ...] = (">", ">=", "<", "<=")


def limit(operator: Operator, share: Fraction) -> LimitTest:
    return LimitTest(FAILED, share_test(operator, share), rises=operator in RISING, falls=operator in FALLING)


def in_every_order(test: LimitTest, matches: int, total: int, count: int, gained: int) -> list[bool]:
    """Whether the limit holds, before the new facts and after each of them."""
    found = [test.holds(matches, total)]
    for places in combinations(range(count), gained):
        seen = 0
        for number in range(count):
            seen += number in places
            found.append(test.holds(matches + seen, total + number + 1))
    return found


@settings(deadline=None)
@given(
    st.sampled_from(OPERATORS),
    st.fractions(0, 1, max_denominator=12),
    st.integers(0, 6),
    st.integers(1, 6),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_what_may_and_what_must_hold_is_what_some_and_what_every_order_says(
    operator: Operator, share: Fraction, matches: int, others: int, count: int, gained: int
) -> None:
    test, total, gained = limit(operator, share), matches + others, min(count, gained)
    said = in_every_order(test, matches, total, count, gained)
    assert test.may_hold(matches, total, count, gained) is any(said)
    assert test.must_hold(matches, total, count, gained) is all(said)


@settings(deadline=None)
@given(
    st.sampled_from(OPERATORS),
    st.fractions(0, 1, max_denominator=12),
    st.integers(0, 6),
    st.integers(1, 6),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(1, 15),
)
def test_a_limit_that_some_order_passes_through_with_enough_facts_is_never_left_out(
    operator: Operator, share: Fraction, matches: int, others: int, count: int, gained: int, minimum: int
) -> None:
    test, total, gained = limit(operator, share), matches + others, min(count, gained)
    fewest = [places for places in combinations(range(count), gained) if total + count >= minimum]
    passed = any(
        test.holds(matches + sum(place <= number for place in places), total + number + 1)
        for places in fewest
        for number in range(max(0, minimum - total - 1), count)
    )
    assert test.may_hold(matches, total, count, gained, minimum) or not passed


def test_a_breach_of_too_few_facts_is_none() -> None:
    rising = limit(">", Fraction(1, 2))
    assert rising.may_hold(2, 2, 1, 1)
    assert not rising.may_hold(2, 2, 1, 1, minimum=6)


def test_a_limit_of_equality_may_always_hold_and_never_must() -> None:
    equal = limit("==", Fraction(1, 2))
    assert equal.may_hold(0, 1, 1, 0)
    assert not equal.must_hold(1, 2, 0, 0)


@settings(deadline=None)
@given(st.sampled_from([">", ">="]), st.fractions(0, 1, max_denominator=12), st.integers(0, 40))
def test_the_fewest_matches_are_those_with_which_a_key_of_so_many_facts_first_breaches(
    operator: Operator, share: Fraction, minimum: int
) -> None:
    test = limit(operator, share)
    enough = [matches for matches in range(60) if test.holds(matches, max(matches, minimum, 1))]
    assert test.least_matches(minimum) == (enough[0] if enough else _MATCHES_MAX)


def test_a_limit_that_falls_needs_no_match() -> None:
    assert limit("<", Fraction(1, 2)).least_matches(10) == 0


Make = Callable[[CompiledRule], Plan]
SUCCEEDED = compile_condition("outcome != 'failed'", PaymentAttempted)


@pytest.mark.parametrize(
    ("measure", "make", "breach", "nearer", "beyond", "within"),
    [
        ("count: 'true'", lambda one: count_plan(one, FAILED), "> 2", "rises", (3, 9), (2, 9)),
        ("count: 'true'", lambda one: count_plan(one, FAILED), "<= 2", "falls", (2, 9), (3, 9)),
        ("count: 'true'", lambda one: count_plan(one, FAILED), "== 2", "", (2, 9), (3, 9)),
        ("rate: 'true'", lambda one: rate_plan(one, FAILED, 60.0), "> 0.05", "rises", (4, 4), (3, 4)),
        ("rate: 'true'", lambda one: rate_plan(one, FAILED, 60.0), "< 0.05", "falls", (2, 4), (3, 4)),
        ("ratio: 'true'", lambda one: ratio_plan(one, FAILED), "> 2%", "rises", (2, 50), (1, 50)),
        ("ratio: 'true'", lambda one: ratio_plan(one, FAILED), "< 2%", "falls", (0, 50), (1, 50)),
        # Of what succeeded the failures are counted, so that a failure is what brings a low limit nearer.
        ("ratio: 'true'", lambda one: ratio_plan(one, SUCCEEDED), "< 98%", "rises", (2, 50), (1, 50)),
        ("ratio: 'true'", lambda one: ratio_plan(one, SUCCEEDED), ">= 98%", "falls", (1, 50), (2, 50)),
    ],
)
def test_a_plan_knows_what_it_counts_and_what_brings_its_limit_nearer(
    compiled: Compile,
    measure: str,
    make: Make,
    breach: str,
    nearer: str,
    beyond: tuple[int, int],
    within: tuple[int, int],
) -> None:
    (one,) = compiled(rules(rule(f"{{{measure}, window: 60s}}", breach=breach)))
    test = make(one).breach
    assert (test.rises, test.falls) == (nearer == "rises", nearer == "falls")
    assert (test.holds(*beyond), test.holds(*within)) == (True, False)
    assert test.counted.canonical == FAILED.canonical


def test_a_plan_shows_its_value_in_the_measures_unit(compiled: Compile) -> None:
    (one,) = compiled(rules(rule("{ratio: 'true', window: 60s}", breach="> 2%")))
    assert count_plan(one, FAILED).describe(3, 50, None) == (3.0, "3")
    assert rate_plan(one, FAILED, 60.0).describe(3, 50, None) == (0.05, "0.05 per second")
    assert ratio_plan(one, FAILED).describe(1, 50, None) == (0.02, "2 %")
    assert ratio_plan(one, SUCCEEDED).describe(1, 50, None) == (0.98, "98 %")
    assert ratio_plan(one, FAILED).describe(0, 0, None) == (None, "no data")
