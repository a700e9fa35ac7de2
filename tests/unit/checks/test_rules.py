"""Compiling rule files: every mistake with its place, and warnings about what is hardly meant."""

import pytest

from checks.explain import describe, times_to_breach
from checks.lint import lint
from checks.rules import compile_rules
from config.problems import ConfigurationError, Problem
from tests.unit.checks.conftest import Compile, Load
from tests.unit.checks.rule_text import rule, rules

FAILING = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}"


def problems_of(load: Load, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        compile_rules([load(text)])
    return caught.value.problems


@pytest.mark.parametrize(
    ("item", "marked", "what", "fix"),
    [
        (rule(FAILING, on="payment.attempt", breach="> 2%"), "payment.attempt", "no kind of fact", "payment.attempted"),
        (rule(FAILING, per="[enviroment]", breach="> 2%"), "enviroment", "no field", "write environment"),
        (rule(FAILING, per="[id]", breach="> 2%"), "id", "different for every", "facts share"),
        (rule(FAILING, per="[subject]", breach="> 2%"), "subject", "different for every", "facts share"),
        (rule(FAILING, per="[latency_ms]", breach="> 2%"), "latency_ms", "is a number", "text field"),
        (rule(FAILING, per="[region, region]", breach="> 2%"), "region", "named twice", "once"),
        (rule(FAILING, where="raill == 'card'", breach="> 2%"), "raill", "no field", "write rail"),
        (rule("{ratio: \"outcome == 'faild'\", window: 60s}", breach="> 2%"), "'faild'", "never", "'failed'"),
        (rule("{count: amount_cents, window: 60s}", breach="> 2"), "amount_cents", "true or false", "compare"),
        (rule('{count: "true", window: 25h}', breach="> 2"), "25h", "longer than 24 h", "24h"),
        (rule('{count: "true", window: 500ms}', breach="> 2"), "500ms", "shorter than a second", "1s"),
        (rule("{quantile: rail, q: 0.9, window: 60s}", breach="> 2"), "rail", "needs a number", "latency_ms"),
        (rule("{quantile: amount_cents, q: 0.9, window: 60s}", breach="> 2s"), "> 2s", "no time", "without a unit"),
        (rule("{quantile: latency_ms, q: 0.9, window: 60s}", breach="> 2%"), "> 2%", "own unit", "> 500"),
        (rule("{quantile: latency_ms, q: 0.9, window: 60s}", breach="== 2"), "== 2", "> >= < or <=", "> 500ms"),
        (rule(FAILING), "", "has no breach", "breach: '> 2%'"),
        (rule(FAILING, breach="2%"), "2%", "starts with", "> 2%"),
        (rule(FAILING, breach="> two"), "two", "no limit", "> 2%"),
        (rule(FAILING, breach="> 2"), "> 2", "never above 1", "2%"),
        (rule(FAILING, breach="> 2s"), "> 2s", "is a share", "> 2%"),
        (rule(FAILING, breach="> 2% for 5m"), "for 5m", "at once", "the key for: 5m"),
        (rule(FAILING, breach="> 2%", clear="< 3%"), "< 3%", "at once", "opposite"),
        (rule(FAILING, breach="> 2%", clear="> 1% for 2m"), "> 1% for 2m", "at once", "opposite"),
        (rule('{count: "true", window: 60s}', breach="> 2%"), "> 2%", "plain number", ">= 5"),
        (rule("{absent: 30s}", breach="> 2"), "> 2", "in the measure", "delete"),
        (rule("{absent: 30s}", clear="< 2"), "< 2", "next fact", "delete"),
        (rule("{value: outcome, stale_after: 1m}", breach="== 'faild'"), "== 'faild'", "never", "'failed'"),
        (rule("{value: outcome, stale_after: 1m}", breach="> 2"), "> 2", "not a number", "== 'succeeded'"),
        (rule("{value: amount_cents, stale_after: 1m}", breach="== true"), "== true", "never true", "own limit"),
        (rule("{value: amount_cents, stale_after: 1m}", breach="== 'x'"), "== 'x'", "not a text", "> 5"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_fix(load: Load, item: str, marked: str, what: str, fix: str) -> None:
    (problem,) = problems_of(load, rules(item))
    assert what in problem.what
    assert fix in problem.fix
    line = item.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].removeprefix('"').startswith(marked)


def test_all_mistakes_of_all_rules_are_reported_in_the_order_of_the_file(load: Load) -> None:
    first = rule(FAILING, per="[enviroment]", where="raill == 'card'", breach="> two", clear="< x")
    second = rule("{absent: 30s}", identity="other", on="heart")
    problems = problems_of(load, rules(first, second))
    assert [problem.line for problem in problems] == [5, 6, 8, 9, 17]
    assert all("^" in problem.excerpt for problem in problems)


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (rule(FAILING, breach="> 2%", severity="critical"), "asks for nothing"),
        (rule(FAILING, breach="> 100%"), "cannot breach"),
        (rule(FAILING, breach="< 0%"), "cannot breach"),
        (rule(FAILING, breach="> 2%", clear="< 0%"), "for ever"),
        (rule("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 10}", breach="> 2%"), "a single fact"),
        (rule('{count: "true", window: 1s, min_samples: 5000}', breach="> 2"), "never enough data"),
        (rule('{count: "true", window: 60s}', breach="< 2"), "no fact names"),
    ],
)
def test_what_is_hardly_meant_is_a_warning(load: Load, item: str, what: str) -> None:
    loaded = load(rules(item))
    (warning,) = lint([loaded], compile_rules([loaded]))
    assert what in warning.what
    assert warning.what.startswith("warning: ")


def test_a_rule_that_repeats_another_is_a_warning(load: Load) -> None:
    loaded = load(rules(rule(FAILING, breach="> 2%"), rule(FAILING, identity="again", breach="> 2%", severity="low")))
    (warning,) = lint([loaded], compile_rules([loaded]))
    assert "again measures the same as one" in warning.what


def test_the_time_to_breach_is_arithmetic(compiled: Compile) -> None:
    (one,) = compiled(rules(rule(FAILING, breach="> 2%")))
    times = {time.bad_share: (time.steady_seconds, time.fresh_seconds) for time in times_to_breach(one, 40)}
    # 49 of 2,400 facts are the first above 2 %; 50 facts are the first that are enough.
    assert times == {
        0.02: (None, None),
        0.05: (49 / 2, 1.25),
        0.40: (49 / 16, 1.25),
        1.0: (49 / 40, 1.25),
    }


def test_too_few_facts_never_breach(compiled: Compile) -> None:
    (one,) = compiled(rules(rule(FAILING, breach="> 2%")))
    assert {time.fresh_seconds for time in times_to_breach(one, 0.5)} == {None}


def test_a_rule_is_described_in_one_paragraph(compiled: Compile) -> None:
    (one,) = compiled(rules(rule(FAILING, where="rail == 'card'", breach="> 2%", clear="< 1% for 2m", do="[page]")))
    text = describe(one)
    for part in ("payment.attempted", "rail == 'card'", "environment", "> 2%", "< 1% for 2m", "50 facts", "page"):
        assert part in text
    assert "\n" not in text
