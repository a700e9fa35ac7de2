"""A journal in memory: the same promises but for the disk, for tests and for what-if runs."""

from remediation.journal import admission
from remediation.journal.entry import GENESIS_HASH, Draft, Entry, Head, Lease, seal
from remediation.journal.port import READ_LIMIT


class MemoryJournal:
    """Journal and Leases in a list."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lease = admission.NO_LEASE

    async def head(self) -> Head:
        """See Journal."""
        if not self._entries:
            return Head(0, GENESIS_HASH)
        return Head(self._entries[-1].sequence, self._entries[-1].hash)

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        head = await self.head()
        admission.admit(head, self._lease, expected_sequence=expected_sequence, epoch=epoch)
        entry = seal(draft, sequence=head.sequence + 1, epoch=epoch, previous_hash=head.hash)
        self._entries.append(entry)
        return entry

    async def read(self, after: int, limit: int) -> list[Entry]:
        """See Journal."""
        start = max(after, 0)
        return self._entries[start : start + min(max(limit, 0), READ_LIMIT)]

    async def acquire_lease(self, holder: str, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        self._lease = admission.grant(self._lease, holder=holder, ttl_ms=ttl_ms, now_ms=now_ms)
        return self._lease

    async def renew_lease(self, lease: Lease, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        self._lease = admission.extend(self._lease, mine=lease, ttl_ms=ttl_ms, now_ms=now_ms)
        return self._lease

    async def release_lease(self, lease: Lease) -> None:
        """See Leases."""
        self._lease = admission.give_up(self._lease, mine=lease)
