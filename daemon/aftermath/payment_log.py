"""Reads the payments of a time from the checkpoint's log of facts, which holds a day."""

import asyncio
from collections.abc import AsyncIterator

from checks.facts import PaymentAttempted, PaymentRequested
from daemon.checkpoint import Checkpoint

BATCHES = 200
"""Batches of facts that are in memory at a time."""
EARLIER_MS = 60_000
"""The log goes by arrival, and facts arrive later than they happen."""


async def payments_since(checkpoint: Checkpoint, at_ms: int) -> AsyncIterator[PaymentAttempted | PaymentRequested]:
    """The payment facts that arrived since a minute before this time, in that order. Raises CheckpointFailed."""
    place = await checkpoint.place_before(at_ms - EARLIER_MS)
    through = checkpoint.newest_sequence
    while batches := await checkpoint.read(place, through, BATCHES):
        for batch in batches:
            for fact in batch.facts:
                if isinstance(fact, PaymentAttempted | PaymentRequested):
                    yield fact
            # Decoding a batch takes the loop for a moment; others get their turn in between.
            await asyncio.sleep(0)
        place = batches[-1].sequence
