"""The vault's data keys in the payment store, and the walk through them that re-encryption needs."""

from collections.abc import Sequence

from payment_core.methods.model import VaultDataKey, VaultKey, VaultMove
from payment_core.methods.vault_records import ACTOR, require_data_key
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing
from payment_core.vault.records import DataKeyRow, KeyMove, MoveProgress, RecordKey


class StoredDataKeys:
    """The vault's ``DataKeyRows`` and ``KeyInventory``."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def add(self, row: DataKeyRow) -> DataKeyRow:
        """Store the row unless one with its id is there; either way, give the one that is stored."""

        def work(transaction: Transaction) -> DataKeyRow:
            known = transaction.get(VaultDataKey, row.id)
            if known is not None:
                return known.row
            transaction.put(VaultDataKey(id=row.id, row=row))
            return row

        return await self._store.transact(work, ACTOR)

    async def get(self, data_key_id: str) -> DataKeyRow | None:
        """The row, or None."""
        known = await self._store.read(VaultDataKey, data_key_id)
        return None if known is None else known.row

    async def replace(self, old: DataKeyRow, new: DataKeyRow) -> bool:
        """Store ``new`` if ``old`` is stored unchanged."""

        def work(transaction: Transaction) -> bool:
            known = transaction.get(VaultDataKey, old.id)
            if known is None or known.row != old:
                return False
            transaction.put(VaultDataKey(id=new.id, row=new, is_leaving=known.is_leaving))
            return True

        return await self._store.transact(work, ACTOR)

    async def remove(self, data_key_id: str, *, only_unused: bool) -> bool:
        """Delete the row, and with only_unused only if no record key names it.

        A transaction cannot search, so the row is first marked as leaving, which keeps new record keys away from it;
        what was sealed under it before is then found by a query. A crash in between leaves it marked, and readable.
        """
        if not only_unused:
            return await self._store.transact(lambda transaction: _delete(transaction, data_key_id), ACTOR)
        if not await self._store.transact(lambda transaction: _mark(transaction, data_key_id, leaving=True), ACTOR):
            return False
        if await self.keys_under(data_key_id, "", 1):
            await self._store.transact(lambda transaction: _mark(transaction, data_key_id, leaving=False), ACTOR)
            return False
        return await self._store.transact(lambda transaction: _delete(transaction, data_key_id), ACTOR)

    async def data_keys(self, tenant: str, after_id: str, limit: int) -> Sequence[DataKeyRow]:
        """The tenant's rows behind this id, in order of id."""
        found = await self._store.query(Listing(VaultDataKey, tenant, after_id, limit))
        return [record.row for record in found]

    async def newest_data_keys(self, tenant: str, limit: int) -> Sequence[DataKeyRow]:
        """The tenant's rows, the last id first."""
        found = await self._store.query(Listing(VaultDataKey, tenant, limit=limit, order="descending"))
        return [record.row for record in found]

    async def keys_under(self, data_key_id: str, after_token: str, limit: int) -> Sequence[RecordKey]:
        """Record keys that name this data key behind this token, in order of token."""
        found = await self._store.query(Listing(VaultKey, data_key_id, after_token, limit))
        return [record.key for record in found]

    async def move_keys(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        """Store every new key and the progress, or nothing and False. Raises DataKeyGone."""

        def work(transaction: Transaction) -> bool:
            for move in moves:
                known = transaction.get(VaultKey, move.old.token)
                if known is None or known.key != move.old:
                    return False
                require_data_key(transaction, move.new.data_key_id)
            for move in moves:
                transaction.put(VaultKey(id=move.new.token, key=move.new))
            transaction.put(VaultMove(id=progress.job, progress=progress))
            return True

        return await self._store.transact(work, ACTOR)

    async def progress(self, job: str) -> MoveProgress | None:
        """What move_keys stored last for this job, or None."""
        known = await self._store.read(VaultMove, job)
        return None if known is None else known.progress


def _mark(transaction: Transaction, data_key_id: str, *, leaving: bool) -> bool:
    known = transaction.get(VaultDataKey, data_key_id)
    if known is not None:
        transaction.put(VaultDataKey(id=data_key_id, row=known.row, is_leaving=leaving))
    return known is not None


def _delete(transaction: Transaction, data_key_id: str) -> bool:
    known = transaction.get(VaultDataKey, data_key_id) is not None
    if known:
        transaction.delete(VaultDataKey, data_key_id)
    return known
