"""The arithmetic of costs and savings, held against figures that were worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load_configuration
from config.prices import Price, Prices
from payment_core.costs.bands import BANDS, LARGEST, band_of
from payment_core.costs.breakdown import Breakdown, Part, per_hundred_dollars, saving_basis_points, shared
from payment_core.costs.meter import INTERVAL_MS, CostMeter, Usage
from payment_core.costs.report import CostReport

CENT = 1_000_000
NOW_MS = 1_795_000_000_000


def baseline(cents: int) -> int:
    price = Price(name="s", item_cents_x100=3_000, basis_points=315, source="s")
    return price.microcents(cents)


@pytest.mark.parametrize(
    ("cost_cents", "saving"),
    [(30.0, 9130), (6.9, 9800), (5.0, 9855), (60.1, 8257), (345.0, 0), (690.0, -10_000)],
)
def test_savings_at_100_dollars_are_those_worked_out_by_hand(cost_cents: float, saving: int) -> None:
    assert saving_basis_points(round(cost_cents * CENT), baseline(10_000)) == saving


@pytest.mark.parametrize(("cost_cents", "ticket_cents"), [(30, 46_667), (25, 38_731), (6, 8_572), (3, 3_810), (1, 635)])
def test_98_percent_is_first_reached_at_the_break_even_ticket(cost_cents: int, ticket_cents: int) -> None:
    assert saving_basis_points(cost_cents * CENT, baseline(ticket_cents)) >= 9_800
    assert saving_basis_points(cost_cents * CENT, baseline(ticket_cents - 10)) < 9_800


@given(st.integers(0, 10**12), st.integers(1, 10_000), st.integers(1, 10_000))
def test_shares_never_add_up_to_less_than_the_whole(microcents: int, first: int, second: int) -> None:
    each = shared(microcents, first, second)
    assert microcents <= each * first * second < microcents + first * second


def test_without_a_baseline_nothing_is_saved() -> None:
    assert saving_basis_points(5, 0) == 0
    assert per_hundred_dollars(5, 0) == 0


def breakdown(cents: int, rail: str = "card", *, complete: bool = True) -> Breakdown:
    part = Part(name="rail", microcents=27 * CENT, price="p", source="s", share="1", sheet="2024-01-01")
    return Breakdown(
        payment_id=f"pay_{cents}",
        rail=rail,
        amount_cents=cents,
        parts=(part,),
        baseline_name="processor",
        baseline_source="s",
        baseline_microcents=baseline(cents),
        complete=complete,
    )


def test_a_report_groups_by_rail_and_band_and_leaves_out_what_took_nothing() -> None:
    report = CostReport()
    for cents, rail in ((999, "card"), (1_000, "card"), (1_001, "card"), (1_000, "ach"), (0, "card")):
        report.add(breakdown(cents, rail, complete=rail == "ach"))
    lines = {(line.rail, line.band): line for line in report.lines()}
    assert {key: line.payments for key, line in lines.items()} == {
        ("ach", "$10 to $25"): 1,
        ("card", "below $10"): 1,
        ("card", "$10 to $25"): 2,
    }
    both = lines["card", "$10 to $25"]
    assert (both.amount_cents, both.cost_microcents, both.complete) == (2_001, 54 * CENT, 0)
    assert both.microcents_per_100_dollars == -(-54 * CENT * 10_000 // 2_001)
    assert both.baseline_microcents == baseline(1_000) + baseline(1_001)


def test_a_fixed_bill_is_carried_by_every_payment_alike() -> None:
    report = CostReport()
    for cents in (500, 500, 20_000):
        report.add(breakdown(cents))
    assert [line.parts["fixed"] for line in report.lines(300 * CENT)] == [200 * CENT, 100 * CENT]


@pytest.mark.parametrize(
    ("cents", "band"), [(1, BANDS[0][0]), (999, BANDS[0][0]), (1_000, BANDS[1][0]), (99_999_999, LARGEST)]
)
def test_a_band_ends_before_its_limit(cents: int, band: str) -> None:
    assert band_of(cents)[1] == band


class Used:
    """What a process used, as the test says."""

    def __init__(self) -> None:
        self.now = Usage()

    def read(self) -> Usage:
        return self.now


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_configuration(None, {}).prices


def test_the_first_payment_carries_what_was_used_before_it(prices: Prices) -> None:
    used = Used()
    meter = CostMeter(prices, used.read, NOW_MS)
    used.now = Usage(kms_requests=2, compute_ms=40)
    cost = meter.capture_cost("card", 10_000, NOW_MS)
    assert (cost.rail, cost.baseline, cost.sheet) == (27 * CENT, 345 * CENT, "2024-01-01")
    assert (cost.kms, cost.compute) == (600, 44)


def test_what_an_interval_used_is_shared_among_its_payments(prices: Prices) -> None:
    used = Used()
    meter = CostMeter(prices, used.read, NOW_MS)
    meter.capture_cost("ach", 1, NOW_MS)
    used.now = Usage(payments=10, kms_requests=10, compute_ms=100, dynamodb_write_units=70, queue_requests=5)
    busy = meter.capture_cost("ach", 1, NOW_MS + INTERVAL_MS)
    assert (busy.kms, busy.compute, busy.dynamodb, busy.queue) == (300, 11, 438, 20)
    idle = meter.capture_cost("ach", 1, NOW_MS + 3 * INTERVAL_MS)
    assert (idle.kms, idle.compute) == (busy.kms, busy.compute)
