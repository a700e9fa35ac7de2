"""A process that appends until it is killed, and prints each sequence once it is acknowledged."""

import asyncio
import sys
from pathlib import Path

import msgspec

from remediation.journal.entry import Draft
from remediation.journal.sqlite import SqliteJournal


async def write(path: Path) -> None:
    journal = await SqliteJournal.open(path)
    lease = await journal.acquire_lease("writer", 60_000, 0)
    body = msgspec.Raw(msgspec.json.encode({"padding": "x" * 3_000}))
    while True:
        draft = Draft(at_ms=0, kind="note", actor="writer", body=body)
        appends = [journal.append(draft, expected_sequence=None, epoch=lease.epoch) for _ in range(5)]
        for entry in await asyncio.gather(*appends):
            print(entry.sequence, flush=True)  # noqa: T201 (the parent reads it)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
