"""What each event of a payment posts: chains of moves from one account's debit to another's credit."""

from payment_core.errors import JournalRefused
from payment_core.ledger.accounts import (
    BANK,
    CUSTOMER_ESCROW,
    DISPUTES_HELD,
    DISPUTES_LOST,
    PLATFORM_FEE,
    PROVIDER_AVAILABLE,
    PROVIDER_RESERVE,
    RAIL_CLEARING,
    REFUNDS_PAYABLE,
)
from payment_core.ledger.journals import Journal, LedgerRefusal, Move
from payment_core.store.port import Transaction


def capture(capture_id: str, payment_id: str, provider_id: str, *, amount_cents: int, fee_cents: int) -> Journal:
    """The rail owes us the amount, we owe it to the customer's escrow, and our fee comes out of the escrow."""
    escrow = CUSTOMER_ESCROW.of(provider_id)
    move = Move(RAIL_CLEARING.name, escrow, amount_cents)
    moves = (move, Move(escrow, PLATFORM_FEE.name, fee_cents)) if fee_cents > 0 else (move,)
    return Journal(id=f"{capture_id}:capture", recipe="capture", reference=payment_id, moves=moves)


def release(payment_id: str, version: int, provider_id: str, *, amount_cents: int) -> Journal:
    """The provider's part becomes payable."""
    return _journal(
        f"{payment_id}:release:{version}",
        "release",
        payment_id,
        (CUSTOMER_ESCROW.of(provider_id), PROVIDER_AVAILABLE.of(provider_id), amount_cents),
    )


def refund_promised(
    refund_id: str, payment_id: str, provider_id: str, *, fee_cents: int, escrow_cents: int, available_cents: int
) -> Journal:
    """Money for a refund is set aside before the rail is asked: our share of the fee, and the provider's part."""
    return _journal(
        f"{refund_id}:promised",
        "refund_promised",
        payment_id,
        (PLATFORM_FEE.name, REFUNDS_PAYABLE.name, fee_cents),
        (CUSTOMER_ESCROW.of(provider_id), REFUNDS_PAYABLE.name, escrow_cents),
        (PROVIDER_AVAILABLE.of(provider_id), REFUNDS_PAYABLE.name, available_cents),
    )


def refund_settled(refund_id: str, payment_id: str, *, amount_cents: int) -> Journal:
    """The rail paid the refund and owes us that much less."""
    return _journal(
        f"{refund_id}:settled", "refund_settled", payment_id, (REFUNDS_PAYABLE.name, RAIL_CLEARING.name, amount_cents)
    )


def debit_received(entry_id: str, payment_id: str, *, amount_cents: int) -> Journal:
    """An ACH debit settled: what the rail owed us is at our bank."""
    return _journal(f"{entry_id}:received", "debit_received", payment_id, (BANK.name, RAIL_CLEARING.name, amount_cents))


def debit_returned(entry_id: str, payment_id: str, *, amount_cents: int) -> Journal:
    """An ACH debit was returned after it had settled: our bank gave the money back, the dispute says who bears it."""
    return _journal(f"{entry_id}:returned", "debit_returned", payment_id, (RAIL_CLEARING.name, BANK.name, amount_cents))


def debit_overpaid(entry_id: str, payment_id: str, provider_id: str, *, amount_cents: int) -> Journal:
    """A returned debit had been refunded or disputed before: the payer has that twice, and the provider owes it."""
    reserve = PROVIDER_RESERVE.of(provider_id)
    return _journal(f"{entry_id}:overpaid", "debit_overpaid", payment_id, (reserve, RAIL_CLEARING.name, amount_cents))


def refund_credited(entry_id: str, payment_id: str, *, amount_cents: int) -> Journal:
    """The ACH credit of a refund settled: our bank paid it."""
    return _journal(
        f"{entry_id}:credited", "refund_credited", payment_id, (RAIL_CLEARING.name, BANK.name, amount_cents)
    )


def refund_came_back(entry_id: str, payment_id: str, *, amount_cents: int) -> Journal:
    """The ACH credit of a refund came back after it had settled: the payer is still owed it."""
    return _journal(
        f"{entry_id}:came_back", "refund_came_back", payment_id, (BANK.name, REFUNDS_PAYABLE.name, amount_cents)
    )


