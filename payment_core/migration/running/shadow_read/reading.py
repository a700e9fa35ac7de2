"""Shadow reads: after a read was answered from one side, the other is read beside it, and both are compared."""

import asyncio
import random
from collections import deque
from collections.abc import Callable

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.dual_write.calls import owner_of
from payment_core.migration.running.errors import OldProcessorError
from payment_core.migration.running.links import Links
from payment_core.migration.running.model import ObjectKind, OldPlace, OldWrite, write_id
from payment_core.migration.running.old_shape import comparable, is_gone
from payment_core.migration.running.ports import OldObject, OldProcessor
from payment_core.migration.running.shadow_read.comparing import Compared, compare
from payment_core.migration.running.shadow_read.differences import Differences
from payment_core.migration.running.shadow_read.evidence import Outcome, Tally
from payment_core.providers.model import BankAccount
from payment_core.store.port import LedgerStore

log = structlog.get_logger()

QUEUE_MAX = 1_000
"""Reads that wait to be compared, 200 bytes each; a busy second of one process."""
AT_ONCE = 4
"""Comparisons at the same time: each is one call to the old processor."""
CONFIRM_MS = 2_000
"""After so long a difference is looked at again: twice what changes may be behind."""
CONFIRMED_MAX = 1_000
"""Differences that wait for their second look; beyond it they count at once."""

TYPES: dict[ObjectKind, type[Customer | PaymentMethod | BankAccount]] = {
    "customer": Customer,
    "payment_method": PaymentMethod,
    "bank_account": BankAccount,
}
"""What can be compared."""


class Pair(msgspec.Struct, frozen=True, gc=False):
    """One object to compare. place: where it is there, None to be looked up. theirs: as it was read there already."""

    kind: ObjectKind
    object_id: str
    place: OldPlace | None = None
    theirs: OldObject | None = None


class ShadowReads:
    """Compares in the background. sample: the share of reads that is compared, from 0 to 1.

    Nobody waits for it: the queue is bounded, what does not fit is counted and left out, and a difference is looked at
    a second time before it counts, because a change may be on its way.
    """

    def __init__(
        self,
        *,
        store: LedgerStore,
        old: OldProcessor,
        links: Links,
        differences: Differences,
        hash_key: Callable[[], bytes],
        counts: RunningCounts,
        clock: Clock,
        sample: float = 1.0,
        share: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._old = old
        self._links = links
        self._differences = differences
        self._hash_key = hash_key
        self._counts = counts
        self._clock = clock
        self._sample = sample
        self._share = share
        self._waiting: asyncio.Queue[Pair] = asyncio.Queue(QUEUE_MAX)
        self._to_confirm: deque[tuple[int, Pair]] = deque()
        self._tally = Tally()

    @property
    def waiting(self) -> int:
        """Reads that wait to be compared."""
        return self._waiting.qsize()

    def offer(self, pair: Pair) -> None:
        """Have this read compared, if it is one of the sample and there is room. Never waits."""
        if self._share() >= self._sample:
            self._counts.dropped["not_sampled"] += 1
            return
        try:
            self._waiting.put_nowait(pair)
        except asyncio.QueueFull:
            self._counts.dropped["queue_full"] += 1

    async def run(self) -> None:
        """Compare what was offered, for ever."""
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(self._work(), name=f"shadow-read-{number}")

    async def settled(self) -> None:
        """Wait until everything that was offered is compared."""
        await self._waiting.join()

    async def look_again(self, now_ms: int) -> int:
        """Compare again what differed a while ago; how many."""
        done = 0
        while self._to_confirm and self._to_confirm[0][0] <= now_ms:
            _, pair = self._to_confirm.popleft()
            await self.compare(msgspec.structs.replace(pair, theirs=None), confirmed=True)
            done += 1
        return done

    def taken(self) -> Tally:
        """What was counted since this was asked last."""
        tally, self._tally = self._tally, Tally()
        return tally

    async def compare(self, pair: Pair, *, confirmed: bool = False) -> Outcome | None:
        """Compare one object; None when there is nothing to compare. confirmed: it is the second look."""
        if await self._store.read(OldWrite, write_id(pair.kind, pair.object_id)) is not None:
            self._counts.dropped["write_waits"] += 1
            return None
        place = pair.place
        if place is None:
            known = await self._links.there(pair.kind, pair.object_id)
            place = None if known is None else known.place
        if place is None:
            self._counts.dropped["not_there"] += 1
            return None
        try:
            theirs = await self._old.read(place) if pair.theirs is None else pair.theirs
        except OldProcessorError:
            return self._count(Outcome.UNREADABLE, "")
        compared = await self._held_against(pair, theirs)
        if compared is None:
            # Both agree, but it is no read that was equal: nothing was there to be read.
            await self._differences.settle(pair.kind, pair.object_id)
            self._counts.dropped["gone"] += 1
            return None
        if compared.outcome is not Outcome.EQUAL and not confirmed and len(self._to_confirm) < CONFIRMED_MAX:
            self._to_confirm.append((self._clock.now_ms() + CONFIRM_MS, pair))
            return None
        return await self._conclude(pair, place, compared)

    async def _work(self) -> None:
        while True:
            pair = await self._waiting.get()
            try:
                await self.compare(pair)
            except Exception as fault:  # noqa: BLE001 - one object must not end the others
                log.error("not compared", action="shadow_fault", object=pair.object_id, fault=type(fault).__name__)
                self._count(Outcome.UNREADABLE, "")
            finally:
                self._waiting.task_done()

    async def _held_against(self, pair: Pair, theirs: OldObject | None) -> Compared | None:
        record = await self._store.read(TYPES[pair.kind], pair.object_id)
        ours = None if record is None or is_gone(record) else comparable(record)
        if theirs is not None and isinstance(record, PaymentMethod | BankAccount) and theirs.fields.get("owner"):
            owner_kind, _ = owner_of(record)
            here = await self._links.here(owner_kind, theirs.fields["owner"])
            fields = {**theirs.fields, "owner": here if here else theirs.fields["owner"]}
            theirs = msgspec.structs.replace(theirs, fields=fields)
        return compare(ours, theirs, self._hash_key())

    async def _conclude(self, pair: Pair, place: OldPlace, compared: Compared) -> Outcome:
        if compared.outcome is Outcome.EQUAL:
            await self._differences.settle(pair.kind, pair.object_id)
            return self._count(Outcome.EQUAL, "")
        await self._differences.record(pair.kind, pair.object_id, place.id, compared.differences)
        fields = ", ".join(one.field for one in compared.differences)
        log.error("the two sides differ", action="shadow_difference", object=pair.object_id, fields=fields)
        return self._count(compared.outcome, f"{pair.kind} {pair.object_id}: {fields}")

    def _count(self, outcome: Outcome, first: str) -> Outcome:
        self._counts.compared[outcome.value] += 1
        now = self._tally
        more = {outcome.value: getattr(now, outcome.value) + 1, "first": now.first if now.first else first}
        self._tally = msgspec.structs.replace(now, **more)
        return outcome
