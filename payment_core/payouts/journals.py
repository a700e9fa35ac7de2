"""What each step of a payout posts; every journal's id comes from the payout and the step, so none is posted twice."""

from payment_core.ledger.accounts import BANK, PAYOUT_IN_FLIGHT, PROVIDER_AVAILABLE, PROVIDER_RESERVE
from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.ledger.recipes import must_post
from payment_core.payouts.model import Payout
from payment_core.store.port import Transaction


def set_aside(transaction: Transaction, payout: Payout, owed_cents: int) -> LedgerRefusal | None:
    """Set the payout's money aside, and take back what the provider owes us; refused when it has not as much."""
    available = PROVIDER_AVAILABLE.of(payout.provider_id)
    moves = [Move(available, PAYOUT_IN_FLIGHT.name, payout.amount_cents, Phase.PENDING, payout.id)]
    if owed_cents > 0:
        moves.insert(0, Move(available, PROVIDER_RESERVE.of(payout.provider_id), owed_cents))
    return transaction.post(_journal(payout, "hold", *moves))


def submit(transaction: Transaction, payout: Payout) -> None:
    """The bank has the file: what was set aside is in flight."""
    _resolve(transaction, payout, "submit", Phase.POST)


def free(transaction: Transaction, payout: Payout) -> None:
    """The payout ended before the bank knew of it."""
    _resolve(transaction, payout, "void", Phase.VOID)


def settle(transaction: Transaction, payout: Payout) -> None:
    """The money left our bank account."""
    _post(transaction, payout, "settle", PAYOUT_IN_FLIGHT.name, BANK.name)


def give_back(transaction: Transaction, payout: Payout) -> None:
    """A return: from our bank account when it had settled, otherwise from what was in flight."""
    source = BANK.name if payout.status == "settled" else PAYOUT_IN_FLIGHT.name
    _post(transaction, payout, "return", source, PROVIDER_AVAILABLE.of(payout.provider_id))


def reject(transaction: Transaction, payout: Payout) -> None:
    """The bank refused the file, so nothing left."""
    _post(transaction, payout, "reject", PAYOUT_IN_FLIGHT.name, PROVIDER_AVAILABLE.of(payout.provider_id))


def _resolve(transaction: Transaction, payout: Payout, step: str, phase: Phase) -> None:
    available = PROVIDER_AVAILABLE.of(payout.provider_id)
    move = Move(available, PAYOUT_IN_FLIGHT.name, payout.amount_cents, phase, payout.id)
    must_post(transaction, _journal(payout, step, move))


def _post(transaction: Transaction, payout: Payout, step: str, debit: str, credit: str) -> None:
    must_post(transaction, _journal(payout, step, Move(debit, credit, payout.amount_cents)))


def _journal(payout: Payout, step: str, *moves: Move) -> Journal:
    return Journal(id=f"{payout.id}:{step}", recipe=f"payout.{step}", reference=payout.id, moves=moves)
