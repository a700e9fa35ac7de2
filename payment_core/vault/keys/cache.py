"""Data keys in memory: few calls of the key service, with a limit on everything that is kept."""

from collections import OrderedDict
from functools import partial

import msgspec

from payment_core.clock import Clock
from payment_core.vault.keys.port import Context, DataKey, KeyService
from payment_core.vault.keys.single_flight import SingleFlight
from payment_core.vault.ports import DataKeyRows
from payment_core.vault.records import DataKeyRow, KeyPurpose
from payment_core.vault.tokens import new_data_key_id


class CacheLimits(msgspec.Struct, frozen=True):
    """How long and how often a data key is used before another one is made, and how many are kept for reading.

    sealing_age_ms: an hour. A process then makes 24 keys a day, and what one key protects is small enough to shred;
    an outage of the key service shorter than the rest of the hour stops nobody.
    sealing_messages: 2^20, a 4096th of what random nonces allow (NIST SP 800-38D 8.3).
    sealing_bytes: 64 MiB, 2^20 record keys with room to spare: it binds only when something larger is sealed.
    opening_age_ms: an hour, as for sealing: what is read again within it costs no call.
    opening_keys: 1,024 keys of 32 bytes, those of three weeks of two processes; the least recently used goes first.
    """

    sealing_age_ms: int = 3_600_000
    sealing_messages: int = 1 << 20
    sealing_bytes: int = 64 << 20
    opening_age_ms: int = 3_600_000
    opening_keys: int = 1_024


class CacheCounts:
    """What happened since the process started, as plain numbers."""

    __slots__ = ("evictions", "failures", "made", "opened", "opening_hits", "opening_misses", "sealing_hits", "waits")

    def __init__(self) -> None:
        self.sealing_hits = 0
        self.waits = 0
        self.made = 0
        self.opening_hits = 0
        self.opening_misses = 0
        self.opened = 0
        self.evictions = 0
        self.failures = 0


class _Sealing:
    __slots__ = ("bytes_left", "ends_at_ms", "key", "messages_left", "stale_at_ms")

    def __init__(self, key: DataKey, *, stale_at_ms: float, ends_at_ms: int, limits: CacheLimits) -> None:
        self.key = key
        self.stale_at_ms = stale_at_ms
        self.ends_at_ms = ends_at_ms
        self.messages_left = limits.sealing_messages
        self.bytes_left = limits.sealing_bytes


class _Opening:
    __slots__ = ("blob", "key", "stale_at_ms")

    def __init__(self, key: DataKey, blob: bytes, stale_at_ms: float) -> None:
        self.key = key
        self.blob = blob
        self.stale_at_ms = stale_at_ms


