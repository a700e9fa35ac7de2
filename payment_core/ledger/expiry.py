"""Frees money that was set aside for a time that is over, as a job."""

from functools import partial

import structlog

from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.ledger.posting import Hold
from payment_core.operations.batch import each
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

log = structlog.get_logger()

BATCH = 100
ACTOR = "sweep:hold-expiry"


class HoldExpiry:
    """Expires each hold once; one that was posted or voided meanwhile stays as it is."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def run_once(self, now_ms: int) -> int:
        """Expire what is due, the earliest first; returns how many were."""
        return await each(await self._store.query(Due(Hold, now_ms, BATCH)), self._expire, "hold-expiry")

    async def _expire(self, hold: Hold) -> bool:
        refusal = await self._store.transact(partial(_expire, hold), ACTOR)
        if refusal is None:
            log.info("a hold expired", action="hold_expired", hold=hold.id, reference=hold.reference)
        return refusal is None


def _expire(hold: Hold, transaction: Transaction) -> LedgerRefusal | None:
    move = Move(hold.debit, hold.credit, hold.amount_cents, Phase.EXPIRE, hold.id)
    return transaction.post(
        Journal(
            id=f"{hold.id}:expired",
            recipe="hold_expired",
            reference=hold.reference,
            moves=(move,),
            currency=hold.currency,
        )
    )
