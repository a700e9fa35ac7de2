"""Compiled documents against flagd's own evaluator: the same answers, and by name the cases where it is wrong."""

import io
import json
import re
from contextlib import redirect_stdout
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from payment_core.flags import Evaluator, compile_document
from payment_core.flags.provider import FlagProvider
from payment_core.flags.targeting.compiling import compile_rule
from tests.unit.payment_core.flags.generated import contexts, documents, targetings
from tests.unit.payment_core.flags.oracle import (
    DEFAULTS,
    NOW_SECONDS,
    StandingClock,
    flagd_answer,
    flagd_of,
    flagd_value,
    our_answer,
    our_value,
    quiet_flagd,
)

Json = Any
FLAG = "drei-ß"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def compiled(document: Json) -> Evaluator:
    return compile_document(json.dumps(document).encode(), lenient=True, clock=StandingClock())


def one_flag(targeting: Json, **more: Json) -> dict[str, Json]:
    variants = {"on": True, "off": False, "true": True, "1": False}
    flag = {"state": "ENABLED", "variants": variants, "defaultVariant": "off", "targeting": targeting}
    return {"flags": {FLAG: flag}, **more}


def answers(document: Json, context: Json, kind: str = "boolean") -> tuple[object, object]:
    """What flagd answers, and ours."""
    with quiet_flagd():
        theirs = flagd_answer(flagd_of(document), kind, FLAG, context)
    return theirs, our_answer(FlagProvider(compiled(document)), kind, FLAG, context)


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(targetings().filter(lambda logic: len(logic) == 1 and '"log"' not in json.dumps(logic)), contexts)
@example({"if": []}, {})
@example({"==": [{}, {}]}, {})
@example({"var": [1.5, "x"]}, {"tags": []})
@example({"filter": [{"var": "tags"}, {"var": ""}]}, {"tags": [0, "", "a", [], {}, None]})
@example({"map": [{"var": "tags"}, {"fractional": [["on", 1], ["off", 1]]}]}, {"tags": [{"targetingKey": "a"}]})
@example({"map": [{"var": "tags"}, {"var": float("1e300")}]}, {"tags": ["text"]})
@example({"reduce": [{"var": "tags"}, {"var": ""}, {"var": "country"}]}, {"tags": [1, 2], "country": "DE"})
@example({"reduce": [[1, 2], {"==": [{"var": "accumulator"}, {"var": "accumulator"}]}, {"a": 1, "b": 2}]}, {})
@example({"/": [{"var": ["$flagd.timestamp", {"nothing": 1}]}, 2]}, {})
@example({"==": [{"var": "$flagd"}, {"var": "$flagd"}]}, {})
@example({"fractional": [{"cat": ["\ud800"]}, ["on", 1]]}, {})
@example({"missing_some": [1, ["country", "tags.0", "$flagd.flagKey"]]}, {"country": ""})
def test_a_rule_gives_what_flagd_gives(logic: Json, context: Json) -> None:
    rule = compile_rule(json.loads(json.dumps(logic)), FLAG, lambda: NOW_SECONDS).rule
    with quiet_flagd():
        theirs = flagd_value(FLAG, json.loads(json.dumps(logic)), context)
    assert our_value(rule, context) == theirs


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(documents().filter(lambda document: '"log"' not in json.dumps(document)), contexts)
def test_a_document_answers_as_flagd_answers_for_every_type_that_is_asked_for(document: Json, context: Json) -> None:
    provider = FlagProvider(compiled(document))
    core = flagd_of(document)
    for key in (*document["flags"], "absent"):
        for kind in DEFAULTS:
            with quiet_flagd():
                theirs = flagd_answer(core, kind, key, context)
            if kind == "float" and theirs[0] != "ERROR" and isinstance(ours_value(provider, key, context), bool):
                continue  # flagd takes a boolean for a number: there is a test of that
            assert our_answer(provider, kind, key, context) == theirs, (key, kind)


def ours_value(provider: FlagProvider, key: str, context: Json) -> object:
    return provider._evaluator.resolve(key, context).value


@pytest.mark.parametrize("size", [0, 1, 22, 23, 24, 255, 256, 65_535, 65_536])
def test_a_key_of_any_length_is_hashed_as_flagd_hashes_it(size: int) -> None:
    shares = [[str(index), 1] for index in range(200)]
    for logic in ({"fractional": [{"var": "targetingKey"}, *shares]}, {"fractional": shares}):
        rule = compile_rule(logic, FLAG, lambda: NOW_SECONDS).rule
        for last in "abcß":
            context = {"targetingKey": ("x" * (size - 1) + last)[-size:] if size else ""}
            with quiet_flagd():
                assert our_value(rule, context) == flagd_value(FLAG, logic, context)


