"""What was counted of one variant: every payment, and of each customer the first one."""

import msgspec

from checks.facts import PaymentAttempted, PaymentCaptured
from remediation.flags.experiments.outcomes import METRICS, counted


class VariantCounts(msgspec.Struct, kw_only=True):
    """Sums of one variant. latency_ms: of all payments. customers: those whose first payment counts here.

    first: of these first payments, those that count for each of METRICS, in their order. captured: payments with a
    known cost, with captured_cents of money and cost_microcents, millionths of a cent, of cost.
    """

    payments: int = 0
    succeeded: int = 0
    declined: int = 0
    failed: int = 0
    latency_ms: float = 0.0
    captured: int = 0
    captured_cents: int = 0
    cost_microcents: int = 0
    customers: int = 0
    first: list[int] = msgspec.field(default_factory=lambda: [0] * len(METRICS))

    def take(self, payment: PaymentAttempted) -> None:
        """One payment."""
        self.payments += 1
        self.latency_ms += payment.latency_ms
        match payment.outcome:
            case "succeeded":
                self.succeeded += 1
            case "declined":
                self.declined += 1
            case "failed":
                self.failed += 1

    def take_first(self, payment: PaymentAttempted) -> None:
        """It is the first one of its customer."""
        self.customers += 1
        for place, counts in enumerate(counted(payment)):
            self.first[place] += counts

    def capture(self, capture: PaymentCaptured) -> None:
        """Money of a payment was captured; a capture without a price says nothing of costs."""
        if capture.cost_microcents and capture.amount_cents:
            self.captured += 1
            self.captured_cents += capture.amount_cents
            self.cost_microcents += capture.cost_microcents
