"""A flag's targeting in words: each branch a line, and nothing that has no words is left out."""

import pytest

from daemon.http.words.targeting import targeting_lines


@pytest.mark.parametrize("rule", [None, {}, ""])
def test_no_rule_has_no_lines(rule: object) -> None:
    assert targeting_lines(rule) == ()


def test_each_branch_is_a_line_and_the_last_is_for_everybody_else() -> None:
    rule = {
        "if": [
            {"and": [{"==": [{"var": "country"}, "US"]}, {">=": [{"var": "amount_cents"}, 500]}]},
            "on",
            {"in": [{"var": "tier"}, ["gold", "silver"]]},
            "half",
            "off",
        ]
    }
    assert targeting_lines(rule) == (
        "if (country is US and amount_cents is at least 500): on",
        'if tier is in ["gold","silver"]: half',
        "otherwise: off",
    )


def test_a_rule_within_the_last_branch_goes_on_line_by_line() -> None:
    rule = {"if": [{"var": "beta"}, "on", {"if": [{"!": [{"var": "old"}]}, "half", "off"]}]}
    assert targeting_lines(rule) == ("if beta: on", "if not old: half", "otherwise: off")


def test_shares_are_percents_of_their_sum() -> None:
    keyed = {"fractional": [{"var": "customer_id"}, ["on", 10], ["off", 30]]}
    assert targeting_lines(keyed) == ("everybody: on for 25 %, off for 75 % by customer_id",)
    assert targeting_lines({"fractional": [["on"], ["off"]]}) == ("everybody: on for 50 %, off for 50 %",)


def test_versions_and_affixes_have_words() -> None:
    rule = {
        "if": [
            {"sem_ver": [{"var": "release"}, "^", "2.0.0"]},
            "on",
            {"ends_with": [{"var": "mail"}, ".org"]},
            "on",
            "off",
        ]
    }
    assert targeting_lines(rule)[:2] == ("if version release ^ 2.0.0: on", "if mail ends with .org: on")


@pytest.mark.parametrize("rule", [{"cat": ["a", "b"]}, {"fractional": [["on", 0]]}, {"==": [1]}])
def test_what_has_no_words_is_shown_as_it_is_written(rule: dict[str, object]) -> None:
    (line,) = targeting_lines(rule)
    assert next(iter(rule)) in line
