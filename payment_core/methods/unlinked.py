"""Destroys numbers that belong to nothing: a crash came between the vault and the record, or they were replaced."""

import structlog

from payment_core.errors import CoreError
from payment_core.methods.model import VaultKey, VaultRow
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

log = structlog.get_logger()

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
        destroyed = 0
        for row in await self._store.query(Due(VaultRow, now_ms - GRACE_MS, BATCH)):
            try:
                destroyed += await self._destroy(row.id)
            except CoreError as error:
                log.error("unlinked token stays", action="unlinked_token_failed", token=row.id, error=str(error))
        return destroyed

    async def _destroy(self, token: str) -> bool:
        def work(transaction: Transaction) -> bool:
            row = transaction.get(VaultRow, token)
            if row is None or not 0 < row.unlinked_since_ms <= transaction.now_ms - GRACE_MS:
                return False
            transaction.delete(VaultRow, token)
            transaction.delete(VaultKey, token)
            return True

        return await self._store.transact(work, ACTOR)
