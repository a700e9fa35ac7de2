"""Each operator over every pair of values, known beforehand or not, gives what flagd's evaluator gives."""

from collections.abc import Iterator, Sequence
from itertools import groupby, product
from typing import Any

import pytest

from payment_core.flags.targeting.compiling import compile_rule
from tests.unit.payment_core.flags.generated import ANY_OPERATORS, VERSIONS
from tests.unit.payment_core.flags.oracle import NOW_SECONDS, flagd_value, our_value, quiet_flagd

Json = Any
FLAG = "drei-ß"
VALUES: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    1,
    -2,
    2**63,
    10**400,
    0.0,
    1.0,
    -1.5,
    1e300,
    0.1 + 0.2,
    "",
    "0",
    "1",
    "01",
    " 1 ",
    "1e3",
    "inf",
    "-Inf ",
    "Infinity",
    "nan",
    "DE",
    "Zoë",
    "\ud800",
    "null",
    "True",
    [],
    [1],
    ["DE", 2],
    [[]],
    {},
    {"a": 1, "b": 2},
)
LEFT, RIGHT = {"var": "left"}, {"var": "right"}
Case = tuple[Json, Json]


def differences(cases: Iterator[Case]) -> list[tuple[Json, Json, str, str]]:
    """Rules with their contexts for which our answer and flagd's are not the same. A rule is compiled once in a row."""
    found = []
    with quiet_flagd():
        for _, same in groupby(cases, key=lambda case: id(case[0])):
            (logic, _), *_ = group = list(same)
            rule = compile_rule(logic, FLAG, lambda: NOW_SECONDS).rule
            for _, context in group:
                ours, theirs = our_value(rule, context), flagd_value(FLAG, logic, context)
                if ours != theirs:
                    found.append((logic, context, ours, theirs))
    return found


@pytest.mark.parametrize("operator", [*ANY_OPERATORS, "cat", "merge", "starts_with", "ends_with"])
def test_two_values_of_the_context(operator: str) -> None:
    logic = {operator: [LEFT, RIGHT]}
    assert not differences((logic, {"left": one, "right": other}) for one, other in product(VALUES, VALUES))


@pytest.mark.parametrize("operator", [*ANY_OPERATORS, "cat", "merge", "starts_with", "ends_with"])
def test_a_value_of_the_context_and_one_of_the_rule_on_either_side(operator: str) -> None:
    def cases() -> Iterator[Case]:
        for fixed in VALUES:
            for logic in ({operator: [LEFT, fixed]}, {operator: [fixed, LEFT]}):
                yield from ((logic, {"left": value}) for value in VALUES)

    assert not differences(cases())


@pytest.mark.parametrize("operator", [*ANY_OPERATORS, "cat", "merge", "substr"])
def test_two_values_of_the_rule(operator: str) -> None:
    assert not differences(({operator: [one, other]}, {}) for one, other in product(VALUES[::2], VALUES[1::2]))


@pytest.mark.parametrize("operator", [*ANY_OPERATORS, "cat", "merge", "and", "or", "if", "?:", "missing", "var"])
def test_no_value_one_and_three(operator: str) -> None:
    def cases() -> Iterator[Case]:
        yield {operator: []}, {"left": 1}
        for value in VALUES:
            for logic in (
                {operator: LEFT},
                {operator: [LEFT]},
                {operator: [LEFT, RIGHT, 2]},
                {operator: [1, LEFT, "2"]},
            ):
                yield logic, {"left": value, "right": 1.5}

    assert not differences(cases())


@pytest.mark.parametrize("how", ["and", "or"])
def test_what_decides_and_what_is_given_when_values_are_joined(how: str) -> None:
    def cases() -> Iterator[Case]:
        join = {how: [LEFT, {"==": [RIGHT, 1]}, {"cat": [RIGHT]}]}
        known = {how: [{"!!": [RIGHT]}, "", LEFT]}
        number = {"+": [LEFT]}
        yield from (({"if": [number, "yes", "no"]}, {"left": value}) for value in VALUES)
        for logic in (join, known, {"if": [join, "yes", "no"]}, {"if": [{"!": [known]}, "yes"]}, {"!!": [join]}):
            yield from ((logic, {"left": one, "right": other}) for one in VALUES for other in (1, 0, "x", None))

    assert not differences(cases())


