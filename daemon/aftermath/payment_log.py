"""Reads the payments of a time from the checkpoint's log of facts, which holds a day."""

import asyncio
from collections.abc import AsyncIterator

from checks.facts import PaymentAttempted, PaymentRequested
from daemon.storage.checkpoint import Checkpoint, StoredBatch
from daemon.storage.fact_log import LATE_MS, place_before

BATCHES = 200
"""Batches of facts that are in memory at a time."""


async def payments_since(checkpoint: Checkpoint, at_ms: int) -> AsyncIterator[PaymentAttempted | PaymentRequested]:
    """The payment facts that arrived since a minute before this time, in that order. Raises CheckpointFailed."""
    through = checkpoint.newest_sequence
    place = await place_before(checkpoint, through, at_ms - LATE_MS)
    while batches := await checkpoint.read(place, through, BATCHES):
        for fact in await asyncio.to_thread(_payments, batches):
            yield fact
        place = batches[-1].sequence


def _payments(batches: list[StoredBatch]) -> list[PaymentAttempted | PaymentRequested]:
    facts = (fact for batch in batches for fact in batch.facts)
    return [fact for fact in facts if isinstance(fact, PaymentAttempted | PaymentRequested)]
