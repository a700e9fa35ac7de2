"""The upkeep of a vault beside the running core: which keys there are, other ones, and the end of old ones."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from payment_core.assembly.existing import PRODUCER, existing_table
from payment_core.assembly.vaulting import TENANT, open_key_service
from payment_core.clock import Clock, SystemClock
from payment_core.methods.model import VaultDataKey
from payment_core.methods.vault_accesses import StoredVaultAccesses
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.registry import core_registry
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.walking import every
from payment_core.vault.errors import DataKeyGone, DataKeyInUse
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.local_keys import LocalKeyService
from payment_core.vault.keys.port import KeyService, KeyState
from payment_core.vault.records import DataKeyRow, KeyPurpose, MoveProgress
from payment_core.vault.reencryption import OnBatch, Reencryption
from payment_core.vault.vault import Vault

PAGE = 1_000
REWRAP_JOB = "rewrap"


class DataKeyView(msgspec.Struct, frozen=True, kw_only=True):
    """One data key. numbers: how many cards and accounts have their key sealed under it. moving: an unfinished move.

    sealing_ends_at_ms: no process seals under it from this time on; 0 when it never seals.
    """

    id: str
    purpose: KeyPurpose
    created_at_ms: int
    sealing_ends_at_ms: int
    numbers: int
    moving: MoveProgress | None = None


class VaultStatus(msgspec.Struct, frozen=True, kw_only=True):
    """key_service: ``kms`` or ``file``."""

    key_service: str
    key_state: KeyState
    numbers: int
    data_keys: tuple[DataKeyView, ...]
    rewrapping: MoveProgress | None


class Custodian(msgspec.Struct, frozen=True, kw_only=True):
    """Who destroys keys, in which role of the vault, and why; goes on record."""

    actor: str
    role: str
    reason: str


class KeptKey(msgspec.Struct, frozen=True):
    """A data key that was not destroyed, and why."""

    id: str
    why: str


class Retired(msgspec.Struct, frozen=True):
    """What became of the data keys that were to be retired."""

    retired: tuple[str, ...]
    kept: tuple[KeptKey, ...]


class VaultUpkeep:
    """Everything here can be stopped anywhere and run again; the running core goes on meanwhile."""

    def __init__(self, store: LedgerStore, service: KeyService, origin: Origin, clock: Clock) -> None:
        self._store = store
        self._service = service
        self._rows = StoredDataKeys(store)
        self._cache = DataKeyCache(tenant=TENANT, service=service, rows=self._rows, clock=clock)
        self._vault = Vault(
            tenant=TENANT,
            cache=self._cache,
            fingerprints=Fingerprints(tenant=TENANT, service=service, rows=self._rows, cache=self._cache, clock=clock),
            records=StoredVaultRecords(store),
            rows=self._rows,
            audit=StoredVaultAccesses(store, origin),
            clock=clock,
        )

    async def status(self) -> VaultStatus:
        """What there is now."""
        views = [await self._view(row) for row in await self._data_keys()]
        return VaultStatus(
            key_service="file" if isinstance(self._service, LocalKeyService) else "kms",
            key_state=await self._service.state(),
            numbers=sum(view.numbers for view in views),
            data_keys=tuple(views),
            rewrapping=_unfinished(await self._rows.progress(REWRAP_JOB)),
        )

    async def rotate(self, on_batch: OnBatch) -> MoveProgress:
        """Encrypt every data key under the newest master key, after making one where that is ours to do.

        A KMS key is rotated by AWS. A run that was interrupted makes no second master key. Raises VaultError.
        """
        before = await self._rows.progress(REWRAP_JOB)
        if isinstance(self._service, LocalKeyService) and _unfinished(before) is None:
            await self._service.rotate()
        return _of_this_pass(before, await self._moving(on_batch).rewrap_data_keys(REWRAP_JOB))

    async def reencrypt(self, on_batch: OnBatch) -> tuple[MoveProgress, ...]:
        """Seal the key of every number again, under a new data key; one result for each data key that is left.

        The old data keys stay until they are retired. Raises VaultError.
        """
        moving = self._moving(on_batch)
        done: list[MoveProgress] = []
        for row in [row for row in await self._data_keys() if row.purpose == "records"]:
            before = await self._rows.progress(job_of(row.id))
            # A run that died behind its last batch left nothing to move, and is not over.
            if _unfinished(before) is not None or await self._rows.keys_under(row.id, "", 1):
                done.append(_of_this_pass(before, await moving.empty_data_key(job_of(row.id), row.id)))
        return tuple(done)

    async def retire(self, data_key_ids: Sequence[str], custodian: Custodian) -> Retired:
        """Destroy those data keys that protect nothing any more. Raises AccessRefused and AuditUnavailable."""
        retired: list[str] = []
        kept: list[KeptKey] = []
        for data_key_id in data_key_ids:
            try:
                await self._vault.retire_data_key(data_key_id, **msgspec.structs.asdict(custodian))
            except (DataKeyGone, DataKeyInUse) as error:
                kept.append(KeptKey(data_key_id, str(error)))
            else:
                retired.append(data_key_id)
        return Retired(tuple(retired), tuple(kept))

    async def numbers_under(self, data_key_id: str) -> int:
        """How many numbers nobody can read any more once this data key is shredded. Raises DataKeyGone."""
        row = await self._rows.get(data_key_id)
        if row is None or row.tenant != TENANT:
            raise DataKeyGone(data_key_id)
        return await self._count(data_key_id)

    async def shred(self, data_key_id: str, custodian: Custodian) -> None:
        """Destroy a data key with every number that it protects.

        Raises AccessRefused, AuditUnavailable, DataKeyGone, and DataKeyInUse for the key of the fingerprints.
        """
        await self._vault.shred_data_key(data_key_id, **msgspec.structs.asdict(custodian))

    def _moving(self, on_batch: OnBatch) -> Reencryption:
        return Reencryption(
            tenant=TENANT,
            cache=self._cache,
            service=self._service,
            rows=self._rows,
            inventory=self._rows,
            on_batch=on_batch,
        )

    async def _data_keys(self) -> list[DataKeyRow]:
        return [record.row async for record in every(self._store, Listing(VaultDataKey, TENANT, limit=PAGE))]

    async def _view(self, row: DataKeyRow) -> DataKeyView:
        return DataKeyView(
            id=row.id,
            purpose=row.purpose,
            created_at_ms=row.created_at_ms,
            sealing_ends_at_ms=row.sealing_ends_at_ms,
            numbers=await self._count(row.id),
            moving=_unfinished(await self._rows.progress(job_of(row.id))),
        )

    async def _count(self, data_key_id: str) -> int:
        numbers, after = 0, ""
        while keys := await self._rows.keys_under(data_key_id, after, PAGE):
            numbers += len(keys)
            after = keys[-1].token
        return numbers


def job_of(data_key_id: str) -> str:
    """The name of the job that empties a data key."""
    return f"empty:{data_key_id}"


def _unfinished(progress: MoveProgress | None) -> MoveProgress | None:
    return None if progress is None or progress.finished else progress


def _of_this_pass(before: MoveProgress | None, after: MoveProgress) -> MoveProgress:
    """A pass that follows a finished one goes on counting; what it moved itself is the difference."""
    if before is None or not before.finished:
        return after
    return msgspec.structs.replace(after, moved=after.moved - before.moved, batches=after.batches - before.batches)


@asynccontextmanager
async def vault_upkeep(options: CoreOptions) -> AsyncIterator[VaultUpkeep]:
    """The upkeep of the vault in the options' store; no table and no master key is made.

    Raises DatabaseUnusable, LayoutMismatch, KeyFileUnusable and, when a table does not answer, StoreBusy.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await _existing(stack, options, clock)
        service = await open_key_service(stack, options, clock, may_create=False)
        yield VaultUpkeep(store, service, Origin(PRODUCER, options.version, options.region), clock)


async def _existing(stack: AsyncExitStack, options: CoreOptions, clock: Clock) -> LedgerStore:
    if options.store == "dynamodb":
        return await stack.enter_async_context(existing_table(options, clock))
    store = SqliteStore(path=options.database, registry=core_registry(), producer=PRODUCER, clock=clock)
    await store.open()
    stack.push_async_callback(store.close)
    return store
