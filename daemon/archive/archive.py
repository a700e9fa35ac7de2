"""Hands accepted facts to the archive's thread, and never lets the archive hold up what the daemon is for."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from checks.facts import Fact
from config.settings import ArchiveSettings
from daemon.archive.files import ArchiveFiles, Kept
from remediation.ports import Clock

log = structlog.get_logger()

Work = Callable[[], None]

WAITING_FACTS_MAX = 100_000
"""Some 50 MB: minutes of a disk that hangs. What comes beyond is not archived, and counted."""
RETRY_SECONDS = 10.0
"""After a disk refused; meanwhile facts wait, up to the limit."""


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """Since the start: facts that were written, facts that were not. fault: why the last write failed, or empty."""

    written: int
    dropped: int
    fault: str
    kept: Kept


class Archive:
    """Takes facts at once and writes them in a thread; made by ``open``, written by ``run``."""

    def __init__(self, directory: Path, settings: ArchiveSettings, clock: Clock) -> None:
        self._files = ArchiveFiles(directory, keep_ms=round(settings.keep_for * 1000), bytes_max=settings.bytes_max)
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._waiting: deque[Fact] = deque()
        self._brought = asyncio.Event()
        self._written = 0
        self._dropped = 0
        self._fault = ""
        self._kept = Kept()

    @classmethod
    async def open(cls, directory: Path, settings: ArchiveSettings, clock: Clock) -> Self:
        """Make the directory and put it in order. An archive whose disk refuses is open too, and tries again."""
        archive = cls(directory, settings, clock)
        await archive._try(lambda: archive._files.open(clock.now_ms()))
        return archive

    def take(self, facts: Sequence[Fact]) -> None:
        """Remember the facts to be written; returns at once."""
        room = WAITING_FACTS_MAX - len(self._waiting)
        self._waiting.extend(facts[:room])
        if len(facts) > room:
            if not self._dropped:
                log.error("facts are not archived", action="archive_full", waiting=WAITING_FACTS_MAX, fault=self._fault)
            self._dropped += len(facts) - room
        self._brought.set()

    def status(self) -> ArchiveStatus:
        """The counts of this moment; does not wait."""
        return ArchiveStatus(self._written, self._dropped, self._fault, self._kept)

    async def run(self) -> None:
        """Write what is brought, for ever."""
        while True:
            await self._brought.wait()
            self._brought.clear()
            if not await self.flush():
                await self._clock.sleep(RETRY_SECONDS)
                self._brought.set()

    async def flush(self) -> bool:
        """Write what waits now; whether the disk took it."""
        facts = list(self._waiting)
        if not facts:
            return True
        now_ms = self._clock.now_ms()
        done = await self._try(lambda: self._files.write(facts, now_ms))
        if done:
            for _ in facts:
                self._waiting.popleft()
            self._written += len(facts)
        return done

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if await self.flush():
            await self._try(self._files.close)
        self._worker.shutdown()

    async def _try(self, work: Work) -> bool:
        """Do the work in the thread; what the disk refuses is said once and is no reason to stop."""
        try:
            self._kept = await asyncio.get_running_loop().run_in_executor(self._worker, lambda: self._worked(work))
        except OSError as fault:
            if not self._fault:
                log.error("archive cannot be written", action="archive_fault", fault=str(fault))
            self._fault = str(fault)
            return False
        self._fault = ""
        return True

    def _worked(self, work: Work) -> Kept:
        work()
        return self._files.kept()
