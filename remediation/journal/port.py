"""What the rest of remediation needs of a journal, and of the lease that says who may write it."""

from typing import Protocol

from remediation.journal.entry import Draft, Entry, Head, Lease

READ_LIMIT = 1000
"""Most entries that one read returns; about 1 MB."""


class Journal(Protocol):
    """Append-only entries; what was appended is on disk before append returns."""

    async def head(self) -> Head:
        """The newest entry's sequence and hash."""

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """Append one entry, durably, or nothing.

        expected_sequence: the head the writer decided on; None appends after whatever is there.
        Raises SequenceConflict (retryable), StaleEpoch, JournalFull, JournalFailed.
        """

    async def read(self, after: int, limit: int) -> list[Entry]:
        """Entries with a sequence above after, oldest first, at most limit and at most READ_LIMIT."""


class Leases(Protocol):
    """One writer at a time, each with a higher epoch than the one before; kept in the journal's own store."""

    async def acquire_lease(self, holder: str, ttl_ms: int, now_ms: int) -> Lease:
        """Take the lease with a new epoch; raises LeaseHeld while another holder's is live.

        holder names a place that one process at a time can have (a locked data directory, an ECS task id): the same
        holder gets a new epoch at once, so that a restart after a crash does not wait for its own old lease.
        """

    async def renew_lease(self, lease: Lease, ttl_ms: int, now_ms: int) -> Lease:
        """Extend the lease, also one that ran out and that nobody else took; raises StaleEpoch."""

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease up, which ends its epoch; nothing happens when it was lost before."""
