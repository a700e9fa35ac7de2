"""Takes a return file in: read, sealed and kept once for the same bytes, and applied later by a job."""

import asyncio
import hashlib
from enum import StrEnum
from typing import assert_never

import msgspec

from payment_core.ach.files.content import SealedContent
from payment_core.ach.files.incoming.model import ReturnFile, ReturnFileHash
from payment_core.ach.problems import Problem
from payment_core.ach.reading.notices import Notices, notices_of
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import Reading, read
from payment_core.answers import Explanation
from payment_core.identifiers import new_id
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

RETURNS_PURPOSE = "ach_return"
RETURN_BYTES_MAX = 16 * 1024 * 1024
"""100,000 records have 9.5 MB."""


class ReturnRefusal(StrEnum):
    """Why a return file was not taken, in order of precedence."""

    RETURN_FILE_TOO_LARGE = "return_file_too_large"
    RETURN_FILE_INVALID = "return_file_invalid"
    RETURN_FILE_EMPTY = "return_file_empty"
    RETURN_FILE_NOT_FOUND = "return_file_not_found"


def explain_return(refusal: ReturnRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case ReturnRefusal.RETURN_FILE_TOO_LARGE:
            return Explanation("Too large", 413, f"A return file has at most {RETURN_BYTES_MAX} bytes.")
        case ReturnRefusal.RETURN_FILE_INVALID:
            return Explanation("Not a valid file", 422, "The file breaks NACHA rules, so nothing of it was applied.")
        case ReturnRefusal.RETURN_FILE_EMPTY:
            return Explanation("Nothing to apply", 422, "The file has neither returns nor notifications of change.")
        case ReturnRefusal.RETURN_FILE_NOT_FOUND:
            return Explanation("No such return file", 404, "There is no return file with this id.")
        case _:
            assert_never(refusal)


class RefusedFile(msgspec.Struct, frozen=True):
    """A file that was not taken. problems: what is wrong where, without the values."""

    refusal: ReturnRefusal
    problems: tuple[Problem, ...] = ()


class Receiver:
    """The same bytes twice are one return file, whichever way they came."""

    def __init__(self, store: LedgerStore, origin: Origin, content: SealedContent) -> None:
        self._store = store
        self._origin = origin
        self._content = content

    async def receive(self, body: bytes, actor: str, source: str, now_ms: int) -> ReturnFile | RefusedFile:
        """The return file, new or known. source: where it came from, for example ``api``."""
        if len(body) > RETURN_BYTES_MAX:
            return RefusedFile(ReturnRefusal.RETURN_FILE_TOO_LARGE)
        sha256 = hashlib.sha256(body).hexdigest()
        known = await self._store.read(ReturnFileHash, sha256)
        if known is not None:
            stored = await self._store.read(ReturnFile, known.return_file_id)
            if stored is not None:
                return stored
        reading = await asyncio.to_thread(_read, body)
        if not reading.valid:
            return RefusedFile(ReturnRefusal.RETURN_FILE_INVALID, reading.errors)
        notices = notices_of(reading.file)
        if not notices.returns and not notices.changes:
            return RefusedFile(ReturnRefusal.RETURN_FILE_EMPTY)
        file_id = new_id("ret", now_ms)
        name, parts = await self._content.keep(file_id, body, actor)
        file = ReturnFile(
            id=file_id,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            sha256=sha256,
            size_bytes=len(body),
            source=source,
            content=name,
            content_parts=parts,
            items=len(notices.returns) + len(notices.changes),
            returned_cents=sum(notice.amount_cents for notice in notices.returns),
        )
        taken = await self._store.transact(self._taking(file), actor)
        if taken.id != file_id:
            await self._content.discard(file_id, name, actor)
        return taken

    def _taking(self, file: ReturnFile) -> Work[ReturnFile]:
        def work(transaction: Transaction) -> ReturnFile:
            known = transaction.get(ReturnFileHash, file.sha256)
            stored = None if known is None else transaction.get(ReturnFile, known.return_file_id)
            if stored is not None:
                return stored
            fresh = msgspec.structs.replace(
                file,
                created_at_ms=transaction.now_ms,
                updated_at_ms=transaction.now_ms,
                next_at_ms=transaction.now_ms,
            )
            transaction.put(ReturnFileHash(id=file.sha256, return_file_id=file.id))
            record_change(transaction, self._origin, fresh, status=fresh.status, amount_cents=fresh.returned_cents)
            return fresh

        return work


def notices_in(body: bytes) -> Notices:
    """What a stored return file says, in its order."""
    return notices_of(_read(body).file)


def _read(body: bytes) -> Reading:
    """Banks send small deviations; money, hashes and counts are never tolerated."""
    return read(body, Profile.LENIENT)
