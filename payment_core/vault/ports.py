"""What the vault needs of whoever stores its rows and of whoever keeps its audit trail."""

from collections.abc import Sequence
from typing import Protocol

from payment_core.vault.access import VaultAct
from payment_core.vault.records import DataKeyRow, KeyMove, MoveProgress, RecordKey, SealedRecord, StoredToken


class VaultRecords(Protocol):
    """Sealed records and their keys. Each method is one transaction."""

    async def add(self, record: SealedRecord, key: RecordKey) -> None:
        """Store both or neither. Raises DataKeyGone unless the row of ``key.data_key_id`` is stored."""
        ...

    async def get(self, token: str) -> StoredToken | None:
        """The record with the rows that open it, or None."""
        ...


class DataKeyRows(Protocol):
    """Data keys as the key service encrypted them. Each method is one transaction."""

    async def add(self, row: DataKeyRow) -> DataKeyRow:
        """Store the row unless one with its id is there; either way, give the one that is stored."""
        ...

    async def get(self, data_key_id: str) -> DataKeyRow | None:
        """The row, or None."""
        ...

    async def replace(self, old: DataKeyRow, new: DataKeyRow) -> bool:
        """Store ``new`` if ``old`` is stored unchanged; False when it is not. Both have one id."""
        ...

    async def remove(self, data_key_id: str, *, only_unused: bool) -> bool:
        """Delete the row, and with only_unused only if no record key names it; False when nothing was deleted."""
        ...


class KeyInventory(Protocol):
    """What re-encryption walks through. Each method is one transaction."""

    async def data_keys(self, tenant: str, after_id: str, limit: int) -> Sequence[DataKeyRow]:
        """The tenant's rows with an id behind this one, in order of id."""
        ...

    async def keys_under(self, data_key_id: str, after_token: str, limit: int) -> Sequence[RecordKey]:
        """Record keys that name this data key, with a token behind this one, in order of token."""
        ...

    async def move_keys(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        """Store every new key and the progress, or nothing and False when an old key is not stored unchanged.

        Raises DataKeyGone unless the row of every new ``data_key_id`` is stored.
        """
        ...

    async def progress(self, job: str) -> MoveProgress | None:
        """What move_keys stored last for this job, or None."""
        ...


class AuditTrail(Protocol):
    """The append-only record of who saw or destroyed what (PCI DSS 10.2.1)."""

    async def record(self, act: VaultAct) -> None:
        """Store the row durably before this returns; whatever is raised keeps the number hidden."""
        ...
