"""What is wrong with a flag document, each with its place and its fix, and what a core makes of it all the same."""

import json
from typing import Any

import pytest

from payment_core.flags import DocumentUnreadable, compile_document
from payment_core.flags.document import BYTES_MAX
from payment_core.flags.targeting.references import DEPTH_MAX, NODES_MAX

Json = Any
GOOD = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "off",
    "metadata": {"safe_default": "off", "critical": True},
}


def flag(**changes: Json) -> bytes:
    """A document of one good flag with these changes; None takes a field out."""
    changed = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return json.dumps({"flags": {"instant-payouts": changed}}).encode()


def told(document: Json) -> str:
    with pytest.raises(DocumentUnreadable) as refused:
        compile_document(document)
    return str(refused.value)


PLACE = "flags.instant-payouts"
RULE = f"{PLACE}.targeting"


@pytest.mark.parametrize(
    ("changes", "place", "what", "fix"),
    [
        ({"state": "ON"}, f"{PLACE}.state", "'ON'", "write ENABLED or DISABLED"),
        ({"state": None}, f"{PLACE}.state", "None", "write ENABLED or DISABLED"),
        ({"variants": {}}, f"{PLACE}.variants", "there are none", "write values by name"),
        ({"variants": {"on": True, "off": "no"}}, f"{PLACE}.variants", "boolean and string", "use one type"),
        ({"variants": {"off": {}}, "metadata": {"a": []}}, f"{PLACE}.metadata.a", "a list", "write a text, a number"),
        ({"variants": {"": 1, "off": 2}}, f"{PLACE}.variants", "without a name", "give it one"),
        ({"defaultVariant": "of"}, f"{PLACE}.defaultVariant", "'of' is no variant", "use one of 'on' and 'off'"),
        ({"defaultVariant": 3}, f"{PLACE}.defaultVariant", "a number", "write the name of a variant"),
        ({"targetting": {}}, f"{PLACE}.targetting", "unknown", "did you mean 'targeting'?"),
        ({"targeting": ["on"]}, RULE, "a list", "write a rule"),
        ({"targeting": {"iff": [True, "on"]}}, f"{RULE}.iff", "no operator 'iff'", "did you mean 'if'?"),
        ({"targeting": {"if": [{"=>": [1, 2]}, "on"]}}, f"{RULE}.if[0].=>", "no operator '=>'", "did you mean"),
        ({"targeting": {"if": [True, "no"]}}, f"{RULE}.if[1]", "'no' is no variant", "it has 'on' and 'off'"),
        ({"targeting": {"if": [True, "on", "no"]}}, f"{RULE}.if[2]", "'no' is no variant", "it has 'on' and 'off'"),
        ({"targeting": {"if": [True, "on", 1]}}, f"{RULE}.if[2]", "1 is no variant", "it has 'on' and 'off'"),
        ({"targeting": {"fractional": [["no", 1]]}}, f"{RULE}.fractional[0][0]", "'no' is no variant", "it has"),
        ({"targeting": {"fractional": ["k", ["on", 0.5]]}}, f"{RULE}.fractional[1]", "no share", '["on", 25]'),
        ({"targeting": {"fractional": ["k", ["on", 0]]}}, f"{RULE}.fractional", "add up to 0", "1 to 2147483647"),
        ({"targeting": {"fractional": ["k"]}}, f"{RULE}.fractional", "no shares", "write a key and shares"),
        ({"targeting": {"if": [{"$ref": "vip"}, "on"]}}, f"{RULE}.if[0].$ref", "has no 'vip'", "define it there"),
        ({"targeting": {"if": [{"sem_ver": [1, "=>", 2]}, "on"]}}, "if[0].sem_ver[1]", "compares nothing", "use one"),
        ({"targeting": {"if": [{"sem_ver": ["1.x", "=", "2"]}, "on"]}}, "if[0].sem_ver[0]", "no version", "1.2.3"),
        ({"targeting": {"if": [{"starts_with": ["a"]}, "on"]}}, "if[0].starts_with", "1 arguments", "takes 2"),
        ({"targeting": {"if": [{"var": ["a", 1, 2]}, "on"]}}, "if[0].var", "3 arguments", "var takes a path"),
    ],
)
def test_each_mistake_is_named_with_its_place_and_its_fix(changes: Json, place: str, what: str, fix: str) -> None:
    lines = [line for line in told(flag(**changes)).splitlines() if place in line]
    assert any(what in line and fix in line for line in lines), told(flag(**changes))


def test_a_variant_may_be_meant_by_a_number_or_a_boolean_of_its_name() -> None:
    rule = {"if": [{"var": "a"}, 1, {"var": "b"}, True, None]}
    evaluator = compile_document(flag(variants={"1": "a", "true": "b"}, defaultVariant=True, targeting=rule))
    assert evaluator.resolve("instant-payouts", {"a": 1}).value == "a"
    assert evaluator.resolve("instant-payouts", {"b": 1}).value == "b"


