"""Gives a collected file its bytes, once: seals them, keeps them, and moves the file to built."""

import asyncio

import structlog

from config.ach import Ach
from payment_core.ach.errors import AchError
from payment_core.ach.files.content import SealedContent
from payment_core.ach.files.model import AchEntry, AchFile, FileChunk, FileName
from payment_core.ach.files.moving import EntryMover, move_file, write_file
from payment_core.ach.files.outgoing.assembling import BuiltBytes, assemble, batches_of, unwritable
from payment_core.ach.files.outgoing.claiming import eject_entry, reserve_traces
from payment_core.ach.files.outgoing.planning import plan_of
from payment_core.ach.files.outgoing.spreading import ACTOR, chunks_of
from payment_core.ach.files.ports import AccountNumbers
from payment_core.ach.files.terms import odfi_id_of, schedule_of
from payment_core.errors import CoreError, VersionSkipped
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

_log = structlog.get_logger(__name__)

NUMBER_UNREADABLE = "account_number_unreadable"
SHA256_SHOWN = 16
"""Characters of the hash in the file's name: enough that two files never share one."""


class FileUnbuildable(CoreError):
    """The file as a whole breaks a rule although each of its entries is right."""


class Builder:
    """Every step can be repeated until the last one, which happens once: the file's move to built."""

    def __init__(
        self,
        store: LedgerStore,
        origin: Origin,
        mover: EntryMover,
        ach: Ach,
        numbers: AccountNumbers,
        content: SealedContent,
    ) -> None:
        self._store = store
        self._origin = origin
        self._mover = mover
        self._ach = ach
        self._numbers = numbers
        self._content = content

    async def build(self, file: AchFile, now_ms: int) -> AchFile:
        """The file built, or abandoned when it is empty or its day has passed. Raises CoreError."""
        entries, chunk_by_entry = await self._collected(file)
        schedule = schedule_of(self._ach)
        if any(plan_of(entry, now_ms, schedule).effective_on > file.effective_on for entry in entries):
            return await self._store.transact(self._moving(file, "its day has passed"), ACTOR)
        number_by_token: dict[str, str] = {}
        writable = []
        for entry in entries:
            failure = await self._reveal(entry, number_by_token)
            if failure == "":
                writable.append(entry)
            else:
                await self._store.transact(self._ejecting(chunk_by_entry[entry.id], entry, failure), ACTOR)
        if not writable:
            return await self._store.transact(self._moving(file, "it has no entries"), ACTOR)
        file = await self._with_offsets(file, writable, number_by_token)
        try:
            built = await asyncio.to_thread(assemble, file, writable, number_by_token, self._ach)
        except AchError as fault:
            raise FileUnbuildable(f"{file.id}: {fault.detail}") from fault
        name, parts = await self._content.keep(file.id, built.content, ACTOR)
        try:
            after = await self._store.transact(self._sealing(file, writable, built, name, parts), ACTOR)
        except VersionSkipped:
            await self._content.discard(file.id, name, ACTOR)
            raise
        await self._content.keep_only(file.id, name, ACTOR)
        return after

    async def _collected(self, file: AchFile) -> tuple[list[AchEntry], dict[str, str]]:
        entries: list[AchEntry] = []
        chunk_by_entry: dict[str, str] = {}
        async for chunk in chunks_of(self._store, file.id):
            entries.extend(await self._members(chunk))
            chunk_by_entry.update(dict.fromkeys(chunk.entry_ids, chunk.id))
        return entries, chunk_by_entry

    async def _members(self, chunk: FileChunk) -> list[AchEntry]:
        found = [await self._store.read(AchEntry, entry_id) for entry_id in chunk.entry_ids]
        return [entry for entry in found if entry is not None and entry.file_id == chunk.file_id]

    async def _reveal(self, entry: AchEntry, number_by_token: dict[str, str]) -> str:
        """Why the entry cannot be written, empty when it can; an outage is raised instead."""
        if entry.bank_token not in number_by_token:
            try:
                number = await self._numbers.reveal(entry.bank_token, f"ACH file {entry.file_id}", ACTOR)
            except CoreError as fault:
                if fault.retryable:
                    raise
                _log.error("account number is gone", action="ach_number_unreadable", entry_id=entry.id)
                return NUMBER_UNREADABLE
            number_by_token[entry.bank_token] = number.reveal()
        return unwritable(entry, number_by_token[entry.bank_token])

    async def _with_offsets(self, file: AchFile, entries: list[AchEntry], number_by_token: dict[str, str]) -> AchFile:
        """Reserve the traces of the entries that balance each batch, for banks that want it."""
        account = self._ach.files.offset
        if account is None:
            return file
        number = await self._numbers.reveal(account.account_token, f"ACH file {file.id}", ACTOR)
        number_by_token[account.account_token] = number.reveal()
        batches = len(batches_of(file, entries, self._ach))
        if file.offset_sequence > 0 and file.batch_count == batches:
            return file

        def work(transaction: Transaction) -> AchFile:
            first = reserve_traces(transaction, odfi_id_of(self._ach), batches)[0]
            return write_file(transaction, self._origin, file, offset_sequence=first, batch_count=batches)

        return await self._store.transact(work, ACTOR)

    def _ejecting(self, chunk_id: str, entry: AchEntry, failure: str) -> Work[None]:
        return lambda transaction: eject_entry(transaction, self._mover, chunk_id, entry.id, failure)

    def _moving(self, file: AchFile, problem: str) -> Work[AchFile]:
        def work(transaction: Transaction) -> AchFile:
            return move_file(
                transaction, self._origin, file, "abandoned", problem=problem, next_at_ms=transaction.now_ms
            )

        return work

    def _sealing(
        self, file: AchFile, entries: list[AchEntry], built: BuiltBytes, content: str, parts: int
    ) -> Work[AchFile]:
        """Raises VersionSkipped when the file moved meanwhile; then these bytes were never the file's."""
        control = built.control
        name = f"{file.effective_on}-{file.modifier}-{built.sha256[:SHA256_SHOWN]}.ach"

        def work(transaction: Transaction) -> AchFile:
            transaction.put(FileName(id=name, file_id=file.id))
            return move_file(
                transaction,
                self._origin,
                file,
                "built",
                name=name,
                content=content,
                content_parts=parts,
                sha256=built.sha256,
                size_bytes=len(built.content),
                batch_count=control.batch_count,
                entry_count=len(entries),
                entry_hash=control.entry_hash,
                debit_cents=control.debit_cents,
                credit_cents=control.credit_cents,
                items_debit_cents=sum(entry.amount_cents for entry in entries if entry.direction == "debit"),
                items_credit_cents=sum(entry.amount_cents for entry in entries if entry.direction == "credit"),
                next_at_ms=transaction.now_ms,
            )

        return work
