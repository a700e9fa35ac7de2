"""The ledger's part of an escrow: into it, out of it to payees, and back."""

from collections.abc import Sequence

from payment_core.escrow.model import Escrow, Source
from payment_core.ledger.accounts import CUSTOMER_ESCROW, ESCROW_HELD, PROVIDER_AVAILABLE
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.recipes import must_post
from payment_core.store.port import Transaction


def post_funding(transaction: Transaction, escrow: Escrow) -> None:
    """Debit what was captured for the provider, credit what the escrow holds."""
    held = ESCROW_HELD.of(escrow.id)
    moves = tuple(Move(CUSTOMER_ESCROW.of(source.provider_id), held, source.amount_cents) for source in escrow.sources)
    _post(transaction, escrow, "escrow_fund", moves)


def post_release(transaction: Transaction, escrow: Escrow, parts: Sequence[tuple[str, int]]) -> None:
    """Debit what is held, credit what each provider can be paid. parts: provider id and cents."""
    held = ESCROW_HELD.of(escrow.id)
    moves = tuple(Move(held, PROVIDER_AVAILABLE.of(provider_id), cents) for provider_id, cents in parts if cents > 0)
    _post(transaction, escrow, "escrow_release", moves)


def post_return(transaction: Transaction, escrow: Escrow, parts: Sequence[tuple[Source, int]]) -> None:
    """Debit what is held, credit what was captured for the provider, from where the refund takes it."""
    held = ESCROW_HELD.of(escrow.id)
    moves = tuple(Move(held, CUSTOMER_ESCROW.of(source.provider_id), cents) for source, cents in parts)
    _post(transaction, escrow, "escrow_return", moves)


def _post(transaction: Transaction, escrow: Escrow, recipe: str, moves: tuple[Move, ...]) -> None:
    # The payment and the escrow both say that the money is there.
    must_post(
        transaction,
        Journal(id=f"{escrow.id}:{recipe}:{escrow.version}", recipe=recipe, reference=escrow.id, moves=moves),
    )
