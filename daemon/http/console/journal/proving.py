"""Proves the running journal: every entry gives its hash, follows the one before, and they lead to the head."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.view.shape import SystemView
from remediation.journal.entry import GENESIS_HASH, Entry, Head
from remediation.journal.verify import wrong_entry
from remediation.ports import Clock

PROVED_MAX = 200_000
"""Entries of one proof, some seconds; ``tillwatch audit verify`` walks all of any journal."""
SLICE = 1000


@dataclass(frozen=True, slots=True)
class Proof:
    """What the walk found. first: where it began; 1 unless the journal is longer than PROVED_MAX.

    first_bad: the first entry that is wrong or missing, None when all is well; what: what is wrong. at_ms: when.
    """

    first: int
    entries: int
    head: Head
    first_bad: int | None
    what: str
    took_ms: float
    at_ms: int


class Prover:
    """One proof at a time: who asks while one goes on gets its answer."""

    def __init__(self, view: SystemView, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self.newest: Proof | None = None

    async def prove(self) -> Proof:
        """Walk the chain up to the head of this moment. Raises JournalError."""
        before = self.newest
        async with self._one_at_a_time:
            if self.newest is not None and self.newest is not before:
                return self.newest
            self.newest = await self._walk()
            return self.newest

    async def _walk(self) -> Proof:
        began_ms, state = self._clock.monotonic_ms(), self._view.state()
        head = Head(state.sequence, state.hash)
        first = max(1, head.sequence - PROVED_MAX + 1)
        good = await self._link(first)
        bad: tuple[int, str] | None = None
        while good.sequence < head.sequence and bad is None:
            entries = await self._view.journal(good.sequence, min(SLICE, head.sequence - good.sequence))
            if not entries:
                bad = (good.sequence + 1, f"entries are cut off: the head is {head.sequence}")
                break
            good, bad = await asyncio.to_thread(_walked, entries, good)
        if bad is None and good.hash != head.hash:
            bad = (head.sequence, f"entry {head.sequence} is not the one that this daemon wrote: history was rewritten")
        return Proof(
            first=first,
            entries=good.sequence - first + 1,
            head=good,
            first_bad=None if bad is None else bad[0],
            what="" if bad is None else bad[1],
            took_ms=self._clock.monotonic_ms() - began_ms,
            at_ms=self._clock.now_ms(),
        )

    async def _link(self, first: int) -> Head:
        """The entry before the first one, whose hash the first has to follow."""
        if first == 1:
            return Head(0, GENESIS_HASH)
        before = await self._view.journal(first - 2, 1)
        return Head(first - 1, before[0].hash if before else "")


def _walked(entries: Sequence[Entry], good: Head) -> tuple[Head, tuple[int, str] | None]:
    """The last good entry, and the first bad one with what is wrong with it. Hashing a slice takes milliseconds."""
    for entry in entries:
        wrong = wrong_entry(entry, good)
        if wrong:
            return good, (min(entry.sequence, good.sequence + 1), wrong)
        good = Head(entry.sequence, entry.hash)
    return good, None
