"""Has everything compared that both sides have, a little at a time, whether anybody reads it or not."""

from payment_core.migration.running.links import Links
from payment_core.migration.running.model import OldLink
from payment_core.migration.running.ports import Moved
from payment_core.migration.running.shadow_read.reading import QUEUE_MAX, Pair, ShadowReads
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing

PER_RUN = 50
"""Each run: with one a second a million objects take half a day, and half of what the old processor allows is left."""
ROOM = QUEUE_MAX // 2
"""Reads of customers go first: the walk waits while the queue is half full."""


class WalkThrough:
    """A job. It begins again at the first when it is through, and after a restart."""

    def __init__(self, store: LedgerStore, moved: Moved, links: Links, shadow: ShadowReads) -> None:
        self._store = store
        self._moved = moved
        self._links = links
        self._shadow = shadow
        self._after = ""
        self._after_link = ""

    async def run_once(self, now_ms: int) -> int:  # noqa: ARG002 - every job is asked alike
        """Offer the next few to be compared; how many."""
        if self._shadow.waiting > ROOM:
            return 0
        return await self._moved_ones() + await self._made_since()

    async def _moved_ones(self) -> int:
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

    async def _made_since(self) -> int:
        links = await self._store.query(Listing(OldLink, owner="here", after=self._after_link, limit=PER_RUN))
        self._after_link = links[-1].id if len(links) == PER_RUN else ""
        compared = [link for link in links if link.kind_there != "account"]
        for link in compared:
            self._shadow.offer(Pair(link.kind_there, link.id.split(":", maxsplit=2)[2]))
        return len(compared)
