"""Originates, withdraws and presents again the ACH debits of payments."""

from payment_core.ach.files.model import AchEntry
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.originating import (
    IDENTIFICATION_WIDTH,
    EntryRefusal,
    EntryUnusable,
    cancel_entry,
    originate,
)
from payment_core.origin import Origin
from payment_core.payments.model import Payment, Refund
from payment_core.payments.moving import change_payment
from payment_core.payments.states import PaymentEvent, PaymentStatus
from payment_core.providers.model import BankAccount, TokenLink
from payment_core.store.port import Transaction

DESCRIPTION = "PURCHASE"
"""Required of WEB debits for goods since 2026-03-20, and true before."""

REFUND_DESCRIPTION = "REFUND"


class PaymentDebits:
    """What payments ask for; ``payment_core.payments.ports.Debits``."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        # Tells nobody: whoever withdraws a payment's debit moves the payment, and must be the only one who does.
        self._mover = EntryMover(origin, {})

    def originate(self, transaction: Transaction, payment: Payment) -> str:
        """Queue the WEB debit of a payment by bank account; the entry's id. Raises EntryUnusable.

        Empty when the account was replaced or disabled since the payment was asked for: a new number is not debited
        before it was verified (Nacha's WEB debit account validation rule).
        """
        link = transaction.get(TokenLink, payment.method)
        account = None if link is None else transaction.get(BankAccount, link.bank_account_id)
        if account is None or account.token != payment.method or account.status != "verified":
            return ""
        entry = originate(
            transaction,
            self._origin,
            direction="debit",
            sec="WEB",
            purpose="payment",
            subject_id=payment.id,
            bank_account=account,
            amount_cents=payment.amount_cents,
            name=account.holder_name,
            description=DESCRIPTION,
            individual_id=payment.id[-IDENTIFICATION_WIDTH:],
        )
        return entry.id

    def give_back(self, transaction: Transaction, payment: Payment, refund: Refund) -> str:
        """Queue the credit of a refund to the account that was debited, by its number of now; the entry's id.

        Raises EntryUnusable.
        """
        account = _account_of(transaction, payment)
        entry = originate(
            transaction,
            self._origin,
            direction="credit",
            sec="PPD" if account.account_class == "personal" else "CCD",
            purpose="refund",
            subject_id=refund.id,
            bank_account=account,
            amount_cents=refund.amount_cents,
            name=account.holder_name,
            description=REFUND_DESCRIPTION,
            individual_id=refund.id[-IDENTIFICATION_WIDTH:],
        )
        return entry.id

    def withdraw(self, transaction: Transaction, entry_id: str) -> bool:
        """Cancel the entry; False when a file has it."""
        return not isinstance(cancel_entry(transaction, self._mover, entry_id), EntryRefusal)

    def represent(self, transaction: Transaction, returned: AchEntry, again_id: str) -> bool:
        """Let a payment that has not settled wait for the next presentation; whether it does.

        A payment that had settled is a lost dispute instead: its money was given back when the entry returned.
        """
        payment = transaction.get(Payment, returned.subject_id)
        if payment is None or payment.ach_entry_id != returned.id or payment.status is not PaymentStatus.PROCESSING:
            return False
        change_payment(transaction, payment, PaymentEvent.STILL_UNKNOWN, ach_entry_id=again_id)
        return True


def _account_of(transaction: Transaction, payment: Payment) -> BankAccount:
    """By the entry, because the payment's token ends when the account gets another number."""
    entry = transaction.get(AchEntry, payment.ach_entry_id)
    account = None if entry is None else transaction.get(BankAccount, entry.bank_account_id)
    if account is None:
        raise EntryUnusable("The bank account that was debited is not known.")
    return account
