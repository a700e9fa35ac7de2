"""What a runner reads: an export, or whatever else yields records in a fixed order."""

import hashlib
from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.reading import read
from payment_core.migration.export.records import Position, Read


class Source(Protocol):
    """Records by kind, each time in the same order."""

    @property
    def identity(self) -> str:
        """SHA-256 of what says which export this is."""
        ...

    @property
    def made_at_ms(self) -> int:
        """When it was made; what changed later comes by the feed."""
        ...

    def records(self, kind: Kind) -> int:
        """How many records of a kind it promises."""
        ...

    def read(self, kind: Kind, after: Position) -> AsyncGenerator[Read, None]:
        """Records and what is none, behind this place. Raises ExportError."""
        ...

    async def prove(self, kind: Kind) -> None:
        """Read all of a kind to nowhere: complete and unchanged, or an ExportError. Before any of it is used."""
        ...


class ExportSource:
    """An export as a runner reads it."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self.made_at_ms = export.manifest.made_at_ms
        self.identity = hashlib.sha256(msgspec.json.encode(export.manifest, order="sorted")).hexdigest()

    def records(self, kind: Kind) -> int:
        """What the manifest promises."""
        return self._export.records(kind)

    def read(self, kind: Kind, after: Position) -> AsyncGenerator[Read, None]:
        """Behind this place."""
        return read(self._export, kind, after)

    async def prove(self, kind: Kind) -> None:
        """Decrypted to the end, whole, and as many as promised."""
        await self._export.prove(kind)
