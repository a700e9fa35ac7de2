"""Who gets a payment: weighted records read and answered as Route 53 answers a DNS client."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WeightedRecord:
    """One weighted A record. environment: its set identifier. weight: 0 to 255. ttl_seconds: it may be kept so long."""

    environment: str
    address: str
    weight: int
    ttl_seconds: int


class RecordSource(Protocol):
    """Gives the weighted records of one name. Raises WorldUnreachable or WorldRefused."""

    async def records(self) -> tuple[WeightedRecord, ...]:
        """All of them, in any order."""


class Resolves(Protocol):
    """Answers DNS clients. Raises WorldUnreachable or WorldRefused."""

    async def resolve(self, client: int) -> WeightedRecord:
        """What the client's resolver gives it now; client is a small number that names one client."""


def choose(records: Sequence[WeightedRecord], draw: float) -> WeightedRecord:
    """The record that a query gets, for a draw in [0, 1).

    Each has the chance weight / sum of weights; when all weights are 0 the chances are equal (Amazon Route 53
    Developer Guide, "Values specific for weighted records").
    """
    total = sum(record.weight for record in records)
    if total == 0:
        return records[int(draw * len(records))]
    position = draw * total
    for record in records:
        position -= record.weight
        if position < 0:
            return record
    # Rounding can leave a position of 0 at the very end.
    return next(record for record in reversed(records) if record.weight > 0)


@dataclass(frozen=True, slots=True)
class _Kept:
    record: WeightedRecord
    until_ms: float


class Resolver:
    """Answers many DNS clients, each of which keeps its answer for the TTL, from one record set.

    The record set is read at most once per TTL. When it cannot be read the last one is served on, as RFC 8767 lets
    resolvers do; there is no answer before the first read.
    """

    def __init__(self, source: RecordSource, clock: Clock, chance: random.Random) -> None:
        self._source = source
        self._clock = clock
        self._chance = chance
        self._records: tuple[WeightedRecord, ...] = ()
        self._fresh_until_ms = 0.0
        self._kept: dict[int, _Kept] = {}
        self._reading = asyncio.Lock()

    async def resolve(self, client: int) -> WeightedRecord:
        """What the client's resolver gives it now; client is a small number that names one client."""
        now_ms = self._clock.monotonic_ms()
        kept = self._kept.get(client)
        if kept is not None and now_ms < kept.until_ms:
            return kept.record
        record = choose(await self._current(), self._chance.random())
        self._kept[client] = _Kept(record, now_ms + record.ttl_seconds * 1000)
        return record

    async def _current(self) -> tuple[WeightedRecord, ...]:
        async with self._reading:
            if self._clock.monotonic_ms() >= self._fresh_until_ms:
                await self._read()
            return self._records

    async def _read(self) -> None:
        try:
            records = await self._source.records()
        except (WorldUnreachable, WorldRefused) as fault:
            if not self._records:
                raise
            log.warning("records could not be read, the last ones are kept", action="stale_dns", fault=str(fault))
            records = self._records
        if not records:
            raise WorldRefused("The name has no weighted records.")
        ttl_seconds = min(record.ttl_seconds for record in records)
        self._records = records
        self._fresh_until_ms = self._clock.monotonic_ms() + ttl_seconds * 1000


class RegionResolver:
    """Answers in two steps, as a name does whose records name others: which region, then which address in it."""

    def __init__(self, between: Resolves, regions: Mapping[str, Resolves]) -> None:
        self._between = between
        self._regions = dict(regions)

    async def resolve(self, client: int) -> WeightedRecord:
        """See Resolves; a region that nobody knows is no answer."""
        region = (await self._between.resolve(client)).environment
        if region not in self._regions:
            raise WorldRefused(f"{region} has no records of its own.")
        return await self._regions[region].resolve(client)
