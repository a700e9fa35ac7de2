"""What escrows ask of payments, inside the transaction that changes the escrow."""

from typing import Protocol

import msgspec

from payment_core.errors import CoreError
from payment_core.store.port import Transaction


class Funding(msgspec.Struct, frozen=True, gc=False):
    """What a payment can give. free_cents: the provider's net share of captured money that nothing else holds.

    risk_score: of fraud, 0 to 1000. is_disputed: the payer takes it back through the issuer or bank, undecided yet.
    """

    provider_id: str
    customer_id: str
    free_cents: int
    risk_score: int
    is_disputed: bool


class RefundRefused(CoreError):
    """A payment does not take the refund now, so nothing of it happened."""


class EscrowPayments(Protocol):
    """Payments as they fund escrows. The ledger's journal between payment and escrow is the caller's."""

    def describe(self, transaction: Transaction, payment_id: str) -> Funding | None:
        """What the payment can give, or None when there is no such payment."""
        ...

    def take(self, transaction: Transaction, payment_id: str, amount_cents: int) -> None:
        """Mark so much of it as held in escrow; it is not more than is free."""
        ...

    def release(self, transaction: Transaction, payment_id: str, amount_cents: int) -> None:
        """Mark so much of what is held in escrow as released to payees."""
        ...

    def refund(self, transaction: Transaction, payment_id: str, amount_cents: int, reason: str) -> None:
        """Give so much of what is held in escrow back and queue the refund to the payer; raises RefundRefused.

        amount_cents: of the provider's money, which the caller put back into ``customer_escrow`` before.
        """
        ...
