"""The vault's sealed numbers in the payment store: each method is one transaction."""

import msgspec

from payment_core.methods.model import VaultDataKey, VaultKey, VaultRow
from payment_core.methods.vault_accesses import shred_act, write_access
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.vault.errors import DataKeyGone
from payment_core.vault.records import RecordKey, SealedRecord, StoredToken

ACTOR = "core:vault"


class StoredVaultRecords:
    """The vault's ``VaultRecords``."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    async def add(self, record: SealedRecord, key: RecordKey) -> None:
        """Store both; until something links the token, the sweep may destroy them. Raises DataKeyGone."""

        def work(transaction: Transaction) -> None:
            require_data_key(transaction, key.data_key_id)
            transaction.put(VaultRow(id=record.token, record=record, unlinked_since_ms=transaction.now_ms))
            transaction.put(VaultKey(id=key.token, key=key))

        await self._store.transact(work, ACTOR)

    async def get(self, token: str) -> StoredToken | None:
        """The record with the rows that open it, all of one moment."""

        def work(transaction: Transaction) -> StoredToken | None:
            row = transaction.get(VaultRow, token)
            if row is None:
                return None
            key = transaction.get(VaultKey, token)
            data_key = None if key is None else transaction.get(VaultDataKey, key.key.data_key_id)
            return StoredToken(row.record, None if key is None else key.key, None if data_key is None else data_key.row)

        return await self._store.transact(work, ACTOR)

    async def key_of(self, token: str) -> RecordKey | None:
        """The key of what stands behind a token, alone."""
        known = await self._store.read(VaultKey, token)
        return None if known is None else known.key


def require_data_key(transaction: Transaction, data_key_id: str) -> None:
    """Raise DataKeyGone unless numbers may be sealed under this data key."""
    data_key = transaction.get(VaultDataKey, data_key_id)
    if data_key is None or data_key.is_leaving:
        raise DataKeyGone(data_key_id)


def shred_number(transaction: Transaction, origin: Origin, token: str, *, actor: str, reason: str) -> bool:
    """Destroy a number and its fingerprint, with the audit row of it; False when there is no such token.

    What may be shown stays, for receipts and refunds. The key is gone, so the number is unreadable wherever its
    ciphertext still lies, backups included.
    """
    row = transaction.get(VaultRow, token)
    if row is None:
        return False
    write_access(transaction, origin, shred_act(token, actor, reason, transaction.now_ms))
    if transaction.get(VaultKey, token) is not None:
        transaction.delete(VaultKey, token)
    blank = msgspec.structs.replace(row.record, sealed=b"", fingerprint="")
    transaction.put(VaultRow(id=token, record=blank))
    return True


def link_token(transaction: Transaction, token: str) -> bool:
    """Keep a new token's number for good; False when there is none any more."""
    row = transaction.get(VaultRow, token)
    if row is None or row.record.sealed == b"":
        return False
    transaction.put(VaultRow(id=token, record=row.record))
    return True


def unlink_token(transaction: Transaction, token: str, since_ms: int) -> None:
    """Have the sweep destroy the token's number some time after this moment."""
    row = transaction.get(VaultRow, token)
    if row is not None and row.record.sealed != b"":
        transaction.put(VaultRow(id=token, record=row.record, unlinked_since_ms=since_ms))
