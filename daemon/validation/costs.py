"""``validate costs``: savings against the named baseline, the prices they rest on, what was spent beyond the plan."""

from collections.abc import Iterable, Sequence

from checks.health import ComponentHealth
from daemon.probes.daemon_client import RuleNow
from daemon.validation.health import health_lines
from daemon.validation.lines import Line, line
from daemon.validation.readings import Objective, held_against
from payment_core.costs.breakdown import MICROCENTS_PER_CENT
from payment_core.costs.report import Line as CostLine

TARGET_BASIS_POINTS = 9_800
"""The owner's 98 %. $3.45 to $0.30 is 91.3 %, and a debit card alone costs 7.8 % of the baseline: docs/costs.md."""
VARIANCE = Objective(
    rule="cost-variance",
    at_most=0.10,
    limit="<= 10 %",
    source="Automatic rollback triggers: Cost variance >10%",
    samples=1,
)


def cost_lines(report: Sequence[CostLine], prices: Iterable[ComponentHealth], rules: Iterable[RuleNow]) -> list[Line]:
    """A line for each rail and ticket band, for prices and last costs, and for each budget and forecast.

    A saving below the target is warned, because it may be out of reach for the ticket; a payment that costs more than
    it did before fails. Without a budget or forecast there is no variance: warned.
    """
    savings = [_saving(one) for one in report]
    if not savings:
        savings = [line("savings", good=False, measured="no payment has taken money yet", limit="> 98 %")]
    return [*savings, *health_lines(prices), *held_against(VARIANCE, rules, needed=False)]


def _saving(one: CostLine) -> Line:
    percent = one.saving_basis_points / 100
    per_hundred = one.microcents_per_100_dollars / MICROCENTS_PER_CENT
    good = one.saving_basis_points > TARGET_BASIS_POINTS
    return Line(
        name=f"savings {one.rail}, {one.band}",
        outcome="passed" if good else "warned" if one.saving_basis_points > 0 else "failed",
        measured=f"{percent:.2f} %, {one.payments} payments, {per_hundred:.2f} c per $100, was {one.baseline_name}",
        limit="> 98 %; never negative",
        source="Key metrics: Cost Savings: >98%",
    )
