"""A sealed number in the store, written and found by the jobs that move numbers."""

from typing import cast

import msgspec

from payment_core.methods.model import VaultDataKey, VaultKey, VaultRow
from payment_core.methods.vault_records import require_data_key
from payment_core.migration.export.records import Record
from payment_core.migration.jobs.port import Prepared
from payment_core.migration.jobs.sealing import SealedNumber
from payment_core.migration.model import Moved, SealedOnce
from payment_core.store.port import Transaction
from payment_core.vault.records import StoredToken


def keep_number(transaction: Transaction, sealed: SealedNumber) -> None:
    """Store a number, linked from the start. Raises DataKeyGone."""
    require_data_key(transaction, sealed.key.data_key_id)
    transaction.put(VaultRow(id=sealed.record.token, record=sealed.record))
    transaction.put(VaultKey(id=sealed.key.token, key=sealed.key))


def find_number(transaction: Transaction, token: str) -> StoredToken | None:
    """The number with all that opens it; None when it was destroyed, or never was."""
    row = transaction.get(VaultRow, token)
    key = transaction.get(VaultKey, token)
    data_key = None if key is None else transaction.get(VaultDataKey, key.key.data_key_id)
    if row is None or key is None or data_key is None:
        return None
    return StoredToken(row.record, key.key, data_key.row)


def join(transaction: Transaction, once: SealedOnce, name: str) -> None:
    """Note that one more object of the old processor leads to the number."""
    if name not in once.names:
        transaction.put(msgspec.structs.replace(once, names=(*once.names, name)))


def is_left_to_others(transaction: Transaction, once_id: str, name: str) -> bool:
    """Whether the number is still that of another object of the old processor; this one leads to it no more."""
    once = transaction.get(SealedOnce, once_id)
    others = () if once is None else tuple(one for one in once.names if one != name)
    if once is None or not others:
        return False
    transaction.put(msgspec.structs.replace(once, names=others))
    return True


def taken_off(moved: Moved, one: Prepared, version: int) -> Moved:
    """Where the record stands that took it off there. version: of our object since."""
    record = cast("Record", one.read)
    return msgspec.structs.replace(
        moved,
        content=one.line.sha256,
        version=version,
        source_hash=record.source_hash,
        occurred_at_ms=record.occurred_at_ms,
        position=record.position,
    )
