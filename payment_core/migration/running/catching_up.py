"""Catch-up: takes over what changes at the old processor, event by event, and says how far behind that is."""

from enum import StrEnum
from typing import Protocol

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.errors import CoreError
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.errors import OldProcessorError
from payment_core.migration.running.lease import Lease
from payment_core.migration.running.model import CURSOR_ID, FeedCursor
from payment_core.migration.running.old_shape import KEY_PREFIX
from payment_core.migration.running.ports import EventPage, OldEvent, OldEvents
from payment_core.store.port import LedgerStore, Transaction

log = structlog.get_logger()

ACTOR = "migration:catch-up"
FAULT_CHARACTERS_MAX = 300
PAGES_MAX = 20
"""Of one look; what is more comes with the next, so that a long absence does not keep the cursor from being written."""


class Taken(StrEnum):
    """What became of an event.

    known: it says nothing new. write_waits: it was ended on one side and changed on the other, and ours is newer.
    """

    TAKEN = "taken"
    KNOWN = "known"
    UNREADABLE = "unreadable"
    OURS = "ours"
    NOT_OF_INTEREST = "not_of_interest"
    QUARANTINED = "quarantined"
    WRITE_WAITS = "write_waits"


class Takes(Protocol):
    """Applies one event. Raises MigrationError where it cannot yet, and what the store and the key service raise."""

    async def take(self, event: OldEvent) -> Taken:
        """Apply it, once and in any order."""
        ...


class CatchUp:
    """A job. What reached the end of the list when it began to look is caught up to that moment."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        events: OldEvents,
        takes: Takes,
        lease: Lease,
        counts: RunningCounts,
        clock: Clock,
    ) -> None:
        self._store = store
        self._events = events
        self._takes = takes
        self._lease = lease
        self._counts = counts
        self._clock = clock

    async def run_once(self, now_ms: int) -> int:
        """Take over what there is; how many events."""
        if not await self._lease.held(now_ms):
            return 0
        known = await self._store.read(FeedCursor, CURSOR_ID)
        cursor = FeedCursor(id=CURSOR_ID) if known is None else known
        done = 0
        try:
            for _ in range(PAGES_MAX):
                asked_at_ms = self._clock.now_ms()
                page = await self._events.after(cursor.event_id)
                after = await self._take_page(cursor, page, asked_at_ms)
                done += len(page.events)
                if after is None or not page.more or after.fault:
                    break
                cursor = after
        except OldProcessorError as fault:
            # The lag grows by itself: nothing is said to be caught up.
            await self._keep(cursor, msgspec.structs.replace(cursor, fault=str(fault)[:FAULT_CHARACTERS_MAX]))
            return 0
        return done

    async def _take_page(self, cursor: FeedCursor, page: EventPage, asked_at_ms: int) -> FeedCursor | None:
        """Take the events in order; one that cannot be taken yet is where the next look goes on.

        None when somebody turned the cursor meanwhile, as a job does that begins; the next look begins there.
        """
        after, fault = cursor, ""
        for event in page.events:
            try:
                became = await self.take(event)
            except CoreError as waits:
                fault = f"{event.id}: {waits}"[:FAULT_CHARACTERS_MAX]
                break
            after = msgspec.structs.replace(
                after,
                event_id=event.id,
                happened_at_ms=event.happened_at_ms,
                taken=after.taken + (became in {Taken.TAKEN, Taken.KNOWN}),
                ours=after.ours + (became is Taken.OURS),
                slowest_ms=max(0, self._clock.now_ms() - event.happened_at_ms),
            )
        is_through = fault == "" and not page.more
        after = msgspec.structs.replace(
            after, caught_up_at_ms=asked_at_ms if is_through else after.caught_up_at_ms, fault=fault
        )
        return after if await self._keep(cursor, after) else None

    async def take(self, event: OldEvent) -> Taken:
        """Apply one event, also one that was pushed; what we caused ourselves is no news."""
        became = Taken.OURS if event.key.startswith(KEY_PREFIX) else await self._takes.take(event)
        self._counts.events[became.value] += 1
        return became

    async def _keep(self, before: FeedCursor, after: FeedCursor) -> bool:
        def work(transaction: Transaction) -> bool:
            current = transaction.get(FeedCursor, CURSOR_ID)
            if current is not None and (current.event_id, current.turns) != (before.event_id, before.turns):
                return False
            transaction.put(after)
            return True

        return await self._store.transact(work, ACTOR)
