"""The saving is measured from what was captured, at prices with a source, and never a constant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import DEFAULTS
from config.loader import load_yaml
from config.prices import Prices
from daemon.embedded.savings import RailVolume, measure


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_yaml(DEFAULTS / "prices.yaml", Prices).value


def test_a_card_payment_of_100_dollars_costs_27_cents_and_saves_92_percent(prices: Prices) -> None:
    savings = measure([RailVolume("card", 10, 100_000)], prices)
    assert savings.cents_per_100 == 27.01
    assert savings.percent == 92.17


def test_a_bank_payment_of_100_dollars_costs_25_cents_and_saves_92_8_percent(prices: Prices) -> None:
    savings = measure([RailVolume("ach", 3, 30_000)], prices)
    assert savings.cents_per_100 == 25.01
    assert savings.percent == 92.75


def test_without_captured_payments_there_is_no_figure_but_a_reason(prices: Prices) -> None:
    savings = measure([], prices)
    assert savings.percent is None
    assert savings.cents_per_100 is None
    assert "no captured payments" in savings.cohort


def test_the_cohort_names_rails_ticket_prices_and_baseline(prices: Prices) -> None:
    cohort = measure([RailVolume("card", 3, 30_000), RailVolume("ach", 1, 10_000)], prices).cohort
    assert "ach 25 %" in cohort
    assert "card 75 %" in cohort
    assert "mean ticket $100.00" in cohort
    assert prices.baseline.name in cohort


@given(payments=st.integers(1, 10_000), mean=st.integers(100, 100_000))
def test_the_same_payments_in_larger_tickets_never_cost_more_per_100_dollars(payments: int, mean: int) -> None:
    prices = load_yaml(DEFAULTS / "prices.yaml", Prices).value
    small = measure([RailVolume("card", payments, payments * mean)], prices)
    large = measure([RailVolume("card", payments, payments * mean * 2)], prices)
    assert small.cents_per_100 is not None
    assert large.cents_per_100 is not None
    assert large.cents_per_100 <= small.cents_per_100