def test_flagd_corrupts_shared_rules_that_hold_other_than_plain_ascii_and_ours_are_kept() -> None:
    document = one_flag(
        {"if": [{"$ref": "is-zoe"}, "on", "off"]}, **{"$evaluators": {"is-zoe": {"==": [{"var": "country"}, "Zoë"]}}}
    )
    with pytest.raises(re.error):
        flagd_of(document)
    assert compiled(document).resolve(FLAG, {"country": "Zoë"}).variant == "on"


def test_flagd_finds_no_shared_rule_whose_name_is_not_ascii_and_ours_is_found() -> None:
    document = one_flag({"if": [{"$ref": "größe"}, "on"]}, **{"$evaluators": {"größe": True}})
    theirs, ours = answers(document, {})
    assert theirs == ("ERROR", "PARSE_ERROR")
    assert ours == ("TARGETING_MATCH", "True", "on", {})


def test_flagd_misses_a_reference_to_a_rule_that_is_defined_earlier_and_ours_does_not_mind_the_order() -> None:
    shared = {"inner": {"==": [1, 1]}, "outer": {"and": [{"$ref": "inner"}, True]}}
    theirs, ours = answers(one_flag({"if": [{"$ref": "outer"}, "on"]}, **{"$evaluators": shared}), {})
    assert theirs == ("ERROR", "PARSE_ERROR")
    assert ours == ("TARGETING_MATCH", "True", "on", {})


def test_flagd_puts_shared_rules_into_values_of_variants_and_ours_leaves_values_alone() -> None:
    document = one_flag(None, **{"$evaluators": {"x": {"rule": 1}}})
    document["flags"][FLAG]["variants"] = {"off": {"$ref": "x"}}
    theirs, ours = answers(document, {}, "object")
    assert theirs == ("STATIC", "{'rule': 1}", "off", {})
    assert ours == ("STATIC", "{'$ref': 'x'}", "off", {})


def test_flagd_takes_a_boolean_for_a_number_and_ours_says_that_the_types_differ() -> None:
    theirs, ours = answers(one_flag(None), {}, "float")
    assert theirs == ("STATIC", "0.0", "off", {})
    assert ours == ("ERROR", "TYPE_MISMATCH")


def test_flagd_prints_what_a_rule_logs_and_ours_writes_nothing_of_a_context_anywhere() -> None:
    logic = {"log": {"var": "country"}}
    theirs, ours = io.StringIO(), io.StringIO()
    with redirect_stdout(theirs):
        flagd_value(FLAG, logic, {"country": "DE"})
    with redirect_stdout(ours):
        assert our_value(compile_rule(logic, FLAG, lambda: NOW_SECONDS).rule, {"country": "DE"}) == "'DE'"
    assert theirs.getvalue() == '"DE"\n'
    assert ours.getvalue() == ""


def test_flagd_crashes_on_an_unknown_operator_with_a_point_and_ours_says_that_it_is_unknown() -> None:
    theirs, ours = answers(one_flag({"var.x": []}), {})
    assert theirs == ("ERROR", "GENERAL")
    assert ours == ("ERROR", "PARSE_ERROR")


def test_flagd_crashes_on_a_text_of_another_class_and_ours_takes_it_for_the_text_that_it_is() -> None:
    class Country(StrEnum):
        GERMANY = "DE"

    theirs, ours = answers(one_flag({"if": [{"==": [{"var": "country"}, "DE"]}, "on"]}), {"country": Country.GERMANY})
    assert theirs == ("ERROR", "GENERAL")
    assert ours == ("TARGETING_MATCH", "True", "on", {})


def test_flagd_refuses_every_flag_for_an_unknown_key_in_one_and_ours_serves_the_others() -> None:
    document = one_flag(None)
    document["flags"]["broken"] = {**document["flags"][FLAG], "defaultVariants": "on"}
    with pytest.raises(Exception):  # noqa: B017, PT011  # its ParseError has no message and no own type worth a name
        flagd_of(document)
    assert compiled(document).resolve(FLAG, {}).variant == "off"
    assert compiled(document).resolve("broken", {}).error_code == "PARSE_ERROR"


@pytest.mark.parametrize("logic", [{"/": [1, 0]}, {"%": [{"var": "history"}, 0]}, {"var": [1, 2, 3]}])
def test_where_flagd_crashes_on_values_ours_answers_with_a_general_error(logic: Json) -> None:
    theirs, ours = answers(one_flag({"if": [logic, "on", "absent"]}), {"history": 3})
    assert theirs == ours == ("ERROR", "GENERAL")
