"""A run of an experiment: who is counted, what is compared, what its report says, and what a restart changes."""

import random

import msgspec
import pytest

from checks.facts import PaymentAttempted
from remediation.flags.experiments.findings import FlagReport, Verdict
from remediation.flags.experiments.outcomes import Metric
from remediation.flags.experiments.report import report_of
from remediation.flags.experiments.run import SETTLING_MS, Run, RunState
from remediation.flags.experiments.splits import NoSplit, Split, split_of
from tests.unit.remediation.flags.exposed import EVERY_MS, START_MS, Behaviour, capture, drawn, payment

HALVES = Split(shares={"on": 0.5, "off": 0.5}, control="off")
ALIKE = {"on": Behaviour(), "off": Behaviour()}
BY_CUSTOMER = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}


def _ran(
    behaviours: dict[str, Behaviour], payments: int, split: Split = HALVES, shares: dict[str, float] | None = None
) -> Run:
    run = Run.begun("new-form", split, START_MS)
    for variant, attempt in drawn(split.shares if shares is None else shares, behaviours, payments):
        run.take(attempt, variant, attempt.at_ms)
    run.weigh(START_MS + payments * EVERY_MS + 60_000)
    return run


def _metric(report: FlagReport, metric: Metric) -> Verdict:
    return next(one.verdict for one in report.comparisons if one.metric is metric)


def test_before_the_first_payment_there_is_no_verdict() -> None:
    report = report_of(Run.begun("new-form", HALVES, START_MS))
    assert report.verdict is Verdict.NO_DATA
    assert all(variant.conversion is None and variant.latency_p99_ms is None for variant in report.variants)
    assert [(one.low, one.high) for one in report.variants[0].intervals.values()] == [(0.0, 1.0)] * 3


def test_few_payments_say_how_many_are_still_needed() -> None:
    report = report_of(_ran(ALIKE, 500))
    assert report.verdict is Verdict.UNDECIDED
    conversion = report.comparisons[0]
    assert conversion.customers == 500
    assert conversion.needed > 5_000
    assert f"no difference can be told yet: 500 of about {round(conversion.needed, -3):,} payments" in conversion.words
    assert report.words in {one.words for one in report.comparisons}


def test_a_variant_that_fails_more_often_is_worse_with_an_interval_that_says_by_how_much() -> None:
    report = report_of(_ran({"on": Behaviour(failed=0.06), "off": Behaviour(failed=0.01)}, 4_000))
    errors = next(one for one in report.comparisons if one.metric is Metric.ERROR_RATIO)
    assert report.verdict is Verdict.WORSE
    assert errors.verdict is Verdict.WORSE
    assert errors.interval is not None
    assert 0 <= errors.interval.low <= 0.05 <= errors.interval.high
    assert "points more, so on is worse" in report.words
    assert _metric(report, Metric.SLOW_RATIO) is Verdict.ALIKE


def test_a_variant_that_turns_bad_later_is_worse_and_no_interval_pretends_to_know_by_how_much() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    for failed, first in ((0.0, 0), (0.5, 1_500)):
        behaviours = {"on": Behaviour(failed=failed, declined=0.0), "off": Behaviour(failed=0.0, declined=0.0)}
        for variant, attempt in drawn(HALVES.shares, behaviours, 1_500, first=first):
            run.take(attempt, variant, attempt.at_ms)
    run.weigh(START_MS + 3_000 * EVERY_MS + 60_000)
    errors = next(one for one in report_of(run).comparisons if one.metric is Metric.ERROR_RATIO)
    assert (errors.verdict, errors.interval) == (Verdict.WORSE, None)
    assert errors.difference == pytest.approx(0.25, abs=0.05)
    assert "by how much has changed with time, so on is worse" in errors.words


def test_the_difference_is_that_of_the_same_moments_whatever_the_shares_were() -> None:
    run = Run.begun("new-form", Split(shares={"on": 0.05, "off": 0.95}, control="off"), START_MS)
    for declined, on, first in ((0.02, 0.05, 0), (0.4, 0.9, 1_500)):
        behaviour = Behaviour(failed=0.0, declined=declined)
        rows = drawn({"on": on, "off": 1 - on}, {"on": behaviour, "off": behaviour}, 1_500, first=first)
        for variant, attempt in rows:
            run.take(attempt, variant, attempt.at_ms)
    run.weigh(START_MS + 3_000 * EVERY_MS + 60_000)
    conversion = report_of(run).comparisons[0]
    assert conversion.ratio is not None
    assert conversion.control_ratio is not None
    assert conversion.ratio - conversion.control_ratio < -0.3
    assert conversion.difference == pytest.approx(0.0, abs=0.08)
    assert conversion.verdict is Verdict.UNDECIDED


