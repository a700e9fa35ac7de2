"""The files of ``report``: each is whole or as it was, and the signature comes last."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from daemon.cli.output import Exit, fail
from payment_core.migration.model import Quarantined
from payment_core.migration.names import JobName
from payment_core.migration.reconciling.reporting import SignedReport
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing
from payment_core.store.walking import every

PAGE = 500
OWNER_ONLY, AS_USUAL = 0o600, 0o666
SIGNATURE = "signature.json"


async def write_quarantine(store: LedgerStore, path: Path) -> int:
    """One line of JSON for each record that waits; how many. Ends the command when it cannot be written."""
    waiting = 0
    with _told(path, "give another file by --quarantine"), _whole(path, OWNER_ONLY) as file:
        for job in JobName:
            async for entry in every(store, Listing(Quarantined, owner=job.value, limit=PAGE)):
                waiting += 1
                await asyncio.to_thread(file.write, msgspec.json.encode(entry) + b"\n")
    return waiting


def write_report(out: Path, made: SignedReport) -> None:
    """The files and what signs them. Ends the command when they cannot be written."""
    signature = msgspec.json.encode(made.signature, order="sorted") + b"\n"
    with _told(out, "give another place by --out"):
        out.mkdir(parents=True, exist_ok=True)
        for name, content in {**made.files, SIGNATURE: signature}.items():
            with _whole(out / name, AS_USUAL) as file:
                file.write(content)


@contextmanager
def _told(place: Path, fix: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fail(f"{place}: cannot be written: {error.strerror}\n  fix: make room, or {fix}", Exit.BAD_INPUT)


@contextmanager
def _whole(path: Path, mode: int) -> Iterator[BinaryIO]:
    """A file that takes the place of the one of this name once all of it is on disk; a pipe is written as it is."""
    if path.exists() and not path.is_file():
        with path.open("wb", buffering=0) as pipe:
            yield pipe
        return
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
