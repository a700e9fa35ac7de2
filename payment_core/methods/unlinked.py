"""Destroys numbers that belong to nothing: a crash came between the vault and the record, or they were replaced."""

from payment_core.methods.model import VaultKey, VaultRow
from payment_core.operations.batch import each
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

GRACE_MS = 3_600_000
"""Much longer than any request runs, so that a number is never destroyed under one that is about to link it."""
BATCH = 100
"""Of one run; more wait for the next."""
ACTOR = "sweep:unlinked_tokens"


class UnlinkedTokens:
    """The sweep."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def run_once(self, now_ms: int) -> int:
        """Destroy a batch; how many."""
        due = await self._store.query(Due(VaultRow, now_ms - GRACE_MS, BATCH))
        return await each(due, self._destroy, "unlinked-tokens")

    async def _destroy(self, due: VaultRow) -> bool:
        def work(transaction: Transaction) -> bool:
            row = transaction.get(VaultRow, due.id)
            if row is None or not 0 < row.unlinked_since_ms <= transaction.now_ms - GRACE_MS:
                return False
            transaction.delete(VaultRow, due.id)
            transaction.delete(VaultKey, due.id)
            return True

        return await self._store.transact(work, ACTOR)
