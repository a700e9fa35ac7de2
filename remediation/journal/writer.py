"""The one place where state moves: appends under the lease, then folds what was appended."""

import asyncio
from collections.abc import Callable
from typing import Self

from remediation.errors import JournalCorrupt, SequenceConflict
from remediation.folds import apply
from remediation.journal.entry import DAEMON, Entry, Lease, expected_hash
from remediation.journal.kinds import Body, draft
from remediation.journal.port import READ_LIMIT, Journal
from remediation.ports import Clock
from remediation.state import State


class JournalWriter:
    """Holds the lease's epoch, the expected sequence and the state; appends one at a time, in order."""

    def __init__(self, journal: Journal, lease: Lease, clock: Clock) -> None:
        self._journal = journal
        self._lease = lease
        self._clock = clock
        self._state = State()
        self._one_at_a_time = asyncio.Lock()
        self._listeners: list[Callable[[Entry], None]] = []

    @classmethod
    async def open(cls, journal: Journal, lease: Lease, clock: Clock) -> Self:
        """Read and check the whole journal. Raises JournalCorrupt: then nothing may be done on its word."""
        writer = cls(journal, lease, clock)
        await writer.catch_up()
        return writer

    @property
    def state(self) -> State:
        """Everything the journal says up to the newest entry that this writer knows."""
        return self._state

    @property
    def lease(self) -> Lease:
        """The lease under which this writer appends."""
        return self._lease

    def heard_by(self, listener: Callable[[Entry], None]) -> None:
        """Call this with every entry that is appended here, once it is on disk and folded; it does not wait."""
        self._listeners.append(listener)

    def renewed(self, lease: Lease) -> None:
        """Take over the same lease with a later end."""
        self._lease = lease

    async def append(self, body: Body, actor: str = DAEMON) -> Entry:
        """Append a body, durably, and fold it into the state; a cancelled caller still leaves both in step.

        Raises SequenceConflict after catching up, so that the caller decides again on the new state; StaleEpoch,
        JournalFull and JournalFailed, after which nothing was written.
        """
        return await asyncio.shield(self._append(body, actor))

    async def catch_up(self) -> None:
        """Fold what others appended since, checking its chain."""
        async with self._one_at_a_time:
            await self._catch_up()

    async def _append(self, body: Body, actor: str) -> Entry:
        async with self._one_at_a_time:
            try:
                entry = await self._journal.append(
                    draft(body, actor=actor, at_ms=self._clock.now_ms()),
                    expected_sequence=self._state.sequence,
                    epoch=self._lease.epoch,
                )
            except SequenceConflict:
                await self._catch_up()
                raise
            self._state = apply(self._state, entry)
            for listener in self._listeners:
                listener(entry)
            return entry

    async def _catch_up(self) -> None:
        head = await self._journal.head()
        while self._state.sequence < head.sequence:
            entries = await self._journal.read(self._state.sequence, READ_LIMIT)
            if not entries:
                raise JournalCorrupt(f"the head is {head.sequence}, the entries end at {self._state.sequence}.")
            for entry in entries:
                self._check(entry)
                self._state = apply(self._state, entry)
        if head.sequence == self._state.sequence and head.hash != self._state.hash:
            raise JournalCorrupt(f"entry {head.sequence} is not the one that the head names.")

    def _check(self, entry: Entry) -> None:
        follows = entry.sequence == self._state.sequence + 1 and entry.previous_hash == self._state.hash
        if not follows or entry.hash != expected_hash(entry):
            raise JournalCorrupt(f"entry {entry.sequence} does not follow entry {self._state.sequence} or was edited.")
