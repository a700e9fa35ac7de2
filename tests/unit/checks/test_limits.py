"""Limits as operators write them."""

import contextlib
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.limits import LimitError, Operator, Reading, contradicts, holds, parse_limit, share_test


@pytest.mark.parametrize(
    ("text", "name", "number", "hold_ms"),
    [
        ("> 2%", ">", Fraction(2, 100), 0),
        (">=5", ">=", Fraction(5), 0),
        ("< 1% for 2m", "<", Fraction(1, 100), 120_000),
        ("> 10s", ">", Fraction(10_000), 0),
        (" <= 250ms ", "<=", Fraction(250), 0),
        ("> 0.1%", ">", Fraction(1, 1000), 0),
        ("!= -3.5 for 250ms", "!=", Fraction(-7, 2), 250),
    ],
)
def test_a_limit_is_exact(text: str, name: str, number: Fraction, hold_ms: int) -> None:
    limit = parse_limit(text)
    assert (limit.operator, limit.number, limit.hold_ms) == (name, number, hold_ms)


def test_text_and_truth_are_limits_too() -> None:
    assert parse_limit("== 'ALARM'").setting == "ALARM"
    assert parse_limit('!= "OK" for 5s').setting == "OK"
    assert parse_limit("== true").setting is True


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("2%", "2%"),
        ("> two", "two"),
        ("> 2 percent", "2 percent"),
        (">", ">"),
        ("> 'ALARM'", ">"),
        ("< 1% for", "1% for"),
        ("=> 3", "=> 3"),
        ("> 2% or so", "2% or so"),
    ],
)
def test_an_unreadable_limit_is_marked_where_it_goes_wrong(text: str, marked: str) -> None:
    with pytest.raises(LimitError) as caught:
        parse_limit(text)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked


@settings(deadline=None)
@given(st.text(alphabet="<>=!0123456789.%msh 'ALRMtruefo", max_size=20))
def test_any_text_is_a_limit_or_refused(text: str) -> None:
    with contextlib.suppress(LimitError):
        assert parse_limit(text).operator in text


COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@settings(deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 10**6),
    st.fractions(0, 1, max_denominator=1000),
    st.sampled_from(sorted(COMPARED)),
)
def test_a_share_is_compared_without_rounding(matches: int, total: int, limit: Fraction, name: Operator) -> None:
    assert share_test(name, limit)(matches, total) is COMPARED[name](Fraction(matches, total), limit)
    exact = share_test(name, Fraction(matches, total))
    assert exact(matches, total) is COMPARED[name](0, 0)
    assert exact(matches * 3, total * 3) is COMPARED[name](0, 0)


@pytest.mark.parametrize("name", sorted(COMPARED))
@pytest.mark.parametrize("value", [1.0, 2.0, 3.0])
def test_a_reading_is_compared_as_its_operator_says(name: Operator, value: float) -> None:
    assert holds(name, value, 2.0) is COMPARED[name](value, 2.0)


@pytest.mark.parametrize(("value", "setting"), [("ALARM", "ALARM"), ("ALARM", "OK"), ("5", 4.0), (5.0, "4")])
@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_text_is_equal_or_not_and_never_above_or_below(name: Operator, value: Reading, setting: Reading) -> None:
    expected = {"==": value == setting, "!=": value != setting}.get(name, False)
    assert holds(name, value, setting) is expected


def test_a_limit_that_is_no_number_counts_as_none() -> None:
    assert parse_limit("== 'ALARM'").number == parse_limit("== true").number == 0


@pytest.mark.parametrize(
    ("breach", "clear", "wrong"),
    [
        ("> 2%", "< 1%", False),
        ("> 2%", "<= 2%", False),
        ("> 2%", "< 3%", True),
        ("> 2%", "> 1%", True),
        ("< 99%", "> 99.5%", False),
        ("< 99%", "> 98%", True),
        ("== 'ALARM'", "== 'OK'", False),
        ("< 99%", ">= 99%", False),
        ("< 99%", "< 98%", True),
        ("> 2%", "== 1%", True),
        ("== 'ALARM'", "== 'ALARM'", True),
        ("== 'ALARM'", "!= 'ALARM'", False),
        ("!= 'OK'", "== 'OK'", False),
        ("> 2", "== true", True),
    ],
)
def test_a_clear_limit_inside_the_breach_contradicts(breach: str, clear: str, wrong: bool) -> None:
    assert contradicts(parse_limit(breach), parse_limit(clear)) is wrong
