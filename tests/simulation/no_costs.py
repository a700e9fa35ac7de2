"""A cost meter without prices."""

from checks.facts import Rail
from payment_core.costs.model import NO_COST, Cost


class NoCosts:
    """No prices are known."""

    def capture_cost(self, rail: Rail, amount_cents: int, now_ms: int) -> Cost:  # noqa: ARG002 - the port's names
        """Zeros, which stand for unknown."""
        return NO_COST
