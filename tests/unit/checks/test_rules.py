"""Compiling rule files: every mistake with its place, and warnings about what is hardly meant."""

import pytest

from checks.explaining.prose import describe, times_to_breach
from checks.lint import lint
from checks.rules import compile_rules
from config.loading.problems import ConfigurationError, Problem
from tests.unit.checks.conftest import Compile, Load
from tests.unit.checks.rule_text import rule, rules

FAILING = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}"

SEQUENTIAL = "{sequential: \"outcome == 'failed'\", healthy: 5%, faulty: 40%, false_alarms: 1 per 1 million facts}"
BURNING = (
    "{burn_rate: \"outcome == 'failed'\", objective: 99.9%, period: 30d, "
    "tiers: [{long: 1h, short: 5m, factor: 14.4, severity: critical}]}"
)


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
        (rule("{sum: rail, window: 60s}", breach="> 2"), "rail", "a sum needs a number", "amount_cents"),
        (rule("{sum: amount_cents, window: 60s}", breach="> 2%"), "> 2%", "own unit", "> 500000"),
        (rule("{sum: amount_cents, window: 2d}", breach="> 2"), "2d", "longer than 24 h", "24h"),
        (rule("{rate: amount_cents, window: 60s}", breach="> 2"), "amount_cents", "true or false", "compare"),
        (rule('{rate: "true", window: 60s}', breach="> 2s"), "> 2s", "facts a second", "> 2"),
        (rule("{distinct: amount_cents, window: 60s}", breach="> 2"), "amount_cents", "needs a text", "customer_id"),
        (rule("{distinct: customer_id, window: 60s}", breach="> 2%"), "> 2%", "are counted", ">= 5"),
        (rule("{distinct: customer_id, window: 60s}", breach="< 2"), "< 2", "too few", "absent"),
        (rule("{anomaly: outcome}", breach="> 4"), "outcome", "an anomaly needs a number", "amount_cents"),
        (rule("{anomaly: amount_cents}", breach="> 4s"), "> 4s", "standard deviations", "> 4"),
        (rule("{anomaly: amount_cents}", breach="== 4"), "== 4", "> >= < or <=", "> 4"),
        (rule("{anomaly: amount_cent}", breach="> 4"), "amount_cent", "no field", "write amount_cents"),
        (rule(SEQUENTIAL, breach="> 2%"), "> 2%", "in the measure", "delete"),
        (rule(SEQUENTIAL, clear="< 1%"), "< 1%", "outweighed", "delete"),
        (rule(SEQUENTIAL, more="for: 5s"), "5s", "as many facts", "fewer false alarms"),
        (rule(SEQUENTIAL.replace("5%", "50%").replace("40%", "60%")), "60%", "too close", "further apart"),
        (rule(SEQUENTIAL.replace("5%", "20%").replace("40%", "22%")), "22%", "too close", "33.33% or more"),
        (rule(SEQUENTIAL.replace("'failed'", "'faild'")), "'faild'", "never", "'failed'"),
        (rule(BURNING, breach="> 2%"), "> 2%", "measure's tiers", "delete"),
        (rule(BURNING, clear="< 1%"), "< 1%", "no tier fires", "delete"),
        (rule("{absent: 30s}", more="for: 5s"), "5s", "measure's own time", "lengthen absent"),
        (rule("{absent: 30s}", more="no_data: clear"), "clear", "cannot clear it too", "page or breach"),
        (rule('{count: "true", window: 60s}', breach="> 2", more="no_data: page"), "page", "always has data", "absent"),
        (
            rule("{distinct: rail, window: 60s}", breach="> 2", more="no_data: page"),
            "page",
            "a distinct of 0",
            "absent",
        ),
        (
            rule(FAILING, breach="> 2%", do="[rollback.traffic]", more="no_data: breach"),
            "breach",
            "no action may start on missing data",
            "no_data: page",
        ),
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


@pytest.mark.parametrize(
    ("measure", "part"),
    [
        ("{sum: amount_cents, window: 60s}", "sums amount_cents in the last 60 s"),
        ('{rate: "true", window: 60s}', "how many a second, of all facts"),
        ("{distinct: customer_id, window: 60s}", "the different values of customer_id"),
        ("{anomaly: amount_cents}", "standard deviations amount_cents is off the key's own past"),
        (SEQUENTIAL, "by chance once in 1,000,000 facts of a healthy key"),
        (BURNING, "spent too fast: > 14.4 times the budget over 1 h and 5 m"),
    ],
)
def test_every_measure_is_described(compiled: Compile, measure: str, part: str) -> None:
    (one,) = compiled(rules(rule(measure, breach="" if measure in {SEQUENTIAL, BURNING} else "> 2")))
    assert part in describe(one)


def test_how_long_a_breach_must_hold_and_what_silence_means_is_described_and_counted(compiled: Compile) -> None:
    more = "for: 30s\n    keep_firing_for: 5m\n    no_data: page"
    plain, held = compiled(rules(rule(FAILING, breach="> 2%"), rule(FAILING, identity="two", breach="> 2%", more=more)))
    for part in ("held for 30 s", "pending", "at least 300 s", "falls silent somebody is told, once"):
        assert part in describe(held)
        assert part not in describe(plain)
    times = zip(times_to_breach(plain, 40), times_to_breach(held, 40), strict=True)
    assert [(one.steady_seconds, other.steady_seconds) for one, other in times][1:] == [
        (49 / 2, 49 / 2 + 30),
        (49 / 16, 49 / 16 + 30),
        (49 / 40, 49 / 40 + 30),
    ]


def test_two_sequential_rules_between_other_ratios_do_not_measure_the_same(load: Load) -> None:
    loaded = load(rules(rule(SEQUENTIAL), rule(SEQUENTIAL.replace("40%", "30%"), identity="two")))
    assert lint([loaded], compile_rules([loaded])) == ()


def test_too_few_facts_never_breach(compiled: Compile) -> None:
    (one,) = compiled(rules(rule(FAILING, breach="> 2%")))
    assert {time.fresh_seconds for time in times_to_breach(one, 0.5)} == {None}


def test_a_rule_is_described_in_one_paragraph(compiled: Compile) -> None:
    (one,) = compiled(rules(rule(FAILING, where="rail == 'card'", breach="> 2%", clear="< 1% for 2m", do="[page]")))
    text = describe(one)
    for part in ("payment.attempted", "rail == 'card'", "environment", "> 2%", "< 1% for 2m", "50 facts", "page"):
        assert part in text
    assert "\n" not in text
