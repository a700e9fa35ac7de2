"""Finds a moment in the checkpoint's log of facts, whose batches stand in the order in which they arrived."""

from collections.abc import Sequence
from typing import Protocol

from daemon.storage.checkpoint import StoredBatch


class FactLog(Protocol):
    """The log, as far as it is kept. Raises CheckpointFailed."""

    async def read(self, after: int, through: int, limit: int) -> Sequence[StoredBatch]:
        """At most limit batches with places above after and up to through, oldest first."""


class FollowedLog(FactLog, Protocol):
    """One whose readers remember how far they are. Raises CheckpointFailed."""

    @property
    def log_id(self) -> str:
        """This log's and no other's."""

    @property
    def newest_sequence(self) -> int:
        """The last place that was given away."""


LATE_MS = 60_000
"""The log goes by arrival, and facts arrive later than they happen, by at most so much."""


async def reaches(log: FactLog, through: int, at_ms: int) -> bool:
    """Whether the log still has what happened from this time on, or never had anything older."""
    oldest = await log.read(0, through, 1)
    return bool(oldest) and oldest[0].arrived_at_ms <= at_ms + LATE_MS


async def place_before(log: FactLog, through: int, at_ms: int) -> int:
    """A place up to ``through`` behind which everything arrived at this time or later: about 20 reads of one batch."""
    low, high = 0, through
    while low < high:
        middle = (low + high) // 2
        following = await log.read(middle, high, 1)
        if not following or following[0].arrived_at_ms >= at_ms:
            high = middle
        else:
            low = following[0].sequence
    return low
