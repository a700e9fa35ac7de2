"""Each measure of a fraud rule, at its limit and beyond it."""

from pathlib import Path

import pytest

from checks.facts import Fact
from checks.scoring.engine import ScoringEngine
from checks.scoring.model import Score
from tests.unit.checks.scoring.fraud_facts import (
    DAY,
    HEAD,
    HOUR,
    MINUTE,
    NOW_MS,
    SECOND,
    attempt,
    default_rules,
    engine_of,
    payment,
    payout,
    rule,
)

PARIS = {"latitude_microdegrees": 48_850_000, "longitude_microdegrees": 2_350_000}
NEW_YORK = {"latitude_microdegrees": 40_700_000, "longitude_microdegrees": -74_000_000}


def reading(engine: ScoringEngine, fact: Fact) -> object:
    """What the only rule measured."""
    return engine.score(fact, fact.at_ms).readings[0]


def test_a_sum_is_of_the_window_alone(tmp_path: Path) -> None:
    measure = "per: [customer_id], measure: {sum: amount_cents, window: 1h}, breach: '> 10000'"
    engine = engine_of(tmp_path, HEAD + rule("sum", measure))
    assert reading(engine, payment(1, customer_id="c", amount_cents=9_999)) == 9_999
    assert reading(engine, payment(2, customer_id="d", amount_cents=1)) == 1
    assert reading(engine, payment(3, NOW_MS + 59 * MINUTE, customer_id="c", amount_cents=2)) == 10_001
    assert reading(engine, payment(4, NOW_MS + 62 * MINUTE, customer_id="c", amount_cents=2)) == 4


def test_distinct_values_are_counted_once_and_leave_with_the_window(tmp_path: Path) -> None:
    measure = "per: [ip], measure: {distinct: method_fingerprint, window: 1h}, breach: '>= 3'"
    engine = engine_of(tmp_path, HEAD + rule("cards", measure))
    for number, (card, minutes, wanted) in enumerate(
        [("a", 0, 1), ("a", 1, 1), ("b", 2, 2), ("", 2, 2), ("a", 50, 2), ("c", 61, 3), ("d", 65, 3), ("e", 130, 1)]
    ):
        at_ms = NOW_MS + minutes * MINUTE
        assert reading(engine, payment(number, at_ms, ip="1.1.1.1", method_fingerprint=card)) == wanted, number


def test_a_ratio_needs_its_samples_and_forgets_with_time_alone(tmp_path: Path) -> None:
    measure = (
        "of: payment.attempted, per: [bin], measure: {ratio: \"outcome == 'declined'\", window: 10m}, breach: '>= 60%'"
    )
    engine = engine_of(tmp_path, HEAD + rule("ratio", measure))
    for number in range(9):
        engine.observe(attempt(number, NOW_MS, bin="411111"), NOW_MS)
    assert reading(engine, payment(1, bin="411111")) is None
    engine.observe(attempt(9, NOW_MS, "succeeded", bin="411111"), NOW_MS)
    assert reading(engine, payment(2, bin="411111")) == 0.9
    assert reading(engine, payment(3, bin="422222")) is None
    assert reading(engine, payment(4, NOW_MS + 11 * MINUTE, bin="411111")) is None


def test_a_ratio_of_exactly_the_limit_is_beyond_it(tmp_path: Path) -> None:
    measure = (
        "of: payment.attempted, per: [bin], measure: {ratio: \"outcome == 'declined'\", window: 10m}, breach: '>= 60%'"
    )
    engine = engine_of(tmp_path, HEAD + rule("ratio", measure))
    for number in range(15):
        engine.observe(attempt(number, NOW_MS, "declined" if number < 9 else "succeeded", bin="4"), NOW_MS)
    assert engine.score(payment(bin="4"), NOW_MS).value == 100


def test_a_rise_is_against_the_own_baseline(tmp_path: Path) -> None:
    ratio = "{ratio: \"outcome == 'declined'\", window: 5m, min_samples: 10, baseline: 1d}"
    engine = engine_of(tmp_path, HEAD + rule("rise", f"of: payment.attempted, measure: {ratio}, breach: '> 3'"))
    for number in range(100):
        at_ms = NOW_MS + number * MINUTE
        engine.observe(attempt(number, at_ms, "declined" if number % 10 == 0 else "succeeded"), at_ms)
    later = NOW_MS + 200 * MINUTE
    assert reading(engine, payment(1, later)) is None
    for number in range(10):
        engine.observe(attempt(number, later, "declined" if number < 6 else "succeeded"), later)
    found = reading(engine, payment(2, later))
    assert found == pytest.approx(0.6 / (16 / 110))


def test_a_customer_is_held_against_his_own_past(tmp_path: Path) -> None:
    text = HEAD + rule("far", "per: [customer_id], measure: {deviation: amount_cents, min_samples: 8}, breach: '> 4'")
    text += rule("times", "per: [customer_id], measure: {multiple: amount_cents, min_samples: 8}, breach: '> 10'")
    engine = engine_of(tmp_path, text)
    for number in range(8):
        score = engine.score(payment(number, customer_id="c", amount_cents=1_000), NOW_MS)
        assert score.readings == (None, None)
    usual = engine.score(payment(9, customer_id="c", amount_cents=1_400), NOW_MS)
    assert usual.readings[0] == pytest.approx(4.0)
    assert usual.readings[1] == 1.4
    assert usual.value == 0
    high = engine.score(payment(10, customer_id="c", amount_cents=10_001), NOW_MS)
    assert [match.rule for match in high.reasons] == ["far", "times"]
    assert engine.score(payment(11, customer_id="other", amount_cents=10_001), NOW_MS).readings == (None, None)


