"""Seals the numbers of a batch under one data key, and opens them again for the proof; several threads share it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from payment_core.clock import Clock
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import DATA_KEY_BYTES, DataKey
from payment_core.vault.numbers.instruments import BankAccount, Card
from payment_core.vault.records import DataKeyRow, RecordKey, SealedRecord, StoredToken
from payment_core.vault.sealing import Instrument, open_instrument, seal_instrument

T = TypeVar("T")
U = TypeVar("U")


class SealedNumber(msgspec.Struct, frozen=True):
    """The two rows of a number that is sealed and not yet stored."""

    record: SealedRecord
    key: RecordKey


class BatchKey:
    """A data key for one batch, of this batch's own, so that no eviction takes it away between two threads."""

    def __init__(self, tenant: str, key: DataKey, now_ms: int) -> None:
        self._tenant = tenant
        self._key = DataKey(key.id, key.bytes_for_mac())
        self._now_ms = now_ms

    def seal(self, instrument: Instrument, token: str, fingerprint: str) -> SealedNumber:
        """The rows of a number under this token. Raises DataKeyErased after ``erase``."""
        record, key = seal_instrument(
            instrument,
            token=token,
            tenant=self._tenant,
            data_key=self._key,
            fingerprint=fingerprint,
            now_ms=self._now_ms,
        )
        return SealedNumber(record, key)

    def erase(self) -> None:
        """The batch is over."""
        self._key.erase()


class NumberSealing:
    """The vault's sealing, for many numbers at once. threads: that work on one batch."""

    def __init__(
        self, *, tenant: str, cache: DataKeyCache, fingerprints: Fingerprints, clock: Clock, threads: int
    ) -> None:
        self._tenant = tenant
        self._cache = cache
        self._fingerprints = fingerprints
        self._clock = clock
        self._threads = threads
        self._current: BatchKey | None = None

    async def key_for(self, numbers: int) -> BatchKey:
        """One data key for so many numbers. Raises what the key service raises."""
        key = await self._cache.sealing_key(DATA_KEY_BYTES * max(1, numbers))
        self.release()
        self._current = BatchKey(self._tenant, key, self._clock.now_ms())
        return self._current

    def release(self, lost_key: str = "") -> None:
        """Erase the key of the last batch; one that was destroyed by somebody is not used again."""
        if self._current is not None:
            self._current.erase()
            self._current = None
        if lost_key != "":
            self._cache.forget(lost_key)

    async def fingerprint(self, instrument: Instrument) -> str:
        """A keyed hash of the number. Raises what the key service raises."""
        if isinstance(instrument, Card):
            return await self._fingerprints.of_card(instrument.pan)
        return await self._fingerprints.of_bank_account(instrument)

    async def each(self, work: Callable[[T], U], items: Sequence[T]) -> list[U]:
        """The work's answers in order, worked out by several threads."""
        size = max(1, -(-len(items) // max(1, self._threads)))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        done = await asyncio.gather(*(asyncio.to_thread(_each, work, part) for part in parts))
        return [one for part in done for one in part]

    async def opened(self, stored: Sequence[StoredToken]) -> list[Card | BankAccount]:
        """What was sealed. Raises TamperedRecord, and what the key service raises."""
        keys: dict[str, DataKey] = {}
        try:
            for one in stored:
                if one.data_key is not None and one.data_key.id not in keys:
                    keys[one.data_key.id] = await self._copy_of(one.data_key)
            return await self.each(lambda one: open_instrument(one, keys[_key_id(one)]), stored)
        finally:
            for key in keys.values():
                key.erase()

    async def _copy_of(self, row: DataKeyRow) -> DataKey:
        key = await self._cache.opening_key(row)
        return DataKey(key.id, key.bytes_for_mac())


def _each(work: Callable[[T], U], items: Sequence[T]) -> list[U]:
    return [work(item) for item in items]


def _key_id(stored: StoredToken) -> str:
    return "" if stored.data_key is None else stored.data_key.id
