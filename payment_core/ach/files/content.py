"""Keeps the sealed bytes of files in pieces that every store takes."""

import hashlib
import secrets

from payment_core.ach.files.model import ContentPart
from payment_core.ach.files.ports import FileCipher
from payment_core.errors import CoreError
from payment_core.store.port import LedgerStore, Work
from payment_core.store.records import Listing

PART_BYTES = 128 * 1024
"""A DynamoDB item holds 400 KB, and stored JSON makes bytes a third longer."""

PARTS_MAX = 100
"""12.8 MB: a file of 100,000 records has 9.5 MB."""


class ContentDamaged(CoreError):
    """The stored bytes are not those that were sealed."""


class SealedContent:
    """Seals bytes and keeps them; the document that names them is written afterwards, by the caller."""

    def __init__(self, store: LedgerStore, cipher: FileCipher, purpose: str) -> None:
        self._store = store
        self._cipher = cipher
        self._purpose = purpose

    async def keep(self, subject_id: str, plain: bytes, actor: str) -> tuple[str, int]:
        """The content's name and how many parts it has; nothing that is there already is touched."""
        sealed = await self._cipher.seal(self._purpose, subject_id, plain)
        # Of its own for each attempt, so that removing a lost one never touches the one that won.
        name = f"{hashlib.sha256(sealed).hexdigest()}-{secrets.token_hex(8)}"
        pieces = [sealed[start : start + PART_BYTES] for start in range(0, len(sealed), PART_BYTES)]
        if len(pieces) > PARTS_MAX:
            raise ContentDamaged(f"{len(sealed)} bytes are more than {PARTS_MAX} parts hold.")
        for index, piece in enumerate(pieces):
            part = ContentPart(id=_part_id(name, index), subject_id=subject_id, sealed=piece)
            await self._store.transact(_putting(part), actor)
        return name, len(pieces)

    async def load(self, subject_id: str, name: str, parts: int) -> bytes:
        """The plain bytes. Raises ContentDamaged, or what the cipher raises."""
        sealed = bytearray()
        for index in range(parts):
            part = await self._store.read(ContentPart, _part_id(name, index))
            if part is None:
                raise ContentDamaged(f"Part {index} of {subject_id} is missing.")
            sealed += part.sealed
        if not name.startswith(hashlib.sha256(sealed).hexdigest()):
            raise ContentDamaged(subject_id)
        return await self._cipher.open(self._purpose, subject_id, bytes(sealed))

    async def keep_only(self, subject_id: str, name: str, actor: str) -> None:
        """Remove what interrupted attempts left, once a document names this content."""
        for part in await self._parts(subject_id):
            if not part.id.startswith(name):
                await self._store.transact(_deleting(part.id), actor)

    async def discard(self, subject_id: str, name: str, actor: str) -> None:
        """Remove content that no document came to name."""
        for part in await self._parts(subject_id):
            if part.id.startswith(name):
                await self._store.transact(_deleting(part.id), actor)

    async def _parts(self, subject_id: str) -> list[ContentPart]:
        return await self._store.query(Listing(ContentPart, owner=subject_id, limit=PARTS_MAX))


def _part_id(name: str, index: int) -> str:
    return f"{name}.{index:03d}"


def _putting(part: ContentPart) -> Work[None]:
    return lambda transaction: transaction.put(part)


def _deleting(part_id: str) -> Work[None]:
    return lambda transaction: transaction.delete(ContentPart, part_id)
