"""Messages that cannot be used, put aside on disk so that the rest flows and nothing vanishes."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from checks.redaction.card_numbers import mask_card_numbers
from daemon.errors import QuarantineFailed
from daemon.storage.durable_file import DurableFile

log = structlog.get_logger()

MAX_ENTRIES = 1_000
"""The newest are kept: with the next limit, at most 64 MiB on disk."""
MAX_BODY = 65_536
"""Characters kept of a body; its hash and its size are those of the whole."""
MAX_WHAT = 500
"""Characters kept of the reason."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS quarantined (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, source TEXT NOT NULL, what TEXT NOT NULL,
    sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL, body TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One message put aside. sequence counts from 1 and is never used again. body is masked and may be cut."""

    sequence: int
    at_ms: int
    source: str
    what: str
    sha256: str
    size_bytes: int
    body: str


Noted = Callable[[Quarantined], Awaitable[None]]
"""Told of every message once it is on disk, for the journal."""


class Quarantine:
    """SQLite (synchronous=FULL) behind one thread. Every method raises QuarantineFailed when the disk fails."""

    def __init__(self, path: Path, noted: Noted | None = None) -> None:
        self._noted = noted
        self._file = DurableFile(path, QuarantineFailed)
        self.by_source: Counter[str] = Counter()
        """Messages put aside since the start."""

    @classmethod
    async def open(cls, path: Path, noted: Noted | None = None) -> Self:
        """Open or make the quarantine."""
        quarantine = cls(path, noted)
        await quarantine._file.open(_SCHEMA)
        return quarantine

    async def put(self, source: str, body: bytes | str, what: str, now_ms: int) -> Quarantined:
        """Put a message aside; it is on disk when this returns."""
        entry = await self._file.run(lambda: self._insert(source, body, what, now_ms))
        self.by_source[source] += 1
        log.warning(
            "message quarantined",
            action="message_quarantined",
            source=source,
            what=entry.what,
            sha256=entry.sha256,
            size_bytes=entry.size_bytes,
        )
        if self._noted is not None:
            await self._noted(entry)
        return entry

    async def entries(self, limit: int = 100) -> list[Quarantined]:
        """The newest, newest first."""
        return await self._file.run(lambda: self._select(limit))

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    def _insert(self, source: str, body: bytes | str, what: str, now_ms: int) -> Quarantined:
        raw = body.encode(errors="surrogatepass") if isinstance(body, str) else body
        # A few characters more than are kept, so that the cut does not hide half a card number from the mask.
        text = raw[: 4 * MAX_BODY].decode(errors="replace")[: MAX_BODY + 64]
        row = (
            now_ms,
            source,
            mask_card_numbers(what)[:MAX_WHAT],
            hashlib.sha256(raw).hexdigest(),
            len(raw),
            mask_card_numbers(text)[:MAX_BODY],
        )
        added = self._file.database.execute(
            "INSERT INTO quarantined (at_ms, source, what, sha256, size_bytes, body) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        sequence = int(added.lastrowid or 0)
        self._file.database.execute("DELETE FROM quarantined WHERE sequence <= ?", (sequence - MAX_ENTRIES,))
        return Quarantined(sequence, *row)

    def _select(self, limit: int) -> list[Quarantined]:
        rows = self._file.database.execute("SELECT * FROM quarantined ORDER BY sequence DESC LIMIT ?", (limit,))
        return [Quarantined(*row) for row in rows]