def test_all_mistakes_of_a_document_are_told_at_once() -> None:
    document = {"flags": {"one": {**GOOD, "state": "ON"}, "two": {**GOOD, "defaultVariant": "maybe"}}, "meta": {}}
    with pytest.raises(DocumentUnreadable) as refused:
        compile_document(document)
    assert [problem.place for problem in refused.value.problems] == [
        "document.meta",
        "flags.one.state",
        "flags.two.defaultVariant",
    ]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (b"", "no JSON in UTF-8"),
        (b"\xff\xfe", "no JSON in UTF-8"),
        (b"[]", "a list"),
        (b"{}", "flags: there are none"),
        (b'{"flags": []}', "flags: there are none"),
        (b'{"flags": {"a": NaN}}', "NaN is no number of JSON"),
        (b'{"flags": {}, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
        (b'{"flags": {}}' + b" " * BYTES_MAX, f"more than {BYTES_MAX} bytes"),
        ({"flags": {"a": object()}}, "not JSON serializable"),
        ({"flags": {"a": float("inf")}}, "not JSON compliant"),
    ],
)
def test_what_is_no_flag_document_is_refused_by_the_daemon_and_by_cores(document: Json, what: str) -> None:
    assert what in told(document)
    with pytest.raises(DocumentUnreadable):
        compile_document(document, lenient=True)


def test_a_key_that_occurs_twice_is_refused_because_one_of_both_would_be_lost() -> None:
    once = f'"a": {json.dumps(GOOD)}'
    text = f'{{"flags": {{{once}, {once}}}}}'
    assert "the key 'a' occurs twice in one object; take one out" in told(text.encode())


def test_shared_rules_that_refer_to_each_other_in_a_circle_are_named() -> None:
    shared = {"a": {"!": {"$ref": "b"}}, "b": {"!": {"$ref": "a"}}}
    document = {"flags": {"f": {**GOOD, "targeting": {"if": [{"$ref": "a"}, "on"]}}}, "$evaluators": shared}
    assert "flags.f.targeting: $evaluators.a refers to itself; take one of the references out" in told(document)
    assert "$evaluators.b: $evaluators.b refers to itself" in told(document)


def test_a_rule_may_be_as_deep_as_stated_and_no_deeper() -> None:
    def nested(levels: int) -> Json:
        rule: Json = {"var": "on"}
        for _ in range(levels // 2 - 1):
            rule = {"cat": [rule]}
        return {"if": [rule, "on"]}

    deep = compile_document(flag(targeting=nested(DEPTH_MAX - 2)))
    assert deep.resolve("instant-payouts", {"on": "x"}).variant == "on"
    assert f"more than {DEPTH_MAX} levels; split the rule" in told(flag(targeting=nested(DEPTH_MAX + 2)))


def test_references_to_references_cannot_make_a_small_document_large() -> None:
    shared: Json = {"r0": {"==": [1, 2]}}
    for level in range(1, 30):
        shared[f"r{level}"] = {"or": [{"$ref": f"r{level - 1}"}, {"$ref": f"r{level - 1}"}]}
    document = {"flags": {"f": {**GOOD, "targeting": {"if": [{"$ref": "r29"}, "on"]}}}, "$evaluators": shared}
    assert f"flags.f.targeting: the rules of the document have more than {NODES_MAX} parts" in told(document)


def test_a_chain_of_many_conditions_compiles_wherever_it_stands() -> None:
    chain = [part for index in range(600) for part in ({"==": [{"var": "history"}, index]}, str(index))]
    variants = {str(index): index for index in range(600)}
    for rule in ({"if": chain}, {"if": [{"var": "country"}, {"if": chain}]}, {"cat": [{"if": chain}]}):
        evaluator = compile_document(flag(variants=variants, defaultVariant="0", targeting=rule))
        assert evaluator.resolve("instant-payouts", {"history": 599, "country": "DE"}).value == 599


def test_a_core_serves_every_flag_but_the_broken_one_so_that_no_flag_holds_up_the_kill_of_another() -> None:
    document = {
        "flags": {
            "killed": GOOD,
            "broken": {**GOOD, "variants": None},
            "newer": {**GOOD, "targeting": {"if": [{"invented_later": [1]}, "on"]}},
        },
        "metadata": {"version": 7},
    }
    evaluator = compile_document(document, lenient=True)
    assert evaluator.resolve("killed", {}).variant == "off"
    assert evaluator.resolve("broken", {}).error_code == "PARSE_ERROR"
    assert evaluator.resolve("newer", {}).error_code == "PARSE_ERROR"
    assert evaluator.resolve("newer", {}).error_message == "there is no operator 'invented_later'"
    assert [problem.place for problem in evaluator.problems] == [
        "flags.broken.variants",
        "flags.newer.targeting.if[0].invented_later",
    ]


def test_a_document_is_not_changed_by_being_compiled_and_may_be_changed_afterwards() -> None:
    document: Json = {"flags": {"f": {**GOOD, "targeting": {"if": [{"in": [{"var": "country"}, ["DE"]]}, "on"]}}}}
    before = json.dumps(document)
    evaluator = compile_document(document)
    assert json.dumps(document) == before
    document["flags"]["f"]["targeting"]["if"][0]["in"][1].append("FR")
    assert evaluator.resolve("f", {"country": "FR"}).variant == "off"


def test_an_evaluator_tells_what_its_document_says_of_each_flag() -> None:
    evaluator = compile_document({"flags": {"f": GOOD}, "metadata": {"version": 7}})
    flag_f = evaluator.flags["f"]
    assert (flag_f.state, flag_f.variants, flag_f.default_variant) == ("ENABLED", {"on": True, "off": False}, "off")
    assert flag_f.metadata == {"safe_default": "off", "critical": True}
    assert evaluator.metadata == {"version": 7}
