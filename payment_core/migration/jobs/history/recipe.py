"""What the old processor's balances and their changes post: entries between accounts that hold no money."""

import re
from collections.abc import Iterable

from payment_core.ledger.accounts import HISTORY_BALANCE, HISTORY_FLOW
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.posting import Balances
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import PLATFORM_ID, OpeningBalance
from payment_core.migration.jobs.texts import text
from payment_core.migration.model import LedgerTotal

# ``history_balance/ACCOUNT`` ends at the balance that the processor had for that account; ``history_flow/KIND`` says by
# what. Neither is ever a source of a payout: no recipe of the living ledger touches them.

FEE, OPENING, OTHER = "fee", "opening", "other"
_KIND = re.compile(r"[a-z][a-z_]{0,39}")

RECIPE, OPENED = "migrated_history", "migrated_opening"
REVERSED = {RECIPE: "migrated_history_reversed", OPENED: "migrated_opening_reversed"}
"""What takes back a recipe."""

AccountKey = tuple[str, str]
"""Account id and currency."""


def balance_account(account: str | None) -> str:
    """The ledger account of one of the old processor's accounts."""
    return HISTORY_BALANCE.of(owner_of(account))


def owner_of(account: str | None) -> str:
    """The id of an account; of the platform's own, which is not named, a word."""
    return PLATFORM_ID if text(account) == "" else text(account)


def opening_moves(opening: OpeningBalance) -> tuple[Move, ...]:
    """All that the account held, against what was before; none of an account that held nothing."""
    if opening.amount == 0:
        return ()
    return (_move(balance_account(opening.account), HISTORY_FLOW.of(OPENING), opening.amount),)


def moves_of(transaction: BalanceTransaction) -> tuple[Move, ...]:
    """The gross amount by its kind, and the fee on its own; together they change the balance by ``net``."""
    balance = balance_account(transaction.account)
    kind = transaction.type if _KIND.fullmatch(transaction.type) and transaction.type != OPENING else OTHER
    moves = []
    if transaction.amount != 0:
        moves.append(_move(balance, HISTORY_FLOW.of(kind), transaction.amount))
    if transaction.fee != 0:
        moves.append(_move(balance, HISTORY_FLOW.of(FEE), -transaction.fee))
    return tuple(moves)


def reversed_moves(moves: Iterable[Move]) -> tuple[Move, ...]:
    """The same amounts the other way."""
    return tuple(Move(move.credit, move.debit, move.amount_cents) for move in moves)


def journal_of(journal_id: str, reference: str, currency: str, moves: Iterable[Move], recipe: str = RECIPE) -> Journal:
    """One journal of a batch in one currency; its moves are those of its records, in their order."""
    return Journal(id=journal_id, recipe=recipe, reference=reference, moves=tuple(moves), currency=currency)


def totals_after(before: dict[AccountKey, Balances], currency: str, moves: Iterable[Move]) -> tuple[LedgerTotal, ...]:
    """What the accounts have to hold once these moves are posted, worked out by addition alone."""
    sums: dict[str, tuple[int, int]] = {}
    for move in moves:
        debits, credits_ = sums.get(move.debit, (0, 0))
        sums[move.debit] = (debits + move.amount_cents, credits_)
        debits, credits_ = sums.get(move.credit, (0, 0))
        sums[move.credit] = (debits, credits_ + move.amount_cents)
    return tuple(
        LedgerTotal(
            account,
            currency,
            before[account, currency].debits_posted + debits,
            before[account, currency].credits_posted + credits_,
        )
        for account, (debits, credits_) in sorted(sums.items())
    )


def _move(debit: str, credit: str, amount: int) -> Move:
    return Move(debit, credit, amount) if amount > 0 else Move(credit, debit, -amount)