def refund_undone(
    refund_id: str, payment_id: str, provider_id: str, *, fee_cents: int, escrow_cents: int, available_cents: int
) -> Journal:
    """The refund failed or was canceled: what was set aside goes back to where it came from."""
    return _journal(
        f"{refund_id}:undone",
        "refund_undone",
        payment_id,
        (REFUNDS_PAYABLE.name, PLATFORM_FEE.name, fee_cents),
        (REFUNDS_PAYABLE.name, CUSTOMER_ESCROW.of(provider_id), escrow_cents),
        (REFUNDS_PAYABLE.name, PROVIDER_AVAILABLE.of(provider_id), available_cents),
    )


def dispute_opened(
    dispute_id: str, payment_id: str, provider_id: str, *, fee_cents: int, escrow_cents: int, available_cents: int
) -> Journal:
    """What can be lost is set aside, as far as it is there, so that no refund and no payout takes it."""
    return _journal(
        f"{dispute_id}:opened",
        "dispute_opened",
        payment_id,
        (PLATFORM_FEE.name, DISPUTES_HELD.name, fee_cents),
        (CUSTOMER_ESCROW.of(provider_id), DISPUTES_HELD.name, escrow_cents),
        (PROVIDER_AVAILABLE.of(provider_id), DISPUTES_HELD.name, available_cents),
    )


def dispute_won(
    dispute_id: str, payment_id: str, provider_id: str, *, fee_cents: int, escrow_cents: int, available_cents: int
) -> Journal:
    """What was set aside goes back to where it came from."""
    return _journal(
        f"{dispute_id}:won",
        "dispute_won",
        payment_id,
        (DISPUTES_HELD.name, PLATFORM_FEE.name, fee_cents),
        (DISPUTES_HELD.name, CUSTOMER_ESCROW.of(provider_id), escrow_cents),
        (DISPUTES_HELD.name, PROVIDER_AVAILABLE.of(provider_id), available_cents),
    )


def dispute_lost(
    dispute_id: str,
    payment_id: str,
    provider_id: str,
    *,
    held_cents: int,
    escrow_cents: int,
    available_cents: int,
    reserve_cents: int,
) -> Journal:
    """What was set aside is lost, then what came in since, and the rest is owed by the provider; the rail takes it."""
    return _journal(
        f"{dispute_id}:lost",
        "dispute_lost",
        payment_id,
        (DISPUTES_HELD.name, DISPUTES_LOST.name, held_cents),
        (CUSTOMER_ESCROW.of(provider_id), DISPUTES_LOST.name, escrow_cents),
        (PROVIDER_AVAILABLE.of(provider_id), DISPUTES_LOST.name, available_cents),
        (PROVIDER_RESERVE.of(provider_id), DISPUTES_LOST.name, reserve_cents),
        (DISPUTES_LOST.name, RAIL_CLEARING.name, held_cents + escrow_cents + available_cents + reserve_cents),
    )


def must_post(transaction: Transaction, journal: Journal) -> None:
    """Post a journal that no balance can stand against; raises JournalRefused. One without moves posts nothing."""
    refusal = transaction.post(journal) if journal.moves else None
    if refusal is not None:
        raise JournalRefused(f"{journal.id}: {refusal}")


def try_post(transaction: Transaction, journal: Journal) -> bool:
    """Post a journal that a balance may stand against: False, and nothing posted, when it does."""
    refusal = transaction.post(journal) if journal.moves else None
    if refusal is not None and refusal is not LedgerRefusal.EXCEEDS_BALANCE:
        raise JournalRefused(f"{journal.id}: {refusal}")
    return refusal is None


def _journal(journal_id: str, recipe: str, reference: str, *moves: tuple[str, str, int]) -> Journal:
    """A journal of (debit, credit, cents); moves of nothing are left out."""
    kept = tuple(Move(debit, credit, cents) for debit, credit, cents in moves if cents != 0)
    return Journal(id=journal_id, recipe=recipe, reference=reference, moves=kept)
