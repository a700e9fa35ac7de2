"""The vault's rows, its audit trail and a master key in memory, for tests and benches; a restart forgets everything."""

import asyncio
from collections.abc import Sequence

import msgspec

from payment_core.vault.access import VaultAct
from payment_core.vault.errors import DataKeyGone
from payment_core.vault.keys.master_keys import MasterKeys
from payment_core.vault.keys.port import Context, KeyState, NewDataKey, WrappedKey
from payment_core.vault.records import DataKeyRow, KeyMove, MoveProgress, RecordKey, SealedRecord, StoredToken


class MemoryRecords:
    """VaultRecords and KeyInventory; the data keys' rows are shared with MemoryDataKeyRows."""

    def __init__(self) -> None:
        self.records: dict[str, SealedRecord] = {}
        self.keys: dict[str, RecordKey] = {}
        self.rows: dict[str, DataKeyRow] = {}
        self.jobs: dict[str, MoveProgress] = {}

    async def add(self, record: SealedRecord, key: RecordKey) -> None:
        """Store both."""
        self._require_row(key)
        self.records[record.token] = record
        self.keys[key.token] = key

    async def get(self, token: str) -> StoredToken | None:
        """The rows of a token."""
        record, key = self.records.get(token), self.keys.get(token)
        if record is None:
            return None
        return StoredToken(record, key, None if key is None else self.rows.get(key.data_key_id))

    async def data_keys(self, tenant: str, after_id: str, limit: int) -> Sequence[DataKeyRow]:
        """A page of rows."""
        found = sorted((row for row in self.rows.values() if row.tenant == tenant and row.id > after_id), key=_id_of)
        return found[:limit]

    async def newest_data_keys(self, tenant: str, limit: int) -> Sequence[DataKeyRow]:
        """The last ids first."""
        return sorted((row for row in self.rows.values() if row.tenant == tenant), key=_id_of, reverse=True)[:limit]

    async def keys_under(self, data_key_id: str, after_token: str, limit: int) -> Sequence[RecordKey]:
        """A page of record keys."""
        found = [key for key in self.keys.values() if key.data_key_id == data_key_id and key.token > after_token]
        return sorted(found, key=_token_of)[:limit]

    async def move_keys(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        """All or nothing."""
        for move in moves:
            self._require_row(move.new)
        if any(self.keys.get(move.old.token) != move.old for move in moves):
            return False
        self.keys.update({move.new.token: move.new for move in moves})
        self.jobs[progress.job] = progress
        return True

    async def progress(self, job: str) -> MoveProgress | None:
        """What was stored last."""
        return self.jobs.get(job)

    def _require_row(self, key: RecordKey) -> None:
        if key.data_key_id not in self.rows:
            raise DataKeyGone(key.data_key_id)


class MemoryDataKeyRows:
    """DataKeyRows over the rows of MemoryRecords."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    async def add(self, row: DataKeyRow) -> DataKeyRow:
        """The first of an id stays."""
        return self._records.rows.setdefault(row.id, row)

    async def get(self, data_key_id: str) -> DataKeyRow | None:
        """The row."""
        return self._records.rows.get(data_key_id)

    async def replace(self, old: DataKeyRow, new: DataKeyRow) -> bool:
        """Only if it is unchanged."""
        if self._records.rows.get(old.id) != old:
            return False
        self._records.rows[new.id] = new
        return True

    async def remove(self, data_key_id: str, *, only_unused: bool) -> bool:
        """Delete the row."""
        if only_unused and any(key.data_key_id == data_key_id for key in self._records.keys.values()):
            return False
        return self._records.rows.pop(data_key_id, None) is not None


class MemoryKeyService:
    """A KeyService whose master key ends with the process. made, opened, rewrapped: calls, refused ones included."""

    def __init__(self) -> None:
        self.master_keys = MasterKeys.new(0)
        self.made = 0
        self.opened = 0
        self.rewrapped = 0

    async def generate_data_key(self, context: Context) -> NewDataKey:
        """A new data key, after the others had a turn, as over a network."""
        self.made += 1
        await asyncio.sleep(0)
        return self.master_keys.generate(context)

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """The data key in clear."""
        self.opened += 1
        await asyncio.sleep(0)
        return self.master_keys.decrypt(wrapped, context)

    async def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """The same data key under the newest secret."""
        self.rewrapped += 1
        await asyncio.sleep(0)
        return self.master_keys.re_encrypt(wrapped, context)

    async def state(self) -> KeyState:
        """As it was set."""
        return self.master_keys.state

    def set_state(self, state: KeyState) -> None:
        """As an operator would."""
        self.master_keys = msgspec.structs.replace(self.master_keys, state=state)

    def rotate(self) -> None:
        """Encrypt with a new secret from now on."""
        self.master_keys = self.master_keys.rotated(0)


class MemoryAuditTrail:
    """Keeps every act in order."""

    def __init__(self) -> None:
        self.acts: list[VaultAct] = []

    async def record(self, act: VaultAct) -> None:
        """Keep it."""
        self.acts.append(act)


def _id_of(row: DataKeyRow) -> str:
    return row.id


def _token_of(key: RecordKey) -> str:
    return key.token
