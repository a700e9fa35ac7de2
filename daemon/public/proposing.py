"""Writes into the journal what is due about telling the outside; the page and the letters follow from there."""

from collections.abc import Callable

import structlog

from config.public.reading import Public
from remediation.errors import NotJournaled
from remediation.journal.public_kinds import PublicBody
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.public.due import due

log = structlog.get_logger()

ROUNDS_MAX = 20
"""Of writing and asking again at one tick; the next one goes on."""


class Proposer:
    """Over the journal's state. public: as it is at this moment."""

    def __init__(self, writer: JournalWriter, clock: Clock, public: Callable[[], Public]) -> None:
        self._writer = writer
        self._clock = clock
        self._public = public

    async def tick(self) -> None:
        """Write what is due. A journal that takes nothing is tried again at the next tick: a word is late, not lost."""
        try:
            await self._write()
        except NotJournaled as fault:
            log.error("the outside is not told, the journal takes nothing", action="journal_fault", fault=str(fault))

    async def _write(self) -> None:
        before: tuple[PublicBody, ...] = ()
        for _ in range(ROUNDS_MAX):
            found = due(self._writer.state, self._public(), self._clock.now_ms())
            if not found or found == before:
                return
            before = found
            for body in found:
                if self._clock.now_ms() >= self._writer.lease.until_ms:
                    return
                await self._writer.append(body)
