"""What each event of a payment posts: journals whose debits and credits are equal."""

import msgspec

from payment_core.errors import JournalUnbalanced
from payment_core.ledger.accounts import CUSTOMER_ESCROW, PLATFORM_FEE, RAIL_CLEARING, REFUNDS_PAYABLE, Account


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line of a journal; exactly one of the two amounts is not zero, in cents."""

    account_id: str
    debit_cents: int
    credit_cents: int


class Journal(msgspec.Struct, frozen=True):
    """One balanced posting. kind: the recipe. reference: what caused it, a payment or refund id."""

    kind: str
    payment_id: str
    reference: str
    entries: tuple[Entry, ...]


def _journal(kind: str, payment_id: str, reference: str, *moves: tuple[Account, Account, int]) -> Journal:
    """A journal of (debit, credit, cents) moves; moves of nothing are left out."""
    entries = [
        entry
        for debit, credit, cents in moves
        if cents != 0
        for entry in (Entry(debit.id, cents, 0), Entry(credit.id, 0, cents))
    ]
    journal = Journal(kind, payment_id, reference, tuple(entries))
    require_balance(journal)
    return journal


def require_balance(journal: Journal) -> None:
    """Raise JournalUnbalanced unless debits equal credits and every amount is positive (invariant I1)."""
    debits = sum(entry.debit_cents for entry in journal.entries)
    credits_ = sum(entry.credit_cents for entry in journal.entries)
    if debits != credits_ or any(min(entry.debit_cents, entry.credit_cents) < 0 for entry in journal.entries):
        raise JournalUnbalanced(f"{journal.kind} of {journal.reference}: {debits} against {credits_}")


def capture(payment_id: str, *, amount_cents: int, fee_cents: int) -> Journal:
    """The rail owes us the amount, we owe it to the customer's escrow, and our fee comes out of the escrow."""
    return _journal(
        "capture",
        payment_id,
        payment_id,
        (RAIL_CLEARING, CUSTOMER_ESCROW, amount_cents),
        (CUSTOMER_ESCROW, PLATFORM_FEE, fee_cents),
    )


def refund_promised(payment_id: str, refund_id: str, *, amount_cents: int, fee_share_cents: int) -> Journal:
    """Money for a refund is set aside before the rail is asked: from the escrow, and our share of the fee."""
    return _journal(
        "refund_promised",
        payment_id,
        refund_id,
        (CUSTOMER_ESCROW, REFUNDS_PAYABLE, amount_cents - fee_share_cents),
        (PLATFORM_FEE, REFUNDS_PAYABLE, fee_share_cents),
    )


def refund_settled(payment_id: str, refund_id: str, *, amount_cents: int) -> Journal:
    """The rail paid the refund and owes us that much less."""
    return _journal("refund_settled", payment_id, refund_id, (REFUNDS_PAYABLE, RAIL_CLEARING, amount_cents))


def refund_failed(payment_id: str, refund_id: str, *, amount_cents: int, fee_share_cents: int) -> Journal:
    """The rail did not pay: what was set aside goes back to where it came from."""
    return _journal(
        "refund_failed",
        payment_id,
        refund_id,
        (REFUNDS_PAYABLE, CUSTOMER_ESCROW, amount_cents - fee_share_cents),
        (REFUNDS_PAYABLE, PLATFORM_FEE, fee_share_cents),
    )
