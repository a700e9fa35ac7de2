"""Lets one process of all do what one is enough for: it holds a lease, and another takes over when it is silent."""

from payment_core.migration.running.model import LEASE_ID, RunnerLease
from payment_core.store.port import LedgerStore, Transaction

LEASE_MS = 5_000
"""A process that died is replaced after so long."""
RENEW_MS = 2_000
"""It is written again after so long, not at each look: it costs a transaction."""
ACTOR = "sweep:migration-lease"


class Lease:
    """holder: the name of this process, such as ``blue``."""

    def __init__(self, store: LedgerStore, holder: str) -> None:
        self._store = store
        self._holder = holder
        self._until_ms = 0

    async def held(self, now_ms: int) -> bool:
        """Whether this process may do it now."""
        if now_ms < self._until_ms - LEASE_MS + RENEW_MS:
            return True

        def work(transaction: Transaction) -> int:
            known = transaction.get(RunnerLease, LEASE_ID)
            if known is not None and known.holder != self._holder and known.until_ms > transaction.now_ms:
                return 0
            until_ms = transaction.now_ms + LEASE_MS
            transaction.put(RunnerLease(id=LEASE_ID, holder=self._holder, until_ms=until_ms))
            return until_ms

        self._until_ms = await self._store.transact(work, ACTOR)
        return self._until_ms > 0
