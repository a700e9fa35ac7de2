"""Takes entries off the fraud lists when their time is over."""

from payment_core.fraud.list_model import FraudListEntry
from payment_core.fraud.listing import EXPIRY_ACTOR, end_entry
from payment_core.operations.batch import each
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

BATCH = 100


class ListExpiry:
    """Job: ends entries that are over. Scoring never uses them meanwhile."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def run_once(self, now_ms: int) -> int:
        """End a batch; returns how many."""
        return await each(await self._store.query(Due(FraudListEntry, now_ms, BATCH)), self._end, "fraud-list-expiry")

    async def _end(self, due: FraudListEntry) -> bool:
        def work(transaction: Transaction) -> bool:
            entry = transaction.get(FraudListEntry, due.id)
            if entry is None or not 0 < entry.due_at_ms <= transaction.now_ms:
                return False
            end_entry(transaction, self._origin, entry, "expired", EXPIRY_ACTOR)
            return True

        return await self._store.transact(work, EXPIRY_ACTOR)