class DataKeyCache:
    """Gives data keys of one tenant. A key must be used before the next await: an evicted key is erased.

    However many callers miss at once, the key service is called once, and a failure is shared by those who waited.
    """

    def __init__(
        self,
        *,
        tenant: str,
        service: KeyService,
        rows: DataKeyRows,
        clock: Clock,
        limits: CacheLimits = CacheLimits(),  # noqa: B008  # frozen
    ) -> None:
        self._tenant = tenant
        self._service = service
        self._rows = rows
        self._clock = clock
        self._limits = limits
        self._sealing: _Sealing | None = None
        self._opening: OrderedDict[str, _Opening] = OrderedDict()
        self._making: SingleFlight[None] = SingleFlight()
        self._decrypting: SingleFlight[None] = SingleFlight()
        self._forgotten = 0
        self.counts = CacheCounts()

    async def sealing_key(self, size_bytes: int) -> DataKey:
        """The key to seal one message of this size with. Raises what KeyService.generate_data_key raises."""
        waited = False
        while (current := self._usable_sealing(size_bytes)) is None:
            waited = True
            self.counts.waits += 1
            await self._making.run(self._tenant, self._make)
        current.messages_left -= 1
        current.bytes_left -= size_bytes
        self.counts.sealing_hits += not waited
        return current.key

    async def opening_key(self, row: DataKeyRow) -> DataKey:
        """The key of a row. Raises what KeyService.decrypt raises."""
        waited = False
        while (kept := self._usable_opening(row)) is None:
            waited = True
            self.counts.opening_misses += 1
            await self._decrypting.run((row.id, row.wrapped.blob), partial(self._decrypt, row))
        self.counts.opening_hits += not waited
        return kept

    def holds(self, row: DataKeyRow) -> bool:
        """Whether the row's key is in memory and usable."""
        return self._usable_opening(row) is not None

    async def rotate(self) -> str:
        """Seal with a new data key from now on; its id. The old one stays in use until the new one is stored."""
        await self._making.run(self._tenant, self._make)
        return (await self.sealing_key(0)).id

    def forget(self, data_key_id: str) -> None:
        """Erase a data key whose row is gone."""
        if self._sealing is not None and self._sealing.key.id == data_key_id:
            self._drop_sealing()
        if data_key_id in self._opening:
            self._drop_opening(data_key_id)

    def forget_all(self) -> None:
        """Erase everything, also what a call under way will bring: the key service is asked before the next use."""
        self._forgotten += 1
        self._drop_sealing()
        while self._opening:
            self._drop_opening(next(iter(self._opening)))

    def context(self, purpose: KeyPurpose) -> Context:
        """The encryption context: coarse, because each other one is a call."""
        return {"purpose": purpose, "tenant": self._tenant}

    async def _make(self) -> None:
        forgotten = self._forgotten
        now_ms = self._clock.now_ms()
        try:
            made = await self._service.generate_data_key(self.context("records"))
            row = DataKeyRow(
                id=new_data_key_id(now_ms),
                tenant=self._tenant,
                purpose="records",
                wrapped=made.wrapped,
                created_at_ms=now_ms,
                sealing_ends_at_ms=now_ms + self._limits.sealing_age_ms,
            )
            # Nothing is sealed under a key that a crash would lose.
            await self._rows.add(row)
        except Exception:
            self.counts.failures += 1
            raise
        self.counts.made += 1
        key = DataKey(row.id, made.plaintext)
        if forgotten != self._forgotten:
            key.erase()
            return
        self._drop_sealing()
        self._keep_opening(row, bytearray(key.bytes_for_mac()))
        self._sealing = _Sealing(
            key,
            stale_at_ms=self._clock.monotonic_ms() + self._limits.sealing_age_ms,
            ends_at_ms=row.sealing_ends_at_ms,
            limits=self._limits,
        )

    async def _decrypt(self, row: DataKeyRow) -> None:
        forgotten = self._forgotten
        try:
            plaintext = await self._service.decrypt(row.wrapped, self.context(row.purpose))
        except Exception:
            self.counts.failures += 1
            raise
        self.counts.opened += 1
        if forgotten == self._forgotten:
            self._keep_opening(row, plaintext)
        else:
            DataKey(row.id, plaintext).erase()

    def _keep_opening(self, row: DataKeyRow, plaintext: bytearray) -> None:
        if row.id in self._opening:
            self._drop_opening(row.id)
        while len(self._opening) >= self._limits.opening_keys:
            self._drop_opening(next(iter(self._opening)))
        stale_at_ms = self._clock.monotonic_ms() + self._limits.opening_age_ms
        self._opening[row.id] = _Opening(DataKey(row.id, plaintext), row.wrapped.blob, stale_at_ms)

    def _usable_sealing(self, size_bytes: int) -> _Sealing | None:
        current = self._sealing
        if current is None:
            return None
        stale = self._clock.monotonic_ms() >= current.stale_at_ms or self._clock.now_ms() >= current.ends_at_ms
        # A message larger than the whole limit still gets a key of its own.
        full = current.bytes_left < size_bytes and current.messages_left < self._limits.sealing_messages
        if stale or full or current.messages_left <= 0:
            self._drop_sealing()
            return None
        return current

    def _usable_opening(self, row: DataKeyRow) -> DataKey | None:
        kept = self._opening.get(row.id)
        if kept is None:
            return None
        if self._clock.monotonic_ms() >= kept.stale_at_ms or kept.blob != row.wrapped.blob:
            self._drop_opening(row.id)
            return None
        self._opening.move_to_end(row.id)
        return kept.key

    def _drop_sealing(self) -> None:
        if self._sealing is not None:
            self._sealing.key.erase()
            self._sealing = None
            self.counts.evictions += 1

    def _drop_opening(self, data_key_id: str) -> None:
        self._opening.pop(data_key_id).key.erase()
        self.counts.evictions += 1
