"""Proves a kind's files before anything moves: there, whole, decrypted to their end, and as many as promised."""

from pathlib import Path

import msgspec

from payment_core.migration.export.errors import (
    CountWrong,
    FileTruncated,
    FileUnreadable,
    HashWrong,
)
from payment_core.migration.export.framing.opened import framer_for
from payment_core.migration.export.framing.piece import Piece
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.manifest import Format, ManifestFile
from payment_core.migration.export.opening.clear import sha256_of
from payment_core.migration.export.opening.keys import KeySource
from payment_core.migration.export.opening.opened import clear_bytes
from payment_core.migration.export.recording import NESTED, Recorder
from payment_core.migration.export.records import START


class FileProof(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is what the manifest says. clear_bytes: of its content, decrypted."""

    name: str
    sha256: str
    records: int
    clear_bytes: int


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a kind are what the manifest says."""

    kind: Kind
    files: tuple[FileProof, ...]

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(file.records for file in self.files)


async def prove_file(directory: Path, file: ManifestFile, keys: KeySource | None) -> FileProof:
    """Read a file to its end, and keep nothing of it.

    An encrypted one is decrypted to its end, because only there its protection against changes is checked. Raises
    ExportError: FileMissing, HashWrong, FileTruncated, CountWrong, FileUnreadable, and what decrypting raises.
    """
    sha256 = await sha256_of(directory / file.name)
    if sha256 != file.sha256:
        raise HashWrong(f"{file.name} has {sha256}, the manifest says {file.sha256}.")
    counter, framer, size = _Counter(file), framer_for(file.format), 0
    try:
        async with clear_bytes(directory, file, keys) as pieces:
            async for chunk in pieces:
                size += len(chunk)
                counter.take(framer.feed(chunk))
        counter.take(framer.finish())
    except (FileTruncated, FileUnreadable) as error:
        raise type(error)(f"{file.name}: {error.detail.removeprefix(f'{file.name}: ')}") from error
    if counter.count != file.records:
        raise CountWrong(f"{file.name} has {counter.count}, the manifest says {file.records}.")
    return FileProof(name=file.name, sha256=sha256, records=counter.count, clear_bytes=size)


class _Counter:
    """Counts records; decodes them only where one piece may hold several."""

    def __init__(self, file: ManifestFile) -> None:
        # The hashes that it makes are thrown away, so any key will do.
        self._recorder = Recorder(file, 0, START, hash_key=None, occurred_at_ms=0)
        self._decodes = file.kind in NESTED and file.format is not Format.CSV
        self._has_header = file.format is Format.CSV
        self._counted = 0

    @property
    def count(self) -> int:
        return self._recorder.count if self._decodes else self._counted

    def take(self, pieces: list[Piece]) -> None:
        if self._has_header and pieces:
            self._recorder.head(pieces[0].raw)
            pieces = pieces[1:]
            self._has_header = False
        if self._decodes:
            for _ in self._recorder.take(pieces):
                pass
        else:
            self._counted += len(pieces)
