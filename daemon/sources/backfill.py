"""Events that the queue lost, asked of the payment core that has them."""

from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from checks.facts import Fact
from daemon.errors import CoreUnreachable
from daemon.sources.sink import FactSink
from daemon.storage.outbox_gaps import Received

log = structlog.get_logger()

SOURCE = "backfill"
"""What these facts are counted under."""
BEGINNING = "0"
"""Before the first event of an outbox of any kind."""
PAGE = 500
MAX_PAGES = 20
"""In one tick: 10,000 events, so that a long absence is caught up in bites and the live events get their turn."""
GRACE_MS = 5_000
"""A younger event is most likely still on its way through the queue."""


class Page(Protocol):
    """Some events of an outbox."""

    @property
    def events(self) -> Sequence[Fact]:
        """The events, in order."""

    @property
    def next_after(self) -> str:
        """The place to ask after next."""


class Outbox(Protocol):
    """The producer's side. Raises CoreUnreachable."""

    async def events(self, after: int | str, limit: int) -> Page:
        """Events above a position or place, in order, at most so many."""


class Arrivals(Protocol):
    """Our side: what has arrived."""

    def received(self, producer: str) -> Received:
        """What has arrived of a producer's outbox."""

    async def skip(self, producer: str, first: int, last: int) -> None:
        """Stop waiting for positions that the producer does not have."""

    def place(self, producer: str) -> str:
        """Up to where an outbox without positions was compared; empty before the first time."""

    async def follow(self, producer: str, place: str) -> None:
        """Keep the place up to which everything has arrived."""

    async def missing(self, facts: Sequence[Fact]) -> list[Fact]:
        """Which of these facts have not arrived."""


class Backfill:
    """Compares the outbox with what has arrived, and hands over what is missing.

    outboxes: the cores that share the outbox, asked in order until one answers. producer: the outbox's name in the
    checkpoint, which is its region. sharing: other regions whose cores write the same outbox.
    """

    def __init__(
        self,
        outboxes: Sequence[Outbox],
        arrivals: Arrivals,
        sink: FactSink,
        *,
        producer: str,
        sharing: Collection[str] = (),
    ) -> None:
        self._outboxes = outboxes
        self._arrivals = arrivals
        self._sink = sink
        self._producer = producer
        self._regions = frozenset({producer, *sharing})

    async def tick(self, now_ms: int) -> int:
        """Hand over what has been missing for longer than the grace. Returns the number of facts."""
        place = self._arrivals.place(self._producer)
        recovered = await (self._by_place(place, now_ms) if place else self._by_position(now_ms))
        if recovered:
            log.info("missing events recovered", action="backfilled", facts=recovered)
        return recovered

    async def _by_position(self, now_ms: int) -> int:
        recovered = 0
        after = self._arrivals.received(self._producer).watermark
        for _ in range(MAX_PAGES):
            page = await self._page(after)
            if page is None:
                break
            if any(fact.sequence == 0 for fact in page.events):
                return recovered + await self._by_place(BEGINNING, now_ms)
            received = self._arrivals.received(self._producer)
            missing = [
                fact for fact in page.events if fact.sequence not in received and fact.at_ms <= now_ms - GRACE_MS
            ]
            if missing:
                await self._sink.accept(missing, SOURCE)
                recovered += len(missing)
            await self._skip_holes(after, page)
            if len(page.events) < PAGE:
                break
            after = page.events[-1].sequence
        return recovered

    async def _by_place(self, place: str, now_ms: int) -> int:
        """Compare an outbox that lies in parts: its events carry no position, so each is looked up by its id."""
        recovered = 0
        for _ in range(MAX_PAGES):
            page = await self._page(place)
            if page is None or not page.events:
                break
            old = [fact for fact in page.events if fact.at_ms <= now_ms - GRACE_MS]
            missing = await self._arrivals.missing(old)
            if missing:
                await self._sink.accept(missing, SOURCE)
                recovered += len(missing)
            if len(old) < len(page.events):
                # The place is that of the whole page: it is kept once nothing of it is on its way any more.
                break
            await self._arrivals.follow(self._producer, page.next_after)
            place = page.next_after
        return recovered

    async def _page(self, after: int | str) -> Page | None:
        """The next events, from the first core that answers; None, counted and logged, when they cannot be used."""
        fault = CoreUnreachable("No core is configured.")
        for outbox in self._outboxes:
            try:
                page = await outbox.events(after, PAGE)
            except CoreUnreachable as unreachable:
                fault = unreachable
                continue
            strangers = {fact.region for fact in page.events} - self._regions
            if not strangers:
                return page
            log.error("the cores are of another region", action="backfill_refused", regions=sorted(strangers))
            return None
        log.warning("events could not be compared", action="backfill_failed", error=fault.detail)
        return None

    async def _skip_holes(self, after: int, page: Page) -> None:
        """The outbox is written in order, so a position missing between two of its events will never be filled."""
        before = after
        for fact in page.events:
            if fact.sequence > before + 1:
                await self._arrivals.skip(self._producer, before + 1, fact.sequence - 1)
                log.warning(
                    "the outbox has no such events", action="outbox_hole", first=before + 1, last=fact.sequence - 1
                )
            before = fact.sequence
