"""Disputes: what can be lost is set aside at once, and given back when the dispute is won."""

import msgspec

from payment_core.identifiers import new_id
from payment_core.ledger import recipes
from payment_core.ledger.accounts import PROVIDER_AVAILABLE
from payment_core.payments import facts
from payment_core.payments.model import Dispute, Payment, RailReference, Refund
from payment_core.payments.money.refunds import cancel_refund, fee_share, refundable_cents
from payment_core.payments.money.releasing import release_at
from payment_core.payments.moving import change_dispute, change_payment
from payment_core.payments.refusals import PaymentRefusal
from payment_core.payments.states import (
    MONEY_STATUSES,
    DisputeEvent,
    DisputeStatus,
    PaymentEvent,
    RefundStatus,
)
from payment_core.store.port import Transaction

OPEN_STATUSES = frozenset({DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW})


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a rail tells. reference: its id of the dispute. amount_cents: None for all that was captured.

    queued_refunds: refunds of the payment that may not have been sent yet; those that have not are withdrawn, because
    the rail takes the money now.
    """

    payment_id: str
    reference: str
    amount_cents: int | None = None
    reason: str = ""
    return_code: str = ""
    queued_refunds: tuple[str, ...] = ()


def known_dispute(transaction: Transaction, reference: str) -> Dispute | None:
    """The dispute that the rail's id stands for."""
    known = transaction.get(RailReference, reference)
    return None if known is None else transaction.get(Dispute, known.dispute_id)


def open_dispute(transaction: Transaction, claim: Claim, evidence_ms: int) -> Dispute | PaymentRefusal:
    """Open the dispute and set aside what can be lost: at most what was neither refunded nor disputed before.

    evidence_ms: how long a response may take.
    """
    payment = transaction.get(Payment, claim.payment_id)
    if payment is None:
        return PaymentRefusal.PAYMENT_NOT_FOUND
    if payment.status not in MONEY_STATUSES or payment.captured_cents == 0:
        return PaymentRefusal.PAYMENT_NOT_DISPUTABLE
    payment = _withdraw_refunds(transaction, payment, claim.queued_refunds)
    now_ms = transaction.now_ms
    claimed = payment.captured_cents if claim.amount_cents is None else claim.amount_cents
    at_risk = min(claimed, refundable_cents(payment))
    share = fee_share(payment, at_risk) if at_risk > 0 else 0
    from_escrow = min(payment.unreleased_cents, at_risk - share)
    account = transaction.balances(PROVIDER_AVAILABLE.of(payment.provider_id))
    from_available = min(at_risk - share - from_escrow, payment.released_cents, account.available_cents("credit"))
    dispute = Dispute(
        id=new_id("dis", now_ms),
        payment_id=payment.id,
        provider_id=payment.provider_id,
        status=DisputeStatus.NEEDS_RESPONSE,
        rail=payment.rail,
        amount_cents=claimed,
        at_risk_cents=at_risk,
        fee_share_cents=share,
        from_escrow_cents=from_escrow,
        from_available_cents=from_available,
        shortfall_cents=at_risk - share - from_escrow - from_available,
        reason=claim.reason,
        rail_reference=claim.reference,
        return_code=claim.return_code,
        evidence_due_at_ms=now_ms + evidence_ms,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    recipes.must_post(
        transaction,
        recipes.dispute_opened(
            dispute.id,
            payment.id,
            payment.provider_id,
            fee_cents=share,
            escrow_cents=from_escrow,
            available_cents=from_available,
        ),
    )
    _change_payment(transaction, payment, dispute, sign=1)
    transaction.change(dispute, facts.dispute_moved(dispute, payment))
    transaction.put(RailReference(id=claim.reference, dispute_id=dispute.id))
    return dispute


def close_dispute(transaction: Transaction, dispute: Dispute, event: DisputeEvent) -> Dispute:
    """End an open dispute: won gives the money back, everything else loses it."""
    payment = transaction.get(Payment, dispute.payment_id)
    if payment is None or dispute.status not in OPEN_STATUSES:
        return dispute
    if event is DisputeEvent.WON:
        recipes.must_post(
            transaction,
            recipes.dispute_won(
                dispute.id,
                payment.id,
                payment.provider_id,
                fee_cents=dispute.fee_share_cents,
                escrow_cents=dispute.from_escrow_cents,
                available_cents=dispute.from_available_cents,
            ),
        )
        _change_payment(transaction, payment, dispute, sign=-1)
        return change_dispute(transaction, dispute, payment, event, hand_in_at_ms=0)
    return _lose(transaction, payment, dispute, event)


def _lose(transaction: Transaction, payment: Payment, dispute: Dispute, event: DisputeEvent) -> Dispute:
    """What was not there when the dispute was opened is taken from what came in since; the provider owes the rest."""
    now_ms = transaction.now_ms
    short = dispute.shortfall_cents
    escrow = min(short, payment.unreleased_cents)
    account = transaction.balances(PROVIDER_AVAILABLE.of(payment.provider_id))
    available = min(short - escrow, max(0, account.available_cents("credit")))
    reserve = short - escrow - available
    held = dispute.at_risk_cents - short
    recipes.must_post(
        transaction,
        recipes.dispute_lost(
            dispute.id,
            payment.id,
            payment.provider_id,
            held_cents=held,
            escrow_cents=escrow,
            available_cents=available,
            reserve_cents=reserve,
        ),
    )
    open_disputes = payment.open_disputes - 1
    unreleased = payment.unreleased_cents - escrow
    change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        unreleased_cents=unreleased,
        open_disputes=open_disputes,
        release_at_ms=release_at(payment, now_ms, unreleased_cents=unreleased, open_disputes=open_disputes),
    )
    # Only who accepts has something to tell the rail; it knows of everything else.
    hand_in_at_ms = now_ms if event is DisputeEvent.ACCEPTED else 0
    return change_dispute(transaction, dispute, payment, event, reserve_cents=reserve, hand_in_at_ms=hand_in_at_ms)


def _change_payment(transaction: Transaction, payment: Payment, dispute: Dispute, *, sign: int) -> None:
    """Take what is at risk out of the payment (1), or put it back (-1)."""
    now_ms = transaction.now_ms
    unreleased = payment.unreleased_cents - sign * dispute.from_escrow_cents
    open_disputes = payment.open_disputes + sign
    change_payment(
        transaction,
        payment,
        PaymentEvent.MONEY_MOVED,
        disputed_cents=payment.disputed_cents + sign * dispute.at_risk_cents,
        fee_refunded_cents=payment.fee_refunded_cents + sign * dispute.fee_share_cents,
        unreleased_cents=unreleased,
        released_cents=payment.released_cents - sign * dispute.from_available_cents,
        open_disputes=open_disputes,
        release_at_ms=release_at(payment, now_ms, unreleased_cents=unreleased, open_disputes=open_disputes),
    )


def _withdraw_refunds(transaction: Transaction, payment: Payment, refund_ids: tuple[str, ...]) -> Payment:
    for refund_id in refund_ids:
        refund = transaction.get(Refund, refund_id)
        # In its first version it was never given to the rail; later it may be on its way, whatever the rail says.
        if refund is not None and refund.status is RefundStatus.QUEUED and refund.version == 1:
            payment = cancel_refund(transaction, payment, refund)
    return payment
