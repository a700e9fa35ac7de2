"""Re-encryption in batches that can stop anywhere: record keys to a new data key, data keys to a new master key."""

from collections.abc import Callable, Sequence

import msgspec

from payment_core.vault.errors import DataKeyGone, TamperedRecord, VaultError
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import DATA_KEY_BYTES, DataKey, KeyService
from payment_core.vault.ports import DataKeyRows, KeyInventory
from payment_core.vault.records import DataKeyRow, KeyMove, MoveProgress, RecordKey
from payment_core.vault.sealing import move_key

BATCH_KEYS = 50
"""Well below the 100 items of one DynamoDB transaction, of which progress is one and rows are checked."""

CONFLICTS_MAX = 10
"""Batches in a row that another writer changed; with fewer records than that shredded at once it ends before."""

OnBatch = Callable[[MoveProgress], None]


class JobUnclear(VaultError):
    """A job of this name does something else; choose another name."""


class BatchContended(VaultError):
    """Other writers changed every batch that was tried; run the job again."""

    @property
    def retryable(self) -> bool:
        """Yes: it goes on where it stopped."""
        return True


class Reencryption:
    """Moves keys of one tenant. No number is opened: only the 32 bytes of its key are.

    A batch and its progress are one transaction, so a job that was killed goes on behind the last stored batch, with
    counts that are exact. A job that has finished makes another pass when it is run again.
    """

    def __init__(
        self,
        *,
        tenant: str,
        cache: DataKeyCache,
        service: KeyService,
        rows: DataKeyRows,
        inventory: KeyInventory,
        on_batch: OnBatch,
    ) -> None:
        self._tenant = tenant
        self._cache = cache
        self._service = service
        self._rows = rows
        self._inventory = inventory
        self._on_batch = on_batch

    async def empty_data_key(self, job: str, data_key_id: str) -> MoveProgress:
        """Seal every record key under this data key again, under the current one.

        Raises DataKeyGone, BatchContended, JobUnclear and what KeyService raises. Afterwards Vault.retire_data_key
        can destroy the old one; damaged record keys keep it.
        """
        row = await self._rows.get(data_key_id)
        if row is None or row.tenant != self._tenant or row.purpose != "records":
            raise DataKeyGone(data_key_id)
        progress = await self._begin(job, data_key_id)
        conflicts = 0
        while not progress.finished:
            keys = await self._inventory.keys_under(data_key_id, progress.after, BATCH_KEYS)
            moves, following = await self._next(row, keys, progress)
            if await self._stored(moves, following):
                progress, conflicts = following, 0
                self._on_batch(progress)
            elif conflicts < CONFLICTS_MAX:
                conflicts += 1
            else:
                raise BatchContended(job)
        return progress

    async def rewrap_data_keys(self, job: str) -> MoveProgress:
        """Have the key service encrypt every data key again, under its current key; damaged ones are counted.

        Raises JobUnclear and what KeyService raises. The old master key is then needed for backups alone.
        """
        progress = await self._begin(job, f"tenant {self._tenant}")
        while not progress.finished:
            rows = await self._inventory.data_keys(self._tenant, progress.after, BATCH_KEYS)
            moved = damaged = 0
            for row in rows:
                try:
                    wrapped = await self._service.re_encrypt(row.wrapped, self._cache.context(row.purpose))
                except TamperedRecord:
                    damaged += 1
                    continue
                # A row that changed meanwhile was shredded, or another run encrypted it anew.
                moved += await self._rows.replace(row, msgspec.structs.replace(row, wrapped=wrapped))
            progress = _advanced(progress, [row.id for row in rows], moved, damaged)
            await self._inventory.move_keys([], progress)
            self._on_batch(progress)
        return progress

    async def _begin(self, job: str, source: str) -> MoveProgress:
        progress = await self._inventory.progress(job)
        if progress is None:
            return MoveProgress(job=job, source=source)
        if progress.source != source:
            raise JobUnclear(job)
        if progress.finished:
            return msgspec.structs.replace(progress, after="", damaged=0, finished=False)
        return progress

    async def _stored(self, moves: Sequence[KeyMove], progress: MoveProgress) -> bool:
        try:
            return await self._inventory.move_keys(moves, progress)
        except DataKeyGone:
            # A key to move to was destroyed by another process; the next attempt gets another one.
            for data_key_id in {move.new.data_key_id for move in moves}:
                self._cache.forget(data_key_id)
            return False

    async def _next(
        self, row: DataKeyRow, keys: Sequence[RecordKey], progress: MoveProgress
    ) -> tuple[list[KeyMove], MoveProgress]:
        moves: list[KeyMove] = []
        damaged = 0
        for key in keys:
            source, target = await self._both(row)
            try:
                moves.append(move_key(key, source, target))
            except TamperedRecord:
                damaged += 1
        return moves, _advanced(progress, [key.token for key in keys], len(moves), damaged)

    async def _both(self, row: DataKeyRow) -> tuple[DataKey, DataKey]:
        """The key to open with and another one to seal with; neither was erased while the other was fetched."""
        while True:
            source = await self._cache.opening_key(row)
            target = await self._cache.sealing_key(DATA_KEY_BYTES)
            if target.id == row.id:
                await self._cache.rotate()
            elif not source.erased:
                return source, target


def _advanced(progress: MoveProgress, names: Sequence[str], moved: int, damaged: int) -> MoveProgress:
    """Progress behind a batch; an empty batch was the end."""
    return msgspec.structs.replace(
        progress,
        after=names[-1] if names else progress.after,
        moved=progress.moved + moved,
        damaged=progress.damaged + damaged,
        batches=progress.batches + (1 if names else 0),
        finished=not names,
    )
