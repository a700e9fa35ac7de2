"""Reads along in the journal that the daemon writes, from the file and without ever writing to it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from remediation.folds import apply
from remediation.journal.entry import Entry
from remediation.journal.offline import following, open_read_only
from remediation.state import State

JOURNAL = "journal.db"


class Follower:
    """The fold of everything that is in the journal file so far; a file that is not there yet is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="journal-follower")
        self.state = State()

    async def catch_up(self) -> list[Entry]:
        """Fold in what was appended since the last call, and return it. Raises JournalUnusable, JournalCorrupt."""
        fresh: list[Entry] = []
        while page := await self._read(self.state.sequence):
            for entry in page:
                self.state = apply(self.state, entry)
            fresh += page
        return fresh

    async def since(self, sequence: int) -> list[Entry]:
        """Every entry above the sequence."""
        found: list[Entry] = []
        while page := await self._read(found[-1].sequence if found else sequence):
            found += page
        return found

    def close(self) -> None:
        """Give the thread up."""
        self._worker.shutdown(wait=False)

    async def _read(self, after: int) -> list[Entry]:
        return await asyncio.get_running_loop().run_in_executor(self._worker, _page, self._path, after)


def _page(path: Path, after: int) -> list[Entry]:
    if not path.is_file():
        return []
    with closing(open_read_only(path)) as connection:
        return following(connection, after)
