"""Follows the journal and sends its stories to an OTLP collector, which nobody ever waits for."""

from collections import deque
from collections.abc import Callable, Sequence

import httpx
import structlog

from daemon.traces.story import Stories, Story
from remediation.errors import JournalCorrupt, JournalError
from remediation.journal.port import Journal
from remediation.ports import Clock

log = structlog.get_logger()

LOOK_SECONDS = 1.0
ENTRIES_PER_LOOK = 500
STORIES_PER_CALL = 200
WAITING_MAX = 2_000
"""Stories that wait for a collector that does not answer; the oldest are dropped first."""
CALL_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0

Encode = Callable[[Sequence[Story]], bytes]


class TraceExport:
    """sent, dropped: stories since the start. after: the journal's entry from which on stories are told.

    A story that began before the daemon did is not told: its decision was another process's.
    """

    def __init__(self, journal: Journal, clock: Clock, client: httpx.AsyncClient, encode: Encode, after: int) -> None:
        self._journal = journal
        self._clock = clock
        self._client = client
        self._encode = encode
        self._after = after
        self._stories = Stories()
        self._waiting: deque[Story] = deque()
        self._failures = 0
        self.sent = 0
        self._overflowed = 0

    @property
    def dropped(self) -> int:
        """Stories that no collector got: too many waited, one was refused for good, or an action had no end."""
        return self._overflowed + self._stories.forgotten

    async def run(self) -> None:
        """Follow and send until cancelled; no fault of journal or collector ends it."""
        while True:
            try:
                await self.look()
            except JournalError as fault:
                log.warning("journal not read", action="traces_not_read", fault=str(fault))
            await self.send()
            pause_seconds = LOOK_SECONDS * 2 ** min(self._failures, 6)
            await self._clock.sleep(min(pause_seconds, LONGEST_PAUSE_SECONDS))

    async def look(self) -> None:
        """Read what the journal has got since."""
        while entries := await self._journal.read(self._after, ENTRIES_PER_LOOK):
            for entry in entries:
                self._after = entry.sequence
                try:
                    story = self._stories.take(entry)
                except JournalCorrupt as fault:
                    log.error("entry not told", action="trace_entry_unreadable", fault=str(fault))
                    continue
                if story is not None:
                    self._keep(story)

    async def send(self) -> None:
        """Send what waits, until all is sent or the collector refuses."""
        while self._waiting:
            stories = [self._waiting.popleft() for _ in range(min(STORIES_PER_CALL, len(self._waiting)))]
            fault, retryable = await self._post(self._encode(stories))
            if not fault:
                self.sent += len(stories)
                self._failures = 0
                continue
            self._failures += 1
            log.warning("traces not sent", action="traces_not_sent", fault=fault, stories=len(stories))
            if retryable:
                self._waiting.extendleft(reversed(stories))
            else:
                self._overflowed += len(stories)
            return

    def _keep(self, story: Story) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self._overflowed += 1
        self._waiting.append(story)

    async def _post(self, body: bytes) -> tuple[str, bool]:
        """The fault, empty when there is none, and whether it may pass: OTLP says so by the status."""
        try:
            answer = await self._client.post(
                "/v1/traces", content=body, headers={"Content-Type": "application/x-protobuf"}
            )
        except httpx.HTTPError as error:
            return type(error).__name__, True
        if answer.is_success:
            return "", False
        return f"HTTP {answer.status_code}", answer.status_code in {429, 502, 503, 504}
