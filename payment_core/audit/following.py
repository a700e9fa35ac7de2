"""Walks the audit trail with what was written beside it, row by row, and goes on from wherever it stopped."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Protocol

import msgspec

from payment_core.audit.chain import Anchor, Finding, Place, ShardWalk, Trail
from payment_core.ledger.journals import Journal
from payment_core.store.port import TrailBooks
from payment_core.store.trail import AuditRow, GrowingHash
from payment_core.store.writing import JOURNAL_KIND

PAGE = 200
"""Rows of one step: some 2 ms, in which no payment has its turn."""

JOURNALS_PAGE = 400

JOURNALS_MAX = 10_000
"""Journals that one row is looked for among: a transaction posts a few, a batch of a migration some hundred."""


class FollowedTrail(Trail, TrailBooks, Protocol):
    """A store whose trail is walked."""


class ShardPlace(msgspec.Struct, frozen=True):
    """How far one shard was found as it was written. changes: rows of documents so far.

    journals: the place of the last journal whose row was found.
    """

    chain: Place
    changes: int = 0
    journals: int = 0


class ShardFollower:
    """One shard: chain (I12), an event for each change (I11), and the journals that rows vouch for."""

    def __init__(self, store: FollowedTrail, place: ShardPlace, anchors: Sequence[Anchor]) -> None:
        self._store = store
        self._walk = ShardWalk(place.chain, anchors)
        self._changes = place.changes
        self._journals = place.journals
        self._read = place.journals
        self._waiting: deque[tuple[int, Journal]] = deque()

    @property
    def place(self) -> ShardPlace:
        """From where to go on."""
        return ShardPlace(self._walk.place, self._changes, self._journals)

    async def step(self, seen: Callable[[AuditRow], None]) -> bool | Finding:
        """Walk a page: True with rows, False at the end; a finding is the end of this shard. seen: takes each row."""
        rows = await self._rows(PAGE)
        if isinstance(rows, Finding):
            return rows
        if not rows:
            head = await self._head()
            # What was written between the two is there now.
            rows = await self._rows(PAGE) if head is not None and head[0] > self._walk.last else rows
            if isinstance(rows, Finding):
                return rows
            if not rows:
                wrong = self._walk.end(head)
                return False if wrong is None else wrong
        wrong = await self._take(rows, seen)
        return True if wrong is None else wrong

    async def _rows(self, limit: int) -> list[AuditRow] | Finding:
        try:
            return await self._store.audit(self._walk.shard, self._walk.last, limit)
        except msgspec.MsgspecError:
            if limit == 1:
                place = f"{self._walk.shard}:{self._walk.last + 1}"
                return Finding(place, "the row cannot be read: its bytes were changed")
        # One row of the page is damaged; which one, shows when it is the next.
        return await self._rows(1)

    async def _head(self) -> tuple[int, str] | None:
        heads = {shard: (last, sha256) for shard, last, sha256 in await self._store.audit_heads()}
        return heads.get(self._walk.shard)

    async def _take(self, rows: list[AuditRow], seen: Callable[[AuditRow], None]) -> Finding | None:
        for row in rows:
            wrong = self._walk.add(row)
            if wrong is not None:
                return wrong
            seen(row)
        changes = [row for row in rows if row.kind != JOURNAL_KIND]
        if changes:
            times = await self._store.event_times(changes, self._changes)
            for row, at_ms in zip_longest(changes, times):
                if row.at_ms != at_ms:
                    place = f"{self._walk.shard}:{row.sequence}"
                    return Finding(place, "the event of this change is gone, or another one has its place")
            self._changes += len(changes)
        for row in rows:
            if row.journals_sha256 and not await self._vouched(row.journals_sha256):
                place = f"{self._walk.shard}:{row.sequence}"
                return Finding(place, "the journals of this row are not stored as they were posted")
        return None

    async def _vouched(self, sha256: str) -> bool:
        """Take the journals that have this hash off those that wait; whether there are such."""
        hashing = GrowingHash()
        position = 0
        while True:
            if position == JOURNALS_MAX or (position == len(self._waiting) and not await self._read_on()):
                return False
            if hashing.add(self._waiting[position][1]) == sha256:
                break
            position += 1
        for _ in range(position + 1):
            self._journals, _ = self._waiting.popleft()
        return True

    async def _read_on(self) -> bool:
        try:
            page = await self._store.journals_of(self._walk.shard, self._read, JOURNALS_PAGE)
        except msgspec.MsgspecError:
            return False
        self._waiting.extend((posted.sequence, posted.journal) for posted in page)
        if page:
            self._read = page[-1].sequence
        return bool(page)