def test_conditions_are_taken_in_turn_wherever_they_stand() -> None:
    chain = [part for index in range(7) for part in ({"==": [LEFT, index]}, str(index))]

    def cases() -> Iterator[Case]:
        for parts in (
            chain,
            chain[:-1],
            chain[:6],
            [*chain[:4], True, "known", *chain[4:]],
            [*chain[:2], True, "known", *chain[2:4]],
            [False, 1, *chain[:3]],
        ):
            for logic in ({"if": parts}, {"cat": [{"if": parts}]}, {"if": [{"if": parts}, "yes", "no"]}):
                yield from ((logic, {"left": index}) for index in range(8))

    assert not differences(cases())


PATHS: Sequence[Json] = (
    *(
        "",
        "a",
        "a.b",
        "a.b.c",
        "l",
        "l.0",
        "l.1.x",
        "l.-1",
        "l.01",
        "l. 1",
        "l.1_0",
        "l.length",
        "s.length",
        "s.1",
        ".",
    ),
    *("l.length.x", "$flagd", "$flagd.flagKey", "$flagd.timestamp", "$flagd.flagKey.0", "$flagd.no", "targetingKey"),
    *(None, True, 0, 1, 1.0, 1.5, -1, ["a"], {"x": 1, "y": 2}),
)
CONTEXT = {
    "a": {"b": {"c": 0}, "": None},
    "l": ["x", {"x": False}],
    "s": "Zoë",
    "": {"": 5},
    "targetingKey": "c",
    "1": "one",
}


def test_every_path_with_and_without_a_default_here_and_within_a_list() -> None:
    def cases() -> Iterator[Case]:
        for path in PATHS:
            whole = path if isinstance(path, str) else None
            for logic in (
                {"var": whole},
                {"var": [path]},
                {"var": [path, "default"]},
                {"var": [path, {"var": "s"}]},
                {"var": [{"var": "path"}, 3]},
                {"missing": [path, "s"]},
                {"missing": [[path, "nothing", "a."]]},
                {"missing_some": [1, ["nothing", path]]},
                {"map": [{"var": "items"}, {"var": path}]},
                {"map": [{"var": "items"}, {"var": [path, "d"]}]},
                {"filter": [{"var": "items"}, {"missing": [path]}]},
                {"reduce": [{"var": "items"}, {"cat": [{"var": "accumulator"}, {"var": path}]}, ""]},
            ):
                yield logic, {**CONTEXT, "path": path, "items": [["p", "q"], "text", {"a": 1, "1": 2}, None, 7, ""]}

    assert not differences(cases())


@pytest.mark.parametrize("operator", ["filter", "map", "all", "some", "none", "reduce"])
def test_every_operator_over_a_list(operator: str) -> None:
    rules: Sequence[Json] = (
        {"var": ""},
        {">": [{"var": ""}, 0]},
        {"var": "a"},
        {"and": [{"var": "accumulator"}, {"var": "current"}]},
        {"+": [{"var": "accumulator"}, {"var": "current"}]},
        {"fractional": [["on", 1], ["off", 1]]},
        True,
        "",
    )
    lists: Sequence[Json] = ([], [0], [1, 0, "a"], [{"a": 1, "targetingKey": "k"}, {}], [[]], "text", None, {"a": 1})

    def cases() -> Iterator[Case]:
        for rule in rules:
            for logic in (
                {operator: [{"var": "items"}, rule]},
                {operator: [{"var": "items"}, rule, {"var": "items"}]},
                {operator: [[1, {"var": "items"}, 0], rule, 0]},
            ):
                yield from ((logic, {"items": items}) for items in lists)
        yield from (({operator: short}, {"items": [1]}) for short in ([], [{"var": "items"}], {"var": "items"}))

    assert not differences(cases())


