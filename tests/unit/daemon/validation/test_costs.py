"""Costs hold when payments cost less than before, at prices that somebody checked, and no budget is overspent."""

import pytest

from checks.health import ComponentHealth
from daemon.probes.daemon_client import RuleNow, RuleReadingNow
from daemon.validation.costs import cost_lines
from payment_core.costs.report import Line as CostLine

PRICES = [ComponentHealth("cost-optimization", "", "healthy", "the prices were checked 3 days ago", 0.0, 1.0)]


def report(basis_points: int) -> CostLine:
    return CostLine(
        rail="card",
        band="$50 to $100",
        payments=10,
        complete=10,
        amount_cents=70_000,
        parts={},
        cost_microcents=1,
        baseline_name="stripe",
        baseline_microcents=2,
        saving_basis_points=basis_points,
        microcents_per_100_dollars=30_000_000,
    )


@pytest.mark.parametrize(
    ("basis_points", "outcome"), [(9_801, "passed"), (9_800, "warned"), (1, "warned"), (0, "failed"), (-50, "failed")]
)
def test_a_saving_below_the_target_is_warned_of_and_none_at_all_fails(basis_points: int, outcome: str) -> None:
    saving, prices, variance = cost_lines([report(basis_points)], PRICES, [RuleNow("cost-variance", [])])
    assert (saving.name, saving.outcome) == ("savings card, $50 to $100", outcome)
    assert "30.00 c per $100, was stripe" in saving.measured
    assert (prices.outcome, variance.outcome) == ("passed", "warned")


def test_without_a_payment_nothing_was_saved() -> None:
    assert cost_lines([], PRICES, [])[0].outcome == "failed"


def test_an_overspent_budget_fails() -> None:
    over = RuleNow(
        "cost-variance", [RuleReadingNow({"source": "budget", "subject": "kms"}, "breached", 0.4, "40 %", 1)]
    )
    (found,) = [line for line in cost_lines([report(9_900)], PRICES, [over]) if line.outcome == "failed"]
    assert found.name == "cost-variance (budget, kms)"
