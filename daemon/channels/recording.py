"""Writes what became of notices into the journal; what it does not take is kept, and not sent again for it."""

import asyncio

import structlog

from remediation.errors import NotJournaled
from remediation.journal.escalation_kinds import NoticeFailed, NoticeSent
from remediation.journal.writer import JournalWriter

log = structlog.get_logger()


class Recording:
    """taken: ids of notices that were sent, which the journal does not know yet."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._unwritten: list[NoticeSent | NoticeFailed] = []
        self._one_at_a_time = asyncio.Lock()
        self.taken: set[str] = set()

    async def record(self, body: NoticeSent | NoticeFailed) -> None:
        """Write it, now or at a later flush; the caller goes on."""
        self._unwritten.append(body)
        if isinstance(body, NoticeSent):
            self.taken.add(body.notice_id)
        await self.flush()

    async def flush(self) -> bool:
        """Write what is not written yet; whether nothing is left."""
        async with self._one_at_a_time:
            while self._unwritten:
                body = self._unwritten[0]
                try:
                    await self._writer.append(body)
                except NotJournaled as fault:
                    log.error("what became of a notice is not recorded", action="journal_fault", fault=str(fault))
                    return False
                self._unwritten.pop(0)
                self.taken.discard(body.notice_id)
            return True
