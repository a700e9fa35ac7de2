"""The operations on disputes: a rail's notices, evidence, and giving up."""

from collections.abc import Callable
from enum import StrEnum

from payment_core.acquirer.port import DisputeOutcome
from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.operations.once import perform_once
from payment_core.payments.model import Dispute, Payment, Refund
from payment_core.payments.money.disputing import Claim, close_dispute, known_dispute, open_dispute
from payment_core.payments.moving import change_dispute
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.requests import AcceptDispute, GiveEvidence, NotifyDispute
from payment_core.payments.states import DisputeEvent, DisputeStatus
from payment_core.payments.terms import Terms
from payment_core.payments.views import view_dispute
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing

QUEUED_REFUNDS_MAX = 1000
"""Refunds of one payment that are looked at; each is a cent at least."""

_CLOSING = {"won": DisputeEvent.WON, "lost": DisputeEvent.LOST}


class DisputeDesk:
    """Disputes of one process."""

    def __init__(self, store: LedgerStore, terms: Terms) -> None:
        self._store = store
        self._evidence_ms = terms.evidence_ms

    async def notify(self, call: Call, body: NotifyDispute) -> Answer | StrEnum:
        """A rail tells of a dispute; what it told before has no further effect."""
        claim = await self.claim(
            payment_id=body.payment_id,
            reference=body.reference,
            amount_cents=None if body.amount is None else body.amount.amount_cents,
            reason=body.reason,
            return_code=body.return_code,
        )

        def work(transaction: Transaction) -> Answer | StrEnum:
            dispute = self.apply(transaction, claim, body.outcome)
            return ok(view_dispute(dispute), 201) if isinstance(dispute, Dispute) else dispute

        return await perform_once(self._store, "disputes.notify", call, work)

    async def claim(
        self, *, payment_id: str, reference: str, amount_cents: int | None, reason: str, return_code: str = ""
    ) -> Claim:
        """What a rail told, with the refunds that may have to be withdrawn for it."""
        refunds = await self._store.query(Listing(Refund, payment_id, limit=QUEUED_REFUNDS_MAX))
        return Claim(
            payment_id=payment_id,
            reference=reference,
            amount_cents=amount_cents,
            reason=reason,
            return_code=return_code,
            queued_refunds=tuple(refund.id for refund in refunds if refund.status == "queued"),
        )

    def apply(self, transaction: Transaction, claim: Claim, outcome: DisputeOutcome) -> Dispute | PaymentRefusal:
        """Open the dispute unless it is known, and close it if the rail says so; notices may come in any order."""
        dispute = known_dispute(transaction, claim.reference)
        if dispute is None:
            opened = open_dispute(transaction, claim, self._evidence_ms)
            if not isinstance(opened, Dispute):
                return opened
            dispute = opened
        return dispute if outcome == "opened" else close_dispute(transaction, dispute, _CLOSING[outcome])

    async def give_evidence(self, call: Call, body: GiveEvidence) -> Answer | StrEnum:
        """Answer the dispute; a job hands the evidence in."""

        def answer(transaction: Transaction, dispute: Dispute, payment: Payment) -> Dispute:
            event, now_ms = DisputeEvent.EVIDENCE_GIVEN, transaction.now_ms
            return change_dispute(transaction, dispute, payment, event, evidence=body.evidence, hand_in_at_ms=now_ms)

        return await self._respond(call, "disputes.evidence", answer)

    async def accept(self, call: Call, _body: AcceptDispute) -> Answer | StrEnum:
        """Give the dispute up."""
        return await self._respond(
            call,
            "disputes.accept",
            lambda transaction, dispute, _payment: close_dispute(transaction, dispute, DisputeEvent.ACCEPTED),
        )

    async def _respond(
        self, call: Call, operation: str, respond: Callable[[Transaction, Dispute, Payment], Dispute]
    ) -> Answer | StrEnum:
        dispute_id = call.path["dispute_id"]

        def work(transaction: Transaction) -> Answer | StrEnum:
            dispute = transaction.get(Dispute, dispute_id)
            payment = None if dispute is None else transaction.get(Payment, dispute.payment_id)
            if dispute is None or payment is None:
                return PaymentRefusal.DISPUTE_NOT_FOUND
            if dispute.status is not DisputeStatus.NEEDS_RESPONSE:
                return PaymentRefusal.DISPUTE_NOT_OPEN
            return ok(view_dispute(respond(transaction, dispute, payment)))

        return await perform_once(self._store, operation, call, work)
