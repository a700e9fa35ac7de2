"""Reads the records of one kind, file after file, with bounded memory; it can go on from any record."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from payment_core.migration.export.errors import CountWrong, FileTruncated, HashKeyMissing, HashWrong
from payment_core.migration.export.export import Export
from payment_core.migration.export.framing.lines import Lines
from payment_core.migration.export.framing.opened import framer_for
from payment_core.migration.export.kinds import SECRET_KINDS, Kind
from payment_core.migration.export.manifest import Format, ManifestFile
from payment_core.migration.export.opening.opened import clear_bytes
from payment_core.migration.export.recording import Recorder
from payment_core.migration.export.records import START, Position, Read


async def read(export: Export, kind: Kind, after: Position = START) -> AsyncGenerator[Read, None]:
    """Every record of a kind behind this position, in the order of the files, and what stands there and is none.

    Close it when you leave it early (``contextlib.aclosing``). Prove the export first: that a file is damaged or
    incomplete is known at its end, and raised then. Raises ExportError.
    """
    if kind in SECRET_KINDS and export.hash_key is None:
        raise HashKeyMissing(kind)
    for place, file in enumerate(export.files(kind)):
        if place < after.file:
            continue
        begin = after if place == after.file else Position(place)
        async with aclosing(_file(export, file, place, begin)) as records:
            async for record in records:
                yield record


async def _file(export: Export, file: ManifestFile, place: int, begin: Position) -> AsyncGenerator[Read, None]:
    offset = 0 if file.encrypted else begin.offset
    begin = Position(place, begin.record, offset)
    recorder = Recorder(
        file,
        place,
        begin,
        hash_key=export.hash_key,
        occurred_at_ms=export.manifest.made_at_ms,
        platform=export.manifest.account,
    )
    if offset > 0 and file.format is Format.CSV:
        recorder.head(await _header(export.directory, file))
    framer, seen = framer_for(file.format, offset), hashlib.sha256()
    async with clear_bytes(export.directory, file, export.keys, offset) as pieces:
        async for chunk in pieces:
            seen.update(chunk)
            for record in recorder.take(framer.feed(chunk)):
                yield record
    try:
        last = framer.finish()
    except FileTruncated as error:
        raise FileTruncated(f"{file.name}: {error.detail}") from error
    for record in recorder.take(last):
        yield record
    if offset == 0 and not file.encrypted and seen.hexdigest() != file.sha256:
        raise HashWrong(file.name)
    if recorder.count != file.records:
        raise CountWrong(f"{file.name} has {recorder.count}, the manifest says {file.records}.")


async def _header(directory: Path, file: ManifestFile) -> bytes:
    """The first row of a CSV file."""
    framer = Lines(quoted=True)
    async with clear_bytes(directory, file, None) as pieces:
        async for chunk in pieces:
            for piece in framer.feed(chunk):
                return piece.raw
    for piece in framer.finish():
        return piece.raw
    raise FileTruncated(f"{file.name}: it is empty.")
