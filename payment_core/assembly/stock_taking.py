"""Looks at what lies in the store, for the metrics: bounded reads, now and then, and never while somebody waits."""

from collections import Counter
from collections.abc import Callable
from types import MappingProxyType

from payment_core.ach.files.model import AchFile
from payment_core.ledger.posting import Hold
from payment_core.metrics.domain_counts import Stock
from payment_core.payments.model import Waiting
from payment_core.store.port import LedgerStore
from payment_core.store.records import Due, Listing

COUNTED_MAX = 1_000
FILES_MAX = 200
HOLD_GRACE_MS = 5 * 60 * 1000
"""A sweep frees holds within this time."""

_OBJECTS = MappingProxyType({"pay": "payment", "cap": "capture", "ref": "refund"})


class StockTaking:
    """Job: counts, and gives the numbers to ``keep``."""

    def __init__(self, store: LedgerStore, keep: Callable[[Stock], None]) -> None:
        self._store = store
        self._keep = keep

    async def run_once(self, now_ms: int) -> int:
        """Count once; it is no work that leaves any."""
        waiting = await self._store.query(Listing(Waiting, limit=COUNTED_MAX))
        holds = await self._store.query(Due(Hold, now_ms - HOLD_GRACE_MS, COUNTED_MAX))
        files = await self._store.query(Listing(AchFile, limit=FILES_MAX, order="descending"))
        by_object = Counter(_OBJECTS.get(each.id.partition("_")[0], "other") for each in waiting)
        counted = {**dict.fromkeys(_OBJECTS.values(), 0), **by_object}
        self._keep(Stock(counted, len(holds), dict(Counter(file.status for file in files))))
        return 0
