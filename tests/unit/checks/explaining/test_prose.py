"""A rule is explained by what it measures, when it ends, and what silence, shadow and severity mean for it."""

import pytest

from checks.explaining.prose import describe
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

COUNT = "{count: \"outcome == 'failed'\", window: 60s}"
RATIO = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}"
SEQUENTIAL = "{sequential: \"outcome == 'failed'\", healthy: 0.5%, faulty: 2%, false_alarms: 1 per 1 million facts"
BURNING = (
    "{burn_rate: \"outcome == 'failed'\", objective: 99.9%, period: 30d, tiers: ["
    "{long: 1h, short: 5m, factor: 14.4, severity: critical}, {long: 6h, short: 30m, factor: 6, severity: high}]}"
)


def described(compiled: Compile, measure: str, breach: str = "", **parts: str) -> str:
    (one,) = compiled(rules(rule(measure, breach=breach, **parts)))  # type: ignore[arg-type]  # texts alone
    return describe(one)


@pytest.mark.parametrize(
    ("measure", "breach", "part"),
    [
        (COUNT, "> 2", "counts the facts with outcome == 'failed' in the last 60 s"),
        ("{count: 'true', window: 60s}", "> 2", "counts all facts in the last 60 s"),
        ("{rate: 'true', window: 60s}", "> 2", "how many a second, of all facts, there were in the last 60 s"),
        ("{sum: amount_cents, window: 60s}", "> 2", "sums amount_cents in the last 60 s"),
        ("{distinct: method_fingerprint, window: 60s}", ">= 5", "different values of method_fingerprint in the last"),
        ("{quantile: latency_ms, q: 0.99, window: 60s}", "> 2s", "the 0.99 quantile of latency_ms in the last 60 s"),
        ("{value: amount_cents, stale_after: 60s}", "> 2", "takes the latest amount_cents, for at most 60 s,"),
        ("{anomaly: amount_cents}", "> 4", "by how many standard deviations amount_cents is off the key's own past"),
        ("{absent: 60s}", "", "watches for the silence"),
        (SEQUENTIAL + "}", "", "fact by fact, how much outcome == 'failed' looks like"),
        (BURNING, "", "spends the budget of an objective of 99.9% in 30 d"),
    ],
)
def test_each_measure_says_what_it_measures(compiled: Compile, measure: str, breach: str, part: str) -> None:
    assert part in described(compiled, measure, breach)


@pytest.mark.parametrize(
    ("measure", "breach", "clear", "part"),
    [
        (COUNT, "> 2", "", "It clears as soon as it is not breached."),
        (COUNT, "> 2", "< 1 for 2m", "It clears when the value is < 1 for 2m."),
        ("{absent: 60s}", "", "", "It clears with the next fact."),
        (SEQUENTIAL + "}", "", "", "when healthy facts have outweighed all of it."),
        (SEQUENTIAL + ", clear_after: 5m}", "", "", "outweighed all of it, or when no bad one came for 300 s."),
        (BURNING, "", "", "It clears when no tier is exceeded any more."),
    ],
)
def test_each_measure_says_when_it_ends(compiled: Compile, measure: str, breach: str, clear: str, part: str) -> None:
    assert part in described(compiled, measure, breach, clear=clear)


@pytest.mark.parametrize(
    ("no_data", "part"), [("breach", "Silence counts as a breach."), ("clear", "Silence clears it.")]
)
def test_what_silence_means_is_said_where_it_is_not_the_default(compiled: Compile, no_data: str, part: str) -> None:
    assert part in described(compiled, RATIO, "> 2%", more=f"no_data: {no_data}")
    assert "ilence" not in described(compiled, RATIO, "> 2%")


def test_severity_and_actions_are_said_and_that_a_shadow_does_nothing(compiled: Compile) -> None:
    plain = described(compiled, COUNT, "> 2", severity="high")
    assert "A breach is high; it asks for no action. Runbook: r." in plain
    shadow = described(compiled, COUNT, "> 2", do="[page]", more="mode: shadow")
    assert "it asks for page, but runs in shadow: nothing is done." in shadow
    assert "as grave as the gravest tier that fires (critical and high)" in described(compiled, BURNING)
