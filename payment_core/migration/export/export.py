"""An export in a directory: opened by its manifest."""

import asyncio
from pathlib import Path
from typing import Self

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.manifest import Manifest, ManifestFile, read_manifest
from payment_core.migration.export.opening.keys import KeySource
from payment_core.migration.export.proving import Proof, prove_file

HASH_KEY_BYTES_MIN = 32
"""HMAC-SHA-256 (RFC 2104): a shorter key is weaker than the hash."""


class Export:
    """What the processor handed over. Open it with ``Export.open``; nothing of it is believed before it is proven.

    keys: where the private key for encrypted files is; without one they cannot be read. hash_key: what the hashes of
    records with card or account numbers are keyed with, the same for each run; without one they cannot be read.
    """

    def __init__(
        self, directory: Path, manifest: Manifest, keys: KeySource | None = None, hash_key: bytes | None = None
    ) -> None:
        if hash_key is not None and len(hash_key) < HASH_KEY_BYTES_MIN:
            message = f"a hash key has {HASH_KEY_BYTES_MIN} bytes or more, this one has {len(hash_key)}"
            raise ValueError(message)
        self.directory = directory
        self.manifest = manifest
        self.keys = keys
        self.hash_key = hash_key

    @classmethod
    async def open(cls, directory: Path, keys: KeySource | None = None, hash_key: bytes | None = None) -> Self:
        """The export in a directory; raises ManifestUnusable. Its files are looked at by ``prove`` and ``read``."""
        manifest = await asyncio.to_thread(read_manifest, directory)
        return cls(directory, manifest, keys, hash_key)

    def files(self, kind: Kind) -> tuple[ManifestFile, ...]:
        """The files of a kind, in the order in which they are read."""
        return self.manifest.of(kind)

    def records(self, kind: Kind) -> int:
        """How many records of a kind the manifest promises."""
        return sum(file.records for file in self.files(kind))

    async def prove(self, kind: Kind) -> Proof:
        """That all files of a kind are what the manifest says; nothing may move before. Raises ExportError."""
        proofs = [await prove_file(self.directory, file, self.keys) for file in self.files(kind)]
        return Proof(kind=kind, files=tuple(proofs))
