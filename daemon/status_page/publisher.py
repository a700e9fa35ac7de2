"""Writes the page when what it says has changed, and often enough that its age says whether it is still kept."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from msgspec.structs import replace

from config.public.reading import Public
from daemon.status_page.document import StatusDocument, document_of
from daemon.status_page.places import PageNotWritten, Place
from daemon.status_page.rendering import CONTENT_TYPES, Renderer
from remediation.ports import Clock
from remediation.state import State

log = structlog.get_logger()

LONGEST_PAUSE_SECONDS = 60.0


class StatusPublisher:
    """places: by name, for logs. watched: whether what is measured can be believed now.

    written_at_ms: when every place had the newest page, 0 before the first; failures: writes that did not succeed.
    newest: what the page said at the last look, None before the first.
    """

    def __init__(
        self,
        places: Mapping[str, Place],
        renderer: Renderer,
        clock: Clock,
        state: Callable[[], State],
        public: Callable[[], Public],
        watched: Callable[[], bool],
    ) -> None:
        self._places = places
        self._renderer = renderer
        self._clock = clock
        self._state = state
        self._public = public
        self._watched = watched
        self._said: dict[str, StatusDocument] = {}
        self._at_ms: dict[str, int] = {}
        self._files: dict[str, dict[str, bytes]] = {name: {} for name in places}
        self._failures: dict[str, int] = {}
        self._again_ms: dict[str, int] = {}
        self.newest: StatusDocument | None = None
        self.written = 0
        self.failures = 0

    @property
    def written_at_ms(self) -> int:
        """When the place that is furthest behind was last written; 0 while one never was."""
        return min((self._at_ms.get(name, 0) for name in self._places), default=0)

    async def run(self) -> None:
        """Look and write until cancelled; no fault of a place ends it."""
        while True:
            await self.step()
            # Twice within what is promised, so that a change between two looks is in time as well.
            await self._clock.sleep(min(self._public().page.publish_within / 2, 1.0))

    async def step(self) -> None:
        """Write where it is due."""
        document = self.newest = self.document()
        now_ms, said = self._clock.now_ms(), replace(document, written_at="")
        for name, place in self._places.items():
            if now_ms < self._again_ms.get(name, 0) or not self._is_due(name, said, now_ms):
                continue
            try:
                await self._write(name, place, document)
            except PageNotWritten as fault:
                self._failed(name, fault, now_ms)
            else:
                self._said[name], self._at_ms[name] = said, now_ms
                self._failures.pop(name, None)
                self.written += 1

    def document(self) -> StatusDocument:
        """What the page says now."""
        page, state = self._public().page, self._state()
        return document_of(page, state.public, watched=self._watched(), now_ms=self._clock.now_ms())

    def _is_due(self, name: str, said: StatusDocument, now_ms: int) -> bool:
        rewrite_ms = self._public().page.rewrite_every * 1000
        return self._said.get(name) != said or now_ms - self._at_ms.get(name, 0) >= rewrite_ms

    async def _write(self, name: str, place: Place, document: StatusDocument) -> None:
        """Every file whose content is another than what lies there, the page itself last."""
        files = await asyncio.to_thread(self._renderer.files, document)
        lies = self._files[name]
        for file, content in files.items():
            if lies.get(file) != content:
                # Until the place has taken it nobody knows what lies there.
                lies.pop(file, None)
                await place.write(file, content, CONTENT_TYPES[file])
                lies[file] = content

    def _failed(self, name: str, fault: PageNotWritten, now_ms: int) -> None:
        self.failures += 1
        count = self._failures[name] = self._failures.get(name, 0) + 1
        pause_seconds = min(LONGEST_PAUSE_SECONDS, 2.0 ** min(count - 1, 10))
        self._again_ms[name] = now_ms + round(pause_seconds * 1000)
        log.error("status page not written", action="status_page_not_written", place=name, fault=fault.detail)
