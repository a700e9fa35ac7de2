"""Keeps what the two sides do not agree on: field by field, by keyed hashes, until they agree again."""

from collections.abc import Sequence

import msgspec

from payment_core.migration.running.model import Difference, ObjectKind
from payment_core.migration.running.shadow_read.comparing import FieldDifference
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing

ACTOR = "sweep:shadow-reads"
OPEN_MAX = 10_000
"""Open differences that are known by name; with so many nobody is cut over anyway."""


class Differences:
    """The record of them. load: to be called once before the first comparison."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._open: set[tuple[str, str]] = set()

    async def load(self) -> int:
        """Learn which are open, also those that another process found; how many."""
        found = await self._store.query(Listing(Difference, owner="open", limit=OPEN_MAX))
        self._open = {(one.object_kind, one.object_id) for one in found}
        return len(found)

    async def record(
        self, kind: ObjectKind, object_id: str, there: str, differences: Sequence[FieldDifference]
    ) -> None:
        """Keep them; one that is open already is seen once more. Fields that agree by now are settled."""
        fields = {one.field for one in differences}

        def work(transaction: Transaction) -> None:
            for one in differences:
                name = f"{kind}:{object_id}:{one.field}"
                known = transaction.get(Difference, name)
                fresh = known is None or known.settled_at_ms > 0
                transaction.put(
                    Difference(
                        id=name,
                        object_kind=kind,
                        object_id=object_id,
                        there=there,
                        field=one.field,
                        ours=one.ours,
                        theirs=one.theirs,
                        first_at_ms=transaction.now_ms if known is None or fresh else known.first_at_ms,
                        last_at_ms=transaction.now_ms,
                        times=1 if known is None or fresh else known.times + 1,
                    )
                )

        await self._store.transact(work, ACTOR)
        if (kind, object_id) in self._open:
            await self._settle(kind, object_id, but=fields)
        self._open.add((kind, object_id))

    async def settle(self, kind: ObjectKind, object_id: str) -> None:
        """The two sides agree: what is open about the object is settled."""
        if (kind, object_id) in self._open:
            await self._settle(kind, object_id, but=set())
            self._open.discard((kind, object_id))

    async def _settle(self, kind: ObjectKind, object_id: str, but: set[str]) -> None:
        name = f"{kind}:{object_id}:"
        listing = Listing(Difference, owner="open", after=name, limit=20)
        found = [one for one in await self._store.query(listing) if one.id.startswith(name) and one.field not in but]

        def work(transaction: Transaction) -> None:
            for one in found:
                current = transaction.get(Difference, one.id)
                if current is not None and current.settled_at_ms == 0:
                    transaction.put(msgspec.structs.replace(current, settled_at_ms=transaction.now_ms))

        if found:
            await self._store.transact(work, ACTOR)
