"""Payments that are carried by ACH debits, and their refunds: what becomes of them when their entries change."""

from typing import Protocol

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.errors import IllegalTransition
from payment_core.ledger import recipes
from payment_core.payments.model import Dispute, Payment, Refund
from payment_core.payments.money.disputing import Claim, close_dispute, known_dispute, open_dispute
from payment_core.payments.money.refunds import settle_refund
from payment_core.payments.moving import end_attempt
from payment_core.payments.rail.settling import Settler
from payment_core.payments.states import DisputeEvent, PaymentEvent, PaymentStatus, RefundStatus
from payment_core.store.port import Transaction


class Entry(Protocol):
    """As much of an ACH entry as a payment needs. status: ``settled``, ``returned`` or ``canceled`` matter here."""

    @property
    def id(self) -> str:
        """The entry's id."""
        ...

    @property
    def subject_id(self) -> str:
        """The payment that it carries."""
        ...

    @property
    def status(self) -> str:
        """Where the entry is."""
        ...

    @property
    def return_code(self) -> str:
        """NACHA's R-code of a returned entry."""
        ...


class AchDebits:
    """Handles entries with the purpose ``payment``."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler

    def payment_entry_changed(self, transaction: Transaction, entry: Entry) -> None:
        """Bring the payment in step, in the transaction that changes the entry; again is the same as once.

        Settled captures the money, which is released only after the return window. Returned fails the payment; after
        settlement it is a dispute that is lost at once, because an ACH return cannot be represented.
        """
        payment = transaction.get(Payment, entry.subject_id)
        if payment is None or payment.ach_entry_id != entry.id:
            return
        if entry.status == "settled" and payment.status is PaymentStatus.PROCESSING:
            capture, settled = self._settler.purchase(transaction, payment)
            self._settler.tell_purchase(transaction, capture, settled)
            received = recipes.debit_received(entry.id, payment.id, amount_cents=payment.amount_cents)
            recipes.must_post(transaction, received)
        elif entry.status in {"returned", "canceled"} and payment.status is PaymentStatus.PROCESSING:
            latency_ms = transaction.now_ms - payment.created_at_ms
            end_attempt(transaction, payment, PaymentEvent.FAILED, "failed", latency_ms, error_code=_code(entry))
        elif entry.status == "returned" and payment.status is PaymentStatus.SUCCEEDED:
            _lose(transaction, payment, entry)


def refund_entry_changed(transaction: Transaction, entry: Entry) -> None:
    """Bring a refund in step with the ACH credit that carries it (purpose ``refund``)."""
    refund = transaction.get(Refund, entry.subject_id)
    if refund is None or refund.ach_entry_id != entry.id:
        return
    cents = refund.amount_cents
    if entry.status == "settled" and refund.status is RefundStatus.PENDING:
        settle_refund(transaction, refund.id, RailAnswer(Verdict.APPROVED))
        recipes.must_post(transaction, recipes.refund_credited(entry.id, refund.payment_id, amount_cents=cents))
    elif entry.status == "returned" and refund.status is RefundStatus.SUCCEEDED:
        recipes.must_post(transaction, recipes.refund_came_back(entry.id, refund.payment_id, amount_cents=cents))
    elif entry.status in {"returned", "canceled"}:
        settle_refund(transaction, refund.id, RailAnswer(Verdict.FAILED, _code(entry)))


def _code(entry: Entry) -> str:
    return entry.return_code if entry.return_code != "" else entry.status


def _lose(transaction: Transaction, payment: Payment, entry: Entry) -> None:
    reference = f"{entry.id}:{entry.return_code}"
    if known_dispute(transaction, reference) is not None:
        return
    claim = Claim(payment_id=payment.id, reference=reference, reason="ach_return", return_code=entry.return_code)
    opened = open_dispute(transaction, claim, 0)
    at_risk_cents = 0
    if isinstance(opened, Dispute):
        at_risk_cents = opened.at_risk_cents
        close_dispute(transaction, opened, DisputeEvent.LOST)
    returned = recipes.debit_returned(entry.id, payment.id, amount_cents=payment.amount_cents)
    recipes.must_post(transaction, returned)
    overpaid_cents = payment.amount_cents - at_risk_cents
    overpaid = recipes.debit_overpaid(entry.id, payment.id, payment.provider_id, amount_cents=overpaid_cents)
    recipes.must_post(transaction, overpaid)


class NoDebits:
    """Without ACH origination no vaulted bank account can pay; sandbox tokens need none."""

    def originate(self, transaction: Transaction, payment: Payment) -> str:  # noqa: ARG002 - the port's names
        """Never asked: the desk refuses such methods when there is no origination."""
        raise IllegalTransition(f"{payment.id} would need an ACH debit, and none is originated here")

    def give_back(self, transaction: Transaction, payment: Payment, refund: Refund) -> str:  # noqa: ARG002 - as above
        """Never asked: no payment was carried by a debit."""
        raise IllegalTransition(f"{refund.id} would need an ACH credit, and none is originated here")

    def withdraw(self, transaction: Transaction, entry_id: str) -> bool:  # noqa: ARG002 - the port's names
        """Nothing to withdraw."""
        return False
