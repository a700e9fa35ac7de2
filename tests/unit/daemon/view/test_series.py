"""Payments by second for the chart."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from checks.facts import Fact, HealthProbed, PaymentAttempted, PaymentOutcome
from daemon.view.series import ENVIRONMENTS_MAX, KEPT_SECONDS, OTHER, PaymentSeries

NOW_S = 1_790_000_000
NOW_MS = NOW_S * 1000


def attempt(second: int, outcome: PaymentOutcome = "succeeded", environment: str = "blue") -> Fact:
    return PaymentAttempted(
        id=f"{second}-{outcome}-{environment}",
        at_ms=second * 1000 + 999,
        subject="pay",
        environment=environment,
        rail="card",
        outcome=outcome,
        amount_cents=1,
    )


def test_attempts_are_counted_by_second_environment_and_outcome() -> None:
    series = PaymentSeries()
    first = [attempt(NOW_S, "succeeded"), attempt(NOW_S, "failed"), attempt(NOW_S, "declined", "green")]
    series.observe(first, NOW_MS + 999)
    series.observe([attempt(NOW_S - 1), attempt(NOW_S)], NOW_MS + 999)
    rows = [(row.second, row.environment, row.succeeded, row.declined, row.failed) for row in series.rows()]
    assert rows == [(NOW_S - 1, "blue", 1, 0, 0), (NOW_S, "blue", 2, 0, 1), (NOW_S, "green", 0, 1, 0)]


@given(st.lists(st.integers(min_value=0, max_value=2_000), max_size=60))
def test_what_is_older_than_five_minutes_is_forgotten_however_little_there_is(ages: list[int]) -> None:
    series = PaymentSeries()
    for age in ages:
        series.observe([attempt(NOW_S - age)], NOW_MS + 999)
    oldest = NOW_S - min(ages, default=0) - KEPT_SECONDS
    assert {row.second for row in series.rows()} <= {NOW_S - age for age in ages if NOW_S - age > oldest}
    newest = {NOW_S - min(ages)} if ages else set()
    assert newest <= {row.second for row in series.rows()}


def test_an_attempt_from_the_future_hides_nothing() -> None:
    series = PaymentSeries()
    series.observe([attempt(NOW_S)], NOW_MS)
    series.observe([attempt(NOW_S + 31_536_000)], NOW_MS + 1_000)
    series.observe([attempt(NOW_S + 2)], NOW_MS + 2_999)
    assert [row.second for row in series.rows()] == [NOW_S, NOW_S + 1, NOW_S + 2]


def test_totals_name_only_a_few_environments() -> None:
    series = PaymentSeries()
    series.count(attempt(NOW_S, environment=f"e{number}") for number in range(ENVIRONMENTS_MAX + 5))
    series.count([attempt(NOW_S, environment="e0")])
    assert series.totals["e0", "succeeded"] == 2
    assert series.totals[OTHER, "succeeded"] == 5
    assert len(series.totals) == ENVIRONMENTS_MAX + 1
    assert series.rows() == []


def probe(second: int, version: str, environment: str = "blue") -> Fact:
    return HealthProbed(
        id=f"p{second}",
        at_ms=second * 1000,
        subject="aws-payment-processor",
        environment=environment,
        version=version,
        status="healthy",
    )


def test_an_environment_runs_what_its_newest_payment_or_probe_carries() -> None:
    series = PaymentSeries()
    paid = msgspec.structs.replace(attempt(NOW_S), version="1.0.0")
    series.observe([paid, probe(NOW_S, "2.0.0", "green")], NOW_MS + 999)
    assert series.versions() == {"blue": "1.0.0", "green": "2.0.0"}
    series.observe([probe(NOW_S - 5, "0.9.0"), probe(NOW_S + 2, ""), attempt(NOW_S + 2)], NOW_MS + 2_999)
    assert series.versions()["blue"] == "1.0.0"
    series.observe([probe(NOW_S + 3, "1.0.1")], NOW_MS + 3_999)
    assert series.versions()["blue"] == "1.0.1"


def test_a_version_from_the_future_is_overruled_by_the_next_one() -> None:
    series = PaymentSeries()
    series.observe([probe(NOW_S + 31_536_000, "9.9.9")], NOW_MS)
    series.observe([probe(NOW_S + 1, "1.0.0")], NOW_MS + 1_000)
    assert series.versions() == {"blue": "1.0.0"}


def test_versions_are_known_of_a_bounded_number_of_environments_and_of_none_without_a_name() -> None:
    series = PaymentSeries()
    series.observe([probe(NOW_S, "1", f"e{number}") for number in range(ENVIRONMENTS_MAX + 5)], NOW_MS)
    series.observe([probe(NOW_S, "1", "")], NOW_MS)
    assert len(series.versions()) == ENVIRONMENTS_MAX
