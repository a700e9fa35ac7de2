"""What a flag answers and why, who stays on which side of a rollout, and that no rule can do harm."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from payment_core.flags import Evaluator, Resolution, compile_document
from tests.unit.payment_core.flags.oracle import NOW_SECONDS, StandingClock

Json = Any
VARIANTS = {"on": True, "off": False}


def evaluator_of(targeting: Json = None, **changes: Json) -> Evaluator:
    """One flag ``f`` with this rule, as a core reads it."""
    flag = {"state": "ENABLED", "variants": VARIANTS, "defaultVariant": "off", "targeting": targeting, **changes}
    return compile_document({"flags": {"f": flag}}, lenient=True, clock=StandingClock())


def answer(targeting: Json = None, context: Json = None, **changes: Json) -> Resolution:
    return evaluator_of(targeting, **changes).resolve("f", {} if context is None else context)


def rollout(percent: int) -> Json:
    """A share of customers, in the form that the daemon writes."""
    key = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}
    return {"fractional": [key, ["on", percent], ["off", 100 - percent]]}


@pytest.mark.parametrize(
    ("flag", "context", "expected"),
    [
        ({}, {}, ("STATIC", "off", False)),
        ({"targeting": {}}, {}, ("STATIC", "off", False)),
        ({"targeting": {"if": [{"var": "vip"}, "on"]}}, {"vip": True}, ("TARGETING_MATCH", "on", True)),
        ({"targeting": {"if": [{"var": "vip"}, "on"]}}, {}, ("DEFAULT", "off", False)),
        ({"targeting": {"if": [True, "on"]}}, {}, ("TARGETING_MATCH", "on", True)),
        ({"state": "DISABLED"}, {}, ("DISABLED", None, None)),
        ({"defaultVariant": None}, {}, ("DEFAULT", None, None)),
        ({"defaultVariant": None, "targeting": {"if": [{"var": "vip"}, "on"]}}, {}, ("DEFAULT", None, None)),
        ({"defaultVariant": True, "variants": {"true": 1}}, {}, ("STATIC", "true", 1)),
        (
            {"variants": {"off": 0, "3": 1}, "targeting": {"+": [1, {"var": "a"}]}},
            {"a": 2},
            ("TARGETING_MATCH", "3", 1),
        ),
        ({"variants": {"off": 0, "true": 1}, "targeting": {"!": [{"var": "a"}]}}, {}, ("TARGETING_MATCH", "true", 1)),
    ],
)
def test_the_reason_says_where_a_value_comes_from(flag: Json, context: Json, expected: Json) -> None:
    found = answer(context=context, **flag)
    assert (found.reason, found.variant, found.value) == expected
    assert found.error_code is None


@pytest.mark.parametrize(
    ("flag", "context", "code"),
    [
        ({"defaultVariant": "absent"}, {}, "GENERAL"),
        ({"targeting": {"if": [True, "absent"]}}, {}, "GENERAL"),
        ({"targeting": {"var": "country"}}, {"country": "somewhere"}, "GENERAL"),
        ({"targeting": {"/": [1, {"var": "history"}]}}, {"history": 0}, "GENERAL"),
        ({"targeting": {"<": [{"var": "at"}, 3]}}, {"at": object()}, "GENERAL"),
        ({"targeting": {"never": [1]}}, {}, "PARSE_ERROR"),
        ({"variants": {"off": None}}, {}, None),
        ({"variants": {"off": 1, "on": None}, "targeting": {"if": [True, "on"]}}, {}, "GENERAL"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_an_error_and_never_raises(flag: Json, context: Json, code: Json) -> None:
    found = answer(context=context, **flag)
    assert found.error_code == code
    assert (found.reason == "ERROR") is (code is not None)


def test_an_unknown_flag_is_not_found() -> None:
    found = evaluator_of().resolve("g", {})
    assert (found.value, found.variant, found.reason, found.error_code) == (None, None, "ERROR", "FLAG_NOT_FOUND")


def test_an_error_says_nothing_of_the_context_which_may_hold_what_no_log_may() -> None:
    secret = "someone@example.org"
    for rule in ({"var": "email"}, {"cat": [{"var": "email"}]}, {"/": [{"var": "email"}, 0]}, {"+": [{"var": "at"}]}):
        found = answer(rule, {"email": secret, "at": object()})
        assert found.error_code == "GENERAL"
        assert secret not in repr(found)


def test_the_metadata_of_a_flag_goes_before_that_of_the_document() -> None:
    flag = {"state": "ENABLED", "variants": VARIANTS, "metadata": {"owner": "payouts"}}
    evaluator = compile_document({"flags": {"f": flag}, "metadata": {"owner": "all", "version": 3}})
    assert evaluator.resolve("f", {}).metadata == {"owner": "payouts", "version": 3}
    assert evaluator.resolve("g", {}).metadata == {"owner": "all", "version": 3}


def test_a_rule_can_ask_for_the_time_and_for_its_own_key_and_a_context_cannot_forge_them() -> None:
    rule = {"if": [{"==": [{"var": "$flagd.timestamp"}, NOW_SECONDS]}, {"var": "$flagd.flagKey"}]}
    found = answer(rule, {"$flagd": {"flagKey": "off", "timestamp": 1}}, variants={"f": 1, "off": 0})
    assert found.variant == "f"
    whole = {"if": [{"==": [{"var": ["$flagd.timestamp", {"var": "x"}]}, NOW_SECONDS]}, {"var": "$flagd.flagKey"}]}
    assert answer(whole, {"$flagd": {"timestamp": 1}}, variants={"f": 1, "off": 0}).variant == "f"


def test_a_point_in_time_is_compared_as_milliseconds() -> None:
    rule = {"if": [{"<": [{"var": "since"}, 1_000_000]}, "on"]}
    assert answer(rule, {"since": datetime.fromtimestamp(999, UTC)}).variant == "on"
    assert answer(rule, {"since": datetime.fromtimestamp(1_001, UTC)}).variant == "off"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').abort()",
        '"; raise SystemExit #',
        "{0.__class__}",
        "{}",
        "n1",
        "data",
        "\\",
        "\n",
        "\x00",
        "\ud800",
        "'''",
    ],
)
def test_text_of_a_document_is_never_read_as_code(text: str) -> None:
    rules = [
        {"if": [{"==": [{"var": text}, text]}, text, "off"]},
        {"if": [{"in": [{"var": text}, [text, "x"]]}, {"cat": [{"var": [text, text]}, ""]}]},
        {"if": [{"starts_with": [{"var": text}, text]}, {"cat": [text, {"var": "nothing"}]}, text]},
        {"fractional": ["key", [text, 1]]},
    ]
    for rule in rules:
        flag = {"state": "ENABLED", "variants": {text: 1, "off": 0, f"{text}null": 2}, "targeting": rule}
        evaluator = compile_document({"flags": {text: flag}}, lenient=True)
        found = evaluator.resolve(text, at_path(text.split("."), text))
        assert found.variant in {text, f"{text}null"}
        assert found.error_code is None


def test_customers_keep_their_side_while_the_percentage_rises() -> None:
    customers = [f"customer-{number}" for number in range(2_000)]
    steps = [{name for name in customers if on(rollout(percent), name)} for percent in (0, 1, 5, 25, 50, 99, 100)]
    assert all(before <= after for before, after in pairwise(steps))
    assert (len(steps[0]), len(steps[-1])) == (0, len(customers))


def test_the_split_is_the_one_that_was_asked_for() -> None:
    evaluator = evaluator_of(rollout(25))
    share = sum(
        evaluator.resolve("f", {"targetingKey": f"customer-{number}"}).variant == "on" for number in range(40_000)
    )
    assert share / 40_000 == pytest.approx(0.25, abs=0.0065)  # three times the deviation of a fair draw


def test_two_flags_split_the_same_customers_differently() -> None:
    flag = {"state": "ENABLED", "variants": VARIANTS, "targeting": rollout(50)}
    evaluator = compile_document({"flags": {"one": flag, "two": flag}})
    customers = [{"targetingKey": f"customer-{number}"} for number in range(2_000)]
    both = sum(evaluator.resolve("one", who).value and evaluator.resolve("two", who).value for who in customers)
    assert 400 < both < 600


def test_a_customer_without_a_key_is_in_no_rollout() -> None:
    shorthand = {"fractional": [["on", 50], ["off", 50]]}
    for key in (None, "", 3, ["a"]):
        assert answer(shorthand, {"targetingKey": key}, defaultVariant="off").reason == "DEFAULT"
    assert answer(shorthand, {}).reason == "DEFAULT"


def test_a_new_document_takes_over_the_flags_that_it_did_not_change() -> None:
    flags = {key: {"state": "ENABLED", "variants": VARIANTS, "targeting": rollout(10)} for key in ("a", "b", "c")}
    first = compile_document({"flags": flags})
    flags["b"] = {**flags["b"], "targeting": rollout(20)}
    flags["d"] = flags.pop("c")
    second = compile_document({"flags": flags}, previous=first)
    assert second._answers["a"] is first._answers["a"]
    assert second._answers["b"] is not first._answers["b"]
    assert second.changed_from(first) == ["b", "c", "d"]
    assert first.changed_from(first) == []
    afresh = compile_document({"flags": flags})
    contexts = [{"targetingKey": f"customer-{number}"} for number in range(200)]
    assert [second.resolve(k, c) for k in flags for c in contexts] == [
        afresh.resolve(k, c) for k in flags for c in contexts
    ]


def test_metadata_of_the_document_reaches_flags_that_were_taken_over() -> None:
    flags = {"a": {"state": "ENABLED", "variants": VARIANTS, "targeting": rollout(10)}}
    first = compile_document({"flags": flags, "metadata": {"version": 1}})
    second = compile_document({"flags": flags, "metadata": {"version": 2}}, previous=first)
    assert second.resolve("a", {"targetingKey": "c"}).metadata == {"version": 2}


def test_what_is_true_for_everyone_is_one_lookup() -> None:
    rule = {"if": [{"and": [{"==": [{"cat": ["D", "E"]}, "DE"]}, {">": [3, 2]}]}, "on", {"var": "x"}]}
    evaluator = evaluator_of(rule)
    assert evaluator._answers["f"] is evaluator.resolve("f", {})
    assert evaluator.resolve("f", {}).variant == "on"


def test_a_thousand_flags_with_rules_answer_each_by_its_own() -> None:
    rule = {"if": [{"==": [{"var": "country"}, "DE"]}, "on"]}
    flags = {f"f{number}": {"state": "ENABLED", "variants": VARIANTS, "targeting": rule} for number in range(1_000)}
    flags["f500"] = {**flags["f500"], "targeting": {"if": [{"!=": [{"var": "country"}, "DE"]}, "on"]}}
    evaluator = compile_document(json.dumps({"flags": flags}).encode())
    odd = [key for key in flags if evaluator.resolve(key, {"country": "DE"}).variant is None]
    assert odd == ["f500"]


def at_path(steps: list[str], value: Json) -> Json:
    """A context with the value at the path."""
    return {steps[0]: at_path(steps[1:], value)} if steps else value


def on(rule: Json, customer: str) -> bool:
    """Whether a rule puts the customer on the new side."""
    evaluator = _EVALUATORS.get(repr(rule))
    if evaluator is None:
        evaluator = _EVALUATORS[repr(rule)] = evaluator_of(rule)
    return evaluator.resolve("f", {"targetingKey": customer}).variant == "on"


_EVALUATORS: dict[str, Evaluator] = {}
