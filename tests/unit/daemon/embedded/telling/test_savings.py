"""The saving is what the captures' own costs say against their own baselines, and never a constant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import DEFAULTS
from config.loading.loader import load_yaml
from config.prices import Prices
from daemon.embedded.telling.savings import Measured, RailVolume, saving_of

SHEET = "2024-01-01"
SHARE_MICROCENTS = 10_000
"""What one payment uses of keys, tables, queues and processors, about."""


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_yaml(DEFAULTS / "prices.yaml", Prices).value


def _volume(prices: Prices, rail: str, captures: int, amount_cents: int) -> RailVolume:
    """Captures of one rail as the payment core prices them."""
    sheet = prices.sheets[0]
    cost = sheet.pay_in(rail).microcents(amount_cents, captures) + captures * SHARE_MICROCENTS
    return RailVolume(rail, captures, amount_cents, cost, sheet.baseline.microcents(amount_cents, captures))


def test_a_card_payment_of_100_dollars_costs_27_cents_and_saves_92_percent(prices: Prices) -> None:
    savings = saving_of(Measured((_volume(prices, "card", 10, 100_000),), 0, (SHEET,)), prices)
    assert savings.cents_per_100 == 27.01
    assert savings.percent == 92.17


def test_a_bank_payment_of_100_dollars_costs_25_cents_and_saves_92_8_percent(prices: Prices) -> None:
    savings = saving_of(Measured((_volume(prices, "ach", 3, 30_000),), 0, (SHEET,)), prices)
    assert savings.cents_per_100 == 25.01
    assert savings.percent == 92.75


def test_the_figure_is_the_measured_cost_whatever_the_price_file_says_today(prices: Prices) -> None:
    measured = Measured((RailVolume("card", 1, 10_000, 20_000_000, 80_000_000),), 0, (SHEET,))
    savings = saving_of(measured, prices)
    assert (savings.percent, savings.cents_per_100) == (75.0, 20.0)


def test_what_was_spent_on_files_and_returns_lowers_the_saving_and_is_said(prices: Prices) -> None:
    volume = RailVolume("ach", 1, 10_000, 20_000_000, 80_000_000)
    savings = saving_of(Measured((volume,), 20_000_000, (SHEET,)), prices)
    assert savings.percent == 50.0
    assert "with files, payouts and returns" in savings.cohort
    assert "pay-in alone" in saving_of(Measured((volume,), 0, (SHEET,)), prices).cohort


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        (Measured(), "no captured payments"),
        (Measured(unpriced=3), "no price sheet"),
    ],
)
def test_without_priced_captures_there_is_no_figure_but_a_reason(
    prices: Prices, measured: Measured, reason: str
) -> None:
    savings = saving_of(measured, prices)
    assert savings.percent is None
    assert savings.cents_per_100 is None
    assert reason in savings.cohort


def test_the_cohort_names_rails_ticket_prices_and_baseline(prices: Prices) -> None:
    volumes = (_volume(prices, "ach", 1, 10_000), _volume(prices, "card", 3, 30_000))
    cohort = saving_of(Measured(volumes, 0, (SHEET,)), prices).cohort
    assert f"ach 25 % at {prices.sheets[0].ach.name}" in cohort
    assert f"card 75 % at {prices.sheets[0].card.name}" in cohort
    assert "mean ticket $100.00" in cohort
    assert f"prices of {SHEET}" in cohort
    assert prices.sheets[0].baseline.name in cohort


def test_captures_without_a_price_are_left_out_and_counted(prices: Prices) -> None:
    cohort = saving_of(Measured((_volume(prices, "card", 3, 30_000),), 0, (SHEET,), 7), prices).cohort
    assert "7 captures without a price left out" in cohort


@given(captures=st.integers(1, 10_000), mean=st.integers(100, 100_000))
def test_the_same_payments_in_larger_tickets_never_cost_more_per_100_dollars(captures: int, mean: int) -> None:
    prices = load_yaml(DEFAULTS / "prices.yaml", Prices).value
    small = saving_of(Measured((_volume(prices, "card", captures, captures * mean),), 0, (SHEET,)), prices)
    large = saving_of(Measured((_volume(prices, "card", captures, captures * mean * 2),), 0, (SHEET,)), prices)
    assert small.cents_per_100 is not None
    assert large.cents_per_100 is not None
    assert large.cents_per_100 <= small.cents_per_100