def test_parts_of_texts_from_every_start_with_every_length() -> None:
    places: Sequence[Json] = (
        None,
        0,
        1,
        2,
        9,
        -1,
        -2,
        -9,
        1.7,
        -1.7,
        "1",
        "x",
        [],
        1e300,
        "Infinity",
        "-Infinity",
        10**400,
    )
    logic = {"substr": [{"var": "text"}, LEFT, RIGHT]}
    texts = ("Zoë", "", 123.5, None)
    assert not differences(
        (logic, {"text": text, "left": start, "right": length})
        for text, start, length in product(texts, places, places)
    )


def test_versions_in_every_comparison() -> None:
    versions = (
        *VERSIONS,
        "V2.0.0",
        "1.2.4",
        "1.3",
        "0.9.9",
        "1.2.3-rc.2",
        "1.2.3-rc.10",
        "1.2.3-1",
        "v",
        "vv1",
        2,
        1.2,
        None,
    )
    signs = ("=", "!=", "<", "<=", ">", ">=", "^", "~", "==", None)

    def cases() -> Iterator[Case]:
        for sign in signs:
            logic = {"sem_ver": [LEFT, sign, RIGHT]}
            yield from ((logic, {"left": one, "right": other}) for one, other in product(versions, versions))
        yield from (({"sem_ver": short}, {"left": "1.2.3"}) for short in ([], ["1", "="], [LEFT, "=", "1.2.3", 4]))

    assert not differences(cases())


SHARES: Sequence[Json] = (
    [["on", 25], ["off", 75]],
    [["on", 0], ["off", 1]],
    [["on", 1], ["off", 0]],
    [["on", -5], ["off", 2]],
    [["on"], ["off"], ["third", 2]],
    [[None, 1], ["on", 1], [True, 1], [7, 1]],
    [["on", 2**31 - 1]],
    [["on", 2**31]],
    [["on", 2**31 - 1], ["off", 1]],
    [["on", 2.0], ["off", 1]],
    [["on", True], ["off", 1]],
    [["on", "1"]],
    [["on", None]],
    [[]],
    [["a", 1, 2]],
    ["on"],
    [["on", 0]],
    [],
)
KEYS: Sequence[Json] = (
    *VALUES,
    2**64,
    2**64 * 1.0,
    -(2.0**63),
    1.5,
    [1.0, {"a": 2.0}],
    "x" * 24,
    "x" * 256,
    {"b": 1, "a": [None, True]},
)


@pytest.mark.parametrize("shares", SHARES, ids=repr)
def test_keys_of_every_type_over_shares_of_every_kind(shares: Json) -> None:
    def cases() -> Iterator[Case]:
        computed = [
            [{"cat": [pair[0]]}, {"+": [pair[-1]]}] for pair in shares if isinstance(pair, list) and len(pair) == 2
        ]
        for logic in (
            {"fractional": [LEFT, *shares]},
            {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, LEFT]}, *shares]},
            {"fractional": [{"merge": [LEFT]}, *shares]},
            {"fractional": [LEFT, *computed]},
        ):
            yield from ((logic, {"left": key, "targetingKey": "customer"}) for key in KEYS)
        yield from (({"fractional": shares}, {"targetingKey": key}) for key in KEYS)
        yield from (({"fractional": [*computed]}, {"targetingKey": key}) for key in ("customer", ""))
        yield from (({"fractional": [key, *shares]}, {}) for key in VALUES if not isinstance(key, dict))

    assert not differences(cases())


def test_an_unknown_operator_is_told_only_when_it_is_reached_and_after_its_arguments() -> None:
    unknown = {"nothing": [{"/": [1, LEFT]}]}
    logics = (
        {"if": [RIGHT, unknown, "x"]},
        {"and": [RIGHT, unknown]},
        {"map": [RIGHT, unknown]},
        {"$ref": "x"},
        {"a.b": 1},
    )
    contexts = [{"left": left, "right": right} for left in (0, 1) for right in (True, False, [1])]
    assert not differences((logic, context) for logic in logics for context in contexts)
