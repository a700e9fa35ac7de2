"""Walks the audit chains and names the first row of each that is not what was written (invariant I12)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from payment_core.store.trail import GENESIS, AuditRow

PAGE = 500
"""Rows read at once: some 4 ms, in which no payment has its turn."""

BACKDATING_MS = 10 * 60 * 1000
"""How much older than an anchor a row behind it may say it is: clocks differ, and a transaction takes seconds."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it was written. place: ``shard:sequence`` of a row, or the name of what it is."""

    place: str
    what: str


class Anchor(msgspec.Struct, frozen=True):
    """A head that was noted elsewhere at a time. source: where, for people."""

    shard: int
    sequence: int
    sha256: str
    at_ms: int
    source: str


class Trail(Protocol):
    """The audit trail of a store."""

    async def audit(self, shard: int, after: int, limit: int) -> list[AuditRow]:
        """Rows of one shard in order."""
        ...

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        """For each shard that has rows: shard, last sequence, hash of its last row."""
        ...


class Place(msgspec.Struct, frozen=True):
    """How far a chain was good. anchored_at_ms: of the newest anchor up to there."""

    shard: int
    last: int = 0
    sha256: str = GENESIS
    anchored_at_ms: int = 0


class ShardWalk:
    """The walk over one chain from a place on. last, sha256: of the last row that was good."""

    def __init__(self, place: Place, anchors: Iterable[Anchor]) -> None:
        self.shard = place.shard
        self.last = place.last
        self.sha256 = place.sha256
        self._anchors = sorted((each for each in anchors if each.shard == place.shard), key=lambda a: a.sequence)
        self._anchored_at_ms = place.anchored_at_ms

    @property
    def place(self) -> Place:
        """From where another walk may go on."""
        return Place(self.shard, self.last, self.sha256, self._anchored_at_ms)

    def add(self, row: AuditRow) -> Finding | None:
        """Take the next row; a finding ends the walk."""
        wrong = self._unlinked(row)
        if wrong is not None:
            return wrong
        sha256 = row.sha256()
        anchors = [anchor for anchor in self._anchors if anchor.sequence == row.sequence]
        for anchor in anchors:
            if anchor.sha256 != sha256:
                return self._at(row.sequence, f"the row has another hash than {anchor.source} noted")
        if row.at_ms < self._anchored_at_ms - BACKDATING_MS:
            return self._at(row.sequence, "the row says it is older than an anchor before it: it was appended later")
        self.last, self.sha256 = row.sequence, sha256
        self._anchored_at_ms = max([self._anchored_at_ms, *(anchor.at_ms for anchor in anchors)])
        return None

    def _unlinked(self, row: AuditRow) -> Finding | None:
        """What is wrong between this row and the one before it."""
        if row.sequence != self.last + 1:
            return self._at(self.last + 1, f"this row is missing; the next one found is {row.sequence}")
        if row.shard != self.shard:
            return self._at(row.sequence, f"the row says that it belongs to shard {row.shard}")
        if row.previous_sha256 == self.sha256:
            return None
        if self.last == 0:
            return self._at(1, "the first row does not follow genesis: rows before it were cut off, or it changed")
        return self._at(self.last, "the row was changed: it no longer has the hash that the next row follows")

    def end(self, head: tuple[int, str] | None) -> Finding | None:
        """Hold the end of the chain against its head, None when there is none, and against the anchors."""
        for anchor in self._anchors:
            if anchor.sequence > self.last:
                return self._at(self.last + 1, f"rows are cut off: {anchor.source} noted {anchor.sequence} rows")
        if head is None:
            return None if self.last == 0 else self._at(self.last, "the chain has rows and no head")
        sequence, sha256 = head
        if sequence > self.last:
            return self._at(self.last + 1, f"rows are cut off: the head is at {sequence}")
        if sequence < self.last:
            return self._at(sequence + 1, f"the row was appended behind the head, which is at {sequence}")
        if sha256 != self.sha256:
            return self._at(self.last, "the row was changed: it does not have the hash that the head keeps")
        return None

    def _at(self, sequence: int, what: str) -> Finding:
        return Finding(f"{self.shard}:{sequence}", what)


class ChainWalks:
    """All chains of a store; what was walked is not walked again. seen: called for every good row, in order."""

    def __init__(self, trail: Trail, anchors: Sequence[Anchor], seen: Callable[[AuditRow], None]) -> None:
        self._trail = trail
        self._anchors = anchors
        self._seen = seen
        self._walks: dict[int, ShardWalk] = {}
        self._broken: dict[int, Finding] = {}

    @property
    def heads(self) -> dict[int, tuple[int, str]]:
        """How far each chain is good."""
        return {shard: (walk.last, walk.sha256) for shard, walk in self._walks.items()}

    async def walk(self, shards: Iterable[int] = ()) -> list[Finding]:
        """Walk on to the end of every chain; the first bad place of each that is broken.

        shards: chains to look at although they have no head and no anchor.
        """
        for shard in sorted({*await self._heads(), *shards, *(anchor.shard for anchor in self._anchors)}):
            if shard not in self._broken:
                found = await self._walk_shard(self._walks.setdefault(shard, ShardWalk(Place(shard), self._anchors)))
                if found is not None:
                    self._broken[shard] = found
        return [self._broken[shard] for shard in sorted(self._broken)]

    async def _walk_shard(self, walk: ShardWalk) -> Finding | None:
        # The head is read before the rows: all rows up to it were there by then.
        before = (await self._heads()).get(walk.shard)
        wrong = await self._walk_rows(walk)
        if wrong is not None:
            return wrong
        if before is not None and walk.last <= before[0]:
            return walk.end(before)
        now = (await self._heads()).get(walk.shard)
        written_meanwhile = now is not None and now[0] > walk.last
        return walk.end((walk.last, walk.sha256) if written_meanwhile else now)

    async def _walk_rows(self, walk: ShardWalk) -> Finding | None:
        size = PAGE
        while True:
            try:
                page = await self._trail.audit(walk.shard, walk.last, size)
            except msgspec.MsgspecError:
                if size == 1:
                    return Finding(f"{walk.shard}:{walk.last + 1}", "the row cannot be read: its bytes were changed")
                # One row of the page is damaged; which one, shows row by row.
                size = 1
                continue
            if not page:
                return None
            for row in page:
                wrong = walk.add(row)
                if wrong is not None:
                    return wrong
                self._seen(row)

    async def _heads(self) -> dict[int, tuple[int, str]]:
        return {shard: (sequence, sha256) for shard, sequence, sha256 in await self._trail.audit_heads()}
