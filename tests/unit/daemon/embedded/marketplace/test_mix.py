"""Properties of the simulated marketplace's payments."""

import statistics
from collections import Counter

import pytest

from daemon.embedded.marketplace.mix import (
    BANK_TOKEN,
    CARD_TOKENS,
    DECLINE_TOKENS,
    LEAST_CENTS,
    MOST_CENTS,
    Mix,
    Order,
    hour_factor,
)
from payment_core.acquirer.tokens import TOKEN_BY_NAME

COUNT = 20_000


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    mix = Mix(seed=3)
    return [mix.next_order() for _ in range(COUNT)]


def test_every_token_of_the_mix_is_one_that_the_acquirer_knows_and_answers_as_meant() -> None:
    assert all(TOKEN_BY_NAME[token].behaviour == "approve" for token, _ in CARD_TOKENS)
    assert all(TOKEN_BY_NAME[token].behaviour == "decline" for token, _ in DECLINE_TOKENS)
    assert TOKEN_BY_NAME[BANK_TOKEN].rail == "ach"


def test_about_one_payment_in_eight_is_by_bank_and_one_card_in_twelve_is_declined(orders: list[Order]) -> None:
    bank = sum(order.token == BANK_TOKEN for order in orders)
    declined = sum(order.token.startswith("tok_declined") for order in orders)
    assert bank / COUNT == pytest.approx(0.12, abs=0.03)
    assert declined / (COUNT - bank) == pytest.approx(0.08, abs=0.01)


def test_amounts_are_those_of_a_marketplace_and_stay_within_their_bounds(orders: list[Order]) -> None:
    amounts = [order.amount_cents for order in orders]
    assert statistics.median(amounts) == pytest.approx(6_400, rel=0.05)
    assert min(amounts) >= LEAST_CENTS
    assert max(amounts) <= MOST_CENTS


def test_few_payments_are_refunded_and_never_more_than_was_paid(orders: list[Order]) -> None:
    refunded = [order for order in orders if order.refund_cents]
    assert 0.008 < len(refunded) / COUNT < 0.02
    assert all(0 < order.refund_cents <= order.amount_cents for order in refunded)
    assert not any(order.capture_later for order in refunded)


def test_no_customer_is_so_busy_that_it_looks_like_fraud(orders: list[Order]) -> None:
    customers = [order.customer_id for order in orders]
    ((_, most),) = Counter(customers).most_common(1)
    # Eight minutes at 40 payments a second.
    assert most < 10
    assert len(set(customers)) > COUNT / 2
    assert len({order.provider_id for order in orders}) == 200


def test_a_customer_pays_always_by_the_same_card_or_bank_unless_it_is_declined(orders: list[Order]) -> None:
    tokens: dict[str, set[str]] = {}
    for order in orders:
        if not order.token.startswith("tok_declined"):
            tokens.setdefault(order.customer_id, set()).add(order.token)
    assert all(len(used) == 1 for used in tokens.values())


def test_the_same_seed_gives_the_same_payments_and_another_seed_gives_others() -> None:
    first, again, other = Mix(5), Mix(5), Mix(6)
    assert [first.next_order() for _ in range(50)] == [again.next_order() for _ in range(50)]
    assert [first.next_order() for _ in range(50)] != [other.next_order() for _ in range(50)]


def test_the_hours_of_a_day_average_to_1_and_the_afternoon_is_the_busiest() -> None:
    hours = [hour_factor(quarter / 4) for quarter in range(96)]
    assert statistics.fmean(hours) == pytest.approx(1)
    assert max(hours) == hour_factor(15)
    assert min(hours) == hour_factor(3) > 0


def test_arrivals_come_at_the_rate_that_was_asked_for() -> None:
    mix = Mix(2)
    waits = [mix.wait_seconds(40, 0, 1) for _ in range(COUNT)]
    assert 1 / statistics.fmean(waits) == pytest.approx(40, rel=0.03)
    assert statistics.stdev(waits) == pytest.approx(1 / 40, rel=0.05)
