"""What putting payments right needs of the payment core."""

from typing import Protocol

from remediation.compensation.model import PaymentRecord


class PaymentBooks(Protocol):
    """The payment core's own record of payments. Raises WorldUnreachable (unknown) or WorldRefused (certain).

    Every write carries the same key for every repetition, so that the payment core does it once.
    """

    async def payment(self, payment_id: str) -> PaymentRecord | None:
        """What it is now; None when the payment core has no such payment."""

    async def refund(self, payment_id: str, amount_cents: int, currency: str, reason: str, key: str) -> str:
        """Give this much back; the refund's id."""

    async def void(self, payment_id: str, key: str) -> str:
        """Release what is reserved; the payment's id."""

    async def resend(self, record: PaymentRecord, key: str) -> str:
        """Take the same payment again, as a new one that names the old one; the new payment's id."""