def test_a_variant_that_converts_better_is_better() -> None:
    report = report_of(_ran({"on": Behaviour(declined=0.02), "off": Behaviour(declined=0.12)}, 4_000))
    assert report.verdict is Verdict.BETTER
    assert _metric(report, Metric.CONVERSION) is Verdict.BETTER


def test_better_in_one_and_worse_in_another_is_mixed() -> None:
    behaviours = {"on": Behaviour(declined=0.0, slow=0.2), "off": Behaviour(declined=0.15)}
    report = report_of(_ran(behaviours, 4_000))
    assert report.verdict is Verdict.MIXED
    assert report.words.count(";") == 1


def test_no_difference_that_matters_is_told_as_well() -> None:
    report = report_of(_ran({"on": Behaviour(0.0, 0.0), "off": Behaviour(0.0, 0.0)}, 4_000))
    assert report.verdict is Verdict.ALIKE
    assert "no difference of 1 point or more" in report.comparisons[1].words


def test_customers_who_do_not_come_as_they_are_drawn_spoil_every_verdict() -> None:
    behaviours = {"on": Behaviour(failed=0.2), "off": Behaviour(failed=0.01)}
    report = report_of(_ran(behaviours, 3_000, shares={"on": 0.4, "off": 0.6}))
    assert report.sample_ratio.is_wrong
    assert report.verdict is Verdict.MISMATCH
    assert report.words.startswith("nothing can be told: customers do not come as they are drawn")


def test_a_customer_who_pays_again_and_again_is_compared_once_and_counted_each_time() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    for number in range(200):
        run.take(payment(number, "failed", customer_id="cus_one"), "on", START_MS + number * EVERY_MS)
    run.take(payment(201), "off", START_MS + 201 * EVERY_MS)
    run.weigh(START_MS + 120_000)
    report = report_of(run)
    on = next(variant for variant in report.variants if variant.variant == "on")
    assert (on.payments, on.customers, on.error_ratio) == (200, 1, 1.0)
    assert all(one.customers <= 2 for one in report.comparisons)
    assert report.verdict is Verdict.UNDECIDED


def test_payments_without_a_customer_are_counted_and_not_compared() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    run.take(payment(1, customer_id=""), "on", START_MS)
    report = report_of(run)
    assert report.unnamed == 1
    assert [(variant.payments, variant.customers) for variant in report.variants] == [(1, 0), (0, 0)]


def test_what_happened_before_the_run_or_after_its_end_is_none_of_it() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    run.take(payment(1, at_ms=START_MS - 1), "on", START_MS)
    run.end(START_MS + 10)
    run.take(payment(2), "on", START_MS + 1_000)
    assert all(variant.payments == 0 for variant in report_of(run).variants)


def test_a_variant_that_nobody_is_drawn_to_is_shown_and_not_compared() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    run.take(payment(1), "safe", START_MS)
    report = report_of(run)
    assert [variant.variant for variant in report.variants] == ["on", "off", "safe"]
    assert {one.variant for one in report.comparisons} == {"on"}


def test_costs_are_those_of_captured_payments_with_a_price() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    for number, cost in enumerate((40_000_000, 60_000_000, 0)):
        attempt = payment(number)
        run.take(attempt, "on", attempt.at_ms)
        run.capture(capture(attempt, cost), "on")
    on = report_of(run).variants[0]
    assert (on.captured, on.cost_cents_per_payment) == (2, 50.0)
    assert on.cents_per_100 == pytest.approx(100.0)


def test_latencies_are_shown_as_mean_and_p99() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    for number in range(100):
        run.take(payment(number, latency_ms=5_000.0 if number >= 98 else 100.0), "on", START_MS)
    on = report_of(run).variants[0]
    assert on.latency_mean_ms == pytest.approx(198.0)
    assert on.latency_p99_ms == pytest.approx(5_000.0, rel=0.01)


def test_the_order_in_which_payments_of_a_moment_arrive_changes_nothing() -> None:
    rows = list(drawn(HALVES.shares, ALIKE, 40))
    first, second = Run.begun("new-form", HALVES, START_MS), Run.begun("new-form", HALVES, START_MS)
    for variant, attempt in rows:
        first.take(attempt, variant, START_MS + 5_000)
    random.Random(4).shuffle(rows)  # noqa: S311  # reproducible
    for variant, attempt in rows:
        second.take(attempt, variant, START_MS + 5_000)
    first.weigh(START_MS + 60_000)
    second.weigh(START_MS + 60_000)
    assert report_of(first) == report_of(second)


