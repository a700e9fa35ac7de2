"""Limits as operators write them."""

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.limits import LimitError, contradicts, parse_limit, share_test


@pytest.mark.parametrize(
    ("text", "operator", "number", "hold_ms"),
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
def test_a_limit_is_exact(text: str, operator: str, number: Fraction, hold_ms: int) -> None:
    limit = parse_limit(text)
    assert (limit.operator, limit.number, limit.hold_ms) == (operator, number, hold_ms)


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


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 10**6), st.fractions(0, 1, max_denominator=1000))
def test_a_share_is_compared_without_rounding(matches: int, total: int, limit: Fraction) -> None:
    share = Fraction(matches, total)
    assert share_test(">", limit)(matches, total) is (share > limit)
    assert share_test("<=", limit)(matches, total) is (share <= limit)
    assert share_test("==", limit)(matches, total) is (share == limit)


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
        ("== 'ALARM'", "== 'ALARM'", True),
        ("> 2", "== true", True),
    ],
)
def test_a_clear_limit_inside_the_breach_contradicts(breach: str, clear: str, wrong: bool) -> None:
    assert contradicts(parse_limit(breach), parse_limit(clear)) is wrong
