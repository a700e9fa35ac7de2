"""What is said to hold never or always does so for every fact: tried on all facts of a small world."""

import ast
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.expression.types import NUMBER, TRUTH, Kind, Type
from checks.linting.truth import always_holds, divisors_of_zero, never_holds

TYPES = {"a": Type(Kind.TEXT, ("x", "y", "z"), "a"), "n": NUMBER, "b": TRUTH}
WORLD = [
    {"a": a, "n": n, "b": b, "true": True, "false": False}
    for a, n, b in product("xyz", (-1, 0, 0.5, 1, 2, 3), (True, False))
]

_ATOMS = st.one_of(
    st.builds("a {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from("xyzq")),
    st.builds("a {} {}".format, st.sampled_from(["in", "not in"]), st.sampled_from(["('x', 'y')", "('z',)"])),
    st.builds("n {} {}".format, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from([0, 1, 2])),
    st.builds("{} {} n".format, st.sampled_from([0, 1, 2]), st.sampled_from(["<", "<=", ">", ">="])),
    st.sampled_from(["b", "true", "false", "0 < n <= 2", "1 < 2", "2 - 2 == 1", "n * 2 > 3"]),
)
CONDITIONS = st.recursive(
    _ATOMS,
    lambda part: st.one_of(
        st.builds("not ({})".format, part),
        st.builds("({}) and ({})".format, part, part),
        st.builds("({}) or ({})".format, part, part),
    ),
    max_leaves=8,
)


def tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def holding(text: str) -> list[bool]:
    code = compile(text, "<condition>", "eval")
    return [bool(eval(code, {"__builtins__": {}}, dict(fact))) for fact in WORLD]  # noqa: S307  # our own text


@given(CONDITIONS, CONDITIONS)
def test_whatever_is_said_to_be_certain_is_so_for_every_fact(where: str, condition: str) -> None:
    both = [first and second for first, second in zip(holding(where), holding(condition), strict=True)]
    if never_holds([tree(where), tree(condition)], TYPES):
        assert not any(both)
    if always_holds([tree(where)], tree(condition), TYPES):
        assert both == holding(where)


@pytest.mark.parametrize(
    "text",
    [
        "a == 'x' and a == 'y'",
        "a == 'x' and a != 'x'",
        "a in ('x', 'y') and a == 'z'",
        "a != 'x' and a != 'y' and a != 'z'",
        "n > 5 and n < 5",
        "n >= 5 and n < 5",
        "5 < n <= 5",
        "n == 3 and n > 4",
        "b and not b",
        "false",
        "1 > 2",
        "(a == 'x' or a == 'y') and a == 'z'",
        "not (a == 'x' or a != 'x')",
    ],
)
def test_a_contradiction_is_seen(text: str) -> None:
    assert never_holds([tree(text)], TYPES)


@pytest.mark.parametrize(
    "text", ["a != 'x' or a != 'y'", "n > 1 or n <= 1", "b or not b", "a in ('x', 'y', 'z')", "true"]
)
def test_what_holds_always_is_seen(text: str) -> None:
    assert always_holds([], tree(text), TYPES)


@pytest.mark.parametrize(("text", "count"), [("n / 0", 1), ("n % (1 - 1)", 1), ("n / n", 0), ("n / 2", 0)])
def test_only_a_division_that_is_always_by_zero_is_named(text: str, count: int) -> None:
    assert len(list(divisors_of_zero(tree(text)))) == count
