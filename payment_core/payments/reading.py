"""Shows payments, captures, refunds and disputes."""

from enum import StrEnum

from payment_core.answers import Answer
from payment_core.operations.call import Call
from payment_core.operations.pages import answer_one, answer_page
from payment_core.payments.model import Capture, Dispute, Payment, Refund
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.views import view_capture, view_dispute, view_payment, view_refund
from payment_core.store.port import LedgerStore


class PaymentReads:
    """The operations that only read."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def payment(self, call: Call, _body: None) -> Answer | StrEnum:
        """One payment."""
        return await answer_one(
            self._store, Payment, call.path["payment_id"], view_payment, PaymentRefusal.PAYMENT_NOT_FOUND
        )

    async def refund(self, call: Call, _body: None) -> Answer | StrEnum:
        """One refund."""
        return await answer_one(
            self._store, Refund, call.path["refund_id"], view_refund, PaymentRefusal.REFUND_NOT_FOUND
        )

    async def dispute(self, call: Call, _body: None) -> Answer | StrEnum:
        """One dispute."""
        return await answer_one(
            self._store, Dispute, call.path["dispute_id"], view_dispute, PaymentRefusal.DISPUTE_NOT_FOUND
        )

    async def payments(self, call: Call, _body: None) -> Answer:
        """Payments, of one customer or of all."""
        return await answer_page(self._store, call, Payment, view_payment, owner=str(call.query["customer_id"]))

    async def captures(self, call: Call, _body: None) -> Answer | StrEnum:
        """Captures of one payment."""
        payment_id = call.path["payment_id"]
        if await self._store.read(Payment, payment_id) is None:
            return PaymentRefusal.PAYMENT_NOT_FOUND
        return await answer_page(self._store, call, Capture, view_capture, owner=payment_id)

    async def refunds(self, call: Call, _body: None) -> Answer:
        """Refunds, of one payment or of all."""
        return await answer_page(self._store, call, Refund, view_refund, owner=str(call.query["payment_id"]))

    async def disputes(self, call: Call, _body: None) -> Answer:
        """Disputes, of one payment or of all."""
        return await answer_page(self._store, call, Dispute, view_dispute, owner=str(call.query["payment_id"]))
