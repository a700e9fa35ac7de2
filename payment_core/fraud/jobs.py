"""Takes entries off the fraud lists when their time is over."""

import structlog

from payment_core.errors import CoreError
from payment_core.fraud.list_model import FraudListEntry
from payment_core.fraud.listing import EXPIRY_ACTOR, end_entry
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

log = structlog.get_logger()

BATCH = 100


class ListExpiry:
    """Job: ends entries that are over. Scoring never uses them meanwhile."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def run_once(self, now_ms: int) -> int:
        """End a batch; returns how many."""
        due = await self._store.query(Due(FraudListEntry, now_ms, BATCH))
        ended = 0
        for entry in due:
            try:
                ended += await self._end(entry.id)
            except CoreError as error:
                log.warning("an entry was not ended", action="fraud_entry_kept", entry=entry.id, fault=str(error))
        return ended

    async def _end(self, entry_id: str) -> bool:
        def work(transaction: Transaction) -> bool:
            entry = transaction.get(FraudListEntry, entry_id)
            if entry is None or not 0 < entry.due_at_ms <= transaction.now_ms:
                return False
            end_entry(transaction, self._origin, entry, "expired", EXPIRY_ACTOR)
            return True

        return await self._store.transact(work, EXPIRY_ACTOR)
