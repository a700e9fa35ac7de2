"""Has everything compared that both sides have, a little at a time, whether anybody reads it or not."""

from payment_core.migration.running.links import Links
from payment_core.migration.running.ports import Moved
from payment_core.migration.running.shadow_read.reading import QUEUE_MAX, Pair, ShadowReads

PER_RUN = 50
"""Each run: with one a second a million objects take half a day, and half of what the old processor allows is left."""
ROOM = QUEUE_MAX // 2
"""Reads of customers go first: the walk waits while the queue is half full."""


class WalkThrough:
    """A job. It begins again at the first when it is through, and after a restart."""

    def __init__(self, moved: Moved, links: Links, shadow: ShadowReads) -> None:
        self._moved = moved
        self._links = links
        self._shadow = shadow
        self._after = ""

    async def run_once(self, now_ms: int) -> int:  # noqa: ARG002 - every job is asked alike
        """Offer the next few to be compared; how many."""
        if self._shadow.waiting > ROOM:
            return 0
        page = await self._moved.page(self._after, PER_RUN)
        self._after = page[-1].after if len(page) == PER_RUN else ""
        offered = 0
        for pair in page:
            if pair.place is None:
                continue
            known = await self._links.there(pair.place.kind, pair.object_id)
            if known is not None and known.place.id == pair.place.id:
                # Of several old records that are one object here, the newest is what it has to be like.
                self._shadow.offer(Pair(pair.place.kind, pair.object_id, pair.place))
                offered += 1
        return offered
