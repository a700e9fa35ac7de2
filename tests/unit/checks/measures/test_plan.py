"""What a batch could do to a limit is told from its counts alone, as if every order of its facts had been tried."""

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.expression import compile_condition
from checks.facts import PaymentAttempted
from checks.limits import FALLING, RISING, Operator, share_test
from checks.measures.windowed.plan import _MATCHES_MAX
from checks.measures.windowed.plan import Test as LimitTest

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