@pytest.mark.parametrize("cut", [0, 1, 150, 399])
def test_a_restart_at_any_payment_changes_nothing(cut: int) -> None:
    rows = list(drawn(HALVES.shares, {"on": Behaviour(failed=0.1), "off": Behaviour()}, 400))
    whole = _taken(Run.begun("new-form", HALVES, START_MS), rows)
    kept = msgspec.msgpack.encode(_taken(Run.begun("new-form", HALVES, START_MS), rows[:cut]).state)
    resumed = _taken(Run(msgspec.msgpack.decode(kept, type=RunState)), rows[cut:])
    assert resumed.state == whole.state
    assert report_of(resumed) == report_of(whole)


def _taken(run: Run, rows: list[tuple[str, PaymentAttempted]]) -> Run:
    for variant, attempt in rows:
        run.take(attempt, variant, attempt.at_ms)
        run.weigh(attempt.at_ms)
    return run


def test_a_share_that_rises_goes_on_with_the_run_and_other_variants_do_not() -> None:
    few = Split(shares={"on": 0.05, "off": 0.95}, control="off")
    run = _ran(ALIKE, 600, split=few)
    assert run.goes_on_with(HALVES)
    assert not run.goes_on_with(Split(shares={"on": 0.5, "other": 0.5}, control="other"))
    raised_ms = START_MS + 600 * EVERY_MS
    run.draw(HALVES, raised_ms)
    settled = raised_ms + SETTLING_MS
    for variant, attempt in drawn(HALVES.shares, ALIKE, 600, first=600 + SETTLING_MS // EVERY_MS):
        run.take(attempt, variant, attempt.at_ms)
    run.weigh(settled + 120_000)
    report = report_of(run)
    assert not report.sample_ratio.is_wrong
    assert sum(report.sample_ratio.counts.values()) == 600
    assert sum(variant.customers for variant in report.variants) == 1_200


def test_whoever_still_draws_by_the_old_shares_is_no_mismatch() -> None:
    run = Run.begun("new-form", Split(shares={"on": 0.05, "off": 0.95}, control="off"), START_MS)
    run.draw(HALVES, START_MS + 1_000)
    for number in range(10, SETTLING_MS // EVERY_MS):
        attempt = payment(number)
        run.take(attempt, "off", attempt.at_ms)
    run.weigh(START_MS + 60_000)
    assert not report_of(run).sample_ratio.is_wrong


@pytest.mark.parametrize(
    ("targeting", "why"),
    [
        (None, "everybody gets off"),
        ({"if": [{"===": [{"var": "country"}, "US"]}, "on", None]}, "targeting decides"),
        ({"if": [{"===": [{"var": "country"}, None]}, {"fractional": [["on", 1], ["off", 1]]}, "on"]}, "targeting"),
        ({"fractional": []}, "nobody is drawn"),
        ({"fractional": [{"var": "merchant"}, ["on", 50], ["off", 50]]}, "by something else than the customer"),
        ({"fractional": [["on", 100]]}, "between 1 variants"),
        ({"fractional": [["on", 0], ["off", 0]]}, "between 2 variants"),
        ({"fractional": [["on", {"var": "amount_cents"}], ["off", 50]]}, "no plain numbers"),
    ],
)
def test_only_a_plain_draw_by_customer_is_compared(targeting: object, why: str) -> None:
    found = split_of({"state": "ENABLED", "defaultVariant": "off", "targeting": targeting})
    assert isinstance(found, NoSplit)
    assert why.replace("no plain", "not plain") in found.why


def test_a_disabled_flag_draws_nobody() -> None:
    flag = {"state": "DISABLED", "defaultVariant": "off", "targeting": {"fractional": [["on", 1], ["off", 1]]}}
    assert isinstance(split_of(flag), NoSplit)


@pytest.mark.parametrize("drawn_by", [[], [BY_CUSTOMER], [{"var": ["targetingKey"]}]])
def test_shares_of_a_draw_sum_to_one_and_the_default_is_the_control(drawn_by: list[object]) -> None:
    targeting = {"fractional": [*drawn_by, ["on", 25], ["off", 50], ["other"], ["on", 24]]}
    found = split_of({"state": "ENABLED", "defaultVariant": "off", "targeting": targeting})
    assert found == Split(shares={"on": 0.49, "off": 0.5, "other": 0.01}, control="off")
    other = split_of({"state": "ENABLED", "defaultVariant": "none", "targeting": targeting})
    assert isinstance(other, Split)
    assert other.control == "other"


def test_at_a_hundred_percent_nobody_is_left_to_compare_with() -> None:
    assert not Split(shares={"on": 1.0, "off": 0.0}, control="off").is_compared
    assert HALVES.is_compared