def test_a_first_payment_is_ranked_among_first_payments(tmp_path: Path) -> None:
    measure = "where: 'paid_count == 0', per: [rail], measure: {rank: amount_cents, window: 1d, min_samples: 100}"
    engine = engine_of(tmp_path, HEAD + rule("rank", f"{measure}, breach: '> 99%'"))
    for number in range(100):
        assert reading(engine, payment(number, amount_cents=number + 1)) is None
    assert reading(engine, payment(200, amount_cents=51)) == 0.5
    assert reading(engine, payment(201, paid_count=1, amount_cents=900_000)) is None
    assert engine.score(payment(202, amount_cents=900_000), NOW_MS).value == 100
    assert reading(engine, payment(203, NOW_MS + 2 * DAY, amount_cents=51)) is None


@pytest.mark.parametrize(("hours", "points"), [(1, 100), (6, 100), (7, 0), (25, 0)])
def test_nobody_flies_faster_than_a_jet(tmp_path: Path, hours: int, points: int) -> None:
    speed = "{speed: [latitude_microdegrees, longitude_microdegrees], window: 24h}"
    engine = engine_of(tmp_path, HEAD + rule("fast", f"per: [customer_id], measure: {speed}, breach: '> 900'"))
    assert engine.score(payment(1, customer_id="c", **PARIS), NOW_MS).value == 0
    there = payment(2, NOW_MS + hours * HOUR, customer_id="c", **NEW_YORK)
    assert engine.score(there, there.at_ms).value == points


def test_no_place_and_a_short_way_are_no_journey(tmp_path: Path) -> None:
    speed = "{speed: [latitude_microdegrees, longitude_microdegrees], window: 24h}"
    engine = engine_of(tmp_path, HEAD + rule("fast", f"per: [customer_id], measure: {speed}, breach: '> 900'"))
    assert reading(engine, payment(1, customer_id="c", **PARIS)) is None
    near = {"latitude_microdegrees": 49_850_000, "longitude_microdegrees": 2_350_000}
    assert reading(engine, payment(2, NOW_MS + SECOND, customer_id="c", **near)) == 0
    assert reading(engine, payment(3, NOW_MS + SECOND, customer_id="c")) is None


def default_score(*facts: Fact) -> Score:
    """The last fact's score under the packaged rules, after the others."""
    engine = ScoringEngine(default_rules())
    for fact in facts[:-1]:
        engine.observe(fact, fact.at_ms)
    return engine.score(facts[-1], facts[-1].at_ms)


LONG_AGO = NOW_MS - 400 * DAY


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        (payment(), 0),
        (payment(ip_kind="tor", headless=True), 700),
        (payment(ip_kind="vpn"), 100),
        (payment(ip_country="FR", billing_country="US", card_country="US"), 300),
        (payment(ip_country="KP"), 300),
        (payment(email_domain="mailinator.com"), 150),
        (payment(amount_cents=50_001, account_created_at_ms=NOW_MS - DAY + 1), 200),
        (payment(amount_cents=50_001, account_created_at_ms=NOW_MS - DAY), 0),
        (payment(device_id="d", provider_device_id="d"), 400),
        (payment(paid_count=5, device_id="d", customer_id="c"), 50),
        (payment(chargeback_count=1), 200),
        (payment(chargeback_count=3), 600),
        (payment(chargeback_count=1, paid_count=10, first_paid_at_ms=LONG_AGO), 50),
        (payment(paid_count=10, first_paid_at_ms=LONG_AGO, ip_kind="tor"), 400),
        (payment(refund_count=4), 200),
        (payment(rail="ach", unauthorized_return_count=1), 400),
        (payout(bank_account_changed_at_ms=NOW_MS - HOUR), 350),
        (payout(bank_account_changed_at_ms=NOW_MS - 72 * HOUR), 0),
        (payout(password_reset_at_ms=NOW_MS - HOUR), 250),
        (payout(bank_account_changed_at_ms=NOW_MS - HOUR, instant=True, balance_share_percent=81), 700),
        (payout(unauthorized_return_count=1), 400),
    ],
)
def test_the_packaged_rules_add_the_points_of_their_table(fact: Fact, value: int) -> None:
    assert default_score(fact).value == value


def test_the_packaged_rules_see_cards_tested_from_one_address() -> None:
    def tried(number: int) -> Fact:
        return payment(
            number, NOW_MS + number * SECOND, ip="9.9.9.9", method_fingerprint=f"f{number}", amount_cents=200
        )

    declined = [attempt(number, NOW_MS + number * SECOND, ip="9.9.9.9") for number in range(8)]
    score = default_score(*(tried(number) for number in range(8)), *declined, tried(8))
    assert {match.rule for match in score.reasons} == {"declines-per-ip", "cards-per-ip", "small-payments-per-ip"}
    assert score.value == 900


def test_the_packaged_rules_see_a_card_range_tried_by_many_customers() -> None:
    tried = [attempt(number, NOW_MS, bin="411111", ip=f"9.9.9.{number}") for number in range(15)]
    score = default_score(*tried, payment(1, NOW_MS + SECOND, bin="411111"))
    assert [match.rule for match in score.reasons] == ["bin-attack"]
    assert default_score(*tried[1:], payment(1, NOW_MS + SECOND, bin="411111")).value == 0
