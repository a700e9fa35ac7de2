"""Chooses the entries of a file: one conditional claim puts an entry into at most one live file."""

import msgspec

from config.ach import Ach
from payment_core.ach.building.entries import TRACE_SEQUENCE_MAX, trace_number
from payment_core.ach.calendar import local_time
from payment_core.ach.codes.routing import RDFI_WIDTH
from payment_core.ach.files.model import (
    AchEntry,
    AchFile,
    FileChunk,
    FileDay,
    OpenFile,
    TraceCounter,
    TraceOwner,
)
from payment_core.ach.files.moving import EntryMover, move_file
from payment_core.ach.files.outgoing.planning import FilePlan
from payment_core.errors import CoreError
from payment_core.identifiers import new_id
from payment_core.operations.documents import record_change
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount
from payment_core.store.port import Transaction

MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""File id modifiers of one day and origin, in order of use (file header, position 34)."""

CHUNK_ENTRIES = 6
"""An entry that moves a payout writes about ten items, and DynamoDB takes 100 in a transaction."""

ACCOUNT_DISABLED = "bank_account_disabled"

CLAIM_LEASE_MS = 120_000
"""A file that still collects after this time lost its process, and another one closes it."""

TRACE_REST_MS = 180 * 24 * 3_600_000
"""A trace is given out again only when no return can name its first entry any more."""


class TracesExhausted(CoreError):
    """Every trace number of the bank was used in the last 180 days."""


def open_file(transaction: Transaction, origin: Origin, ach: Ach, plan: FilePlan) -> AchFile | None:
    """The file that collects entries of this plan, begun if there is none; None when the day has no modifier left."""
    key = f"{ach.odfi.routing_number}.{plan.effective_on}.{plan.settles_at_ms}"
    known = transaction.get(OpenFile, key)
    if known is not None:
        file = transaction.get(AchFile, known.file_id)
        if file is not None and file.status == "claiming":
            return file
    day_id = f"{ach.odfi.immediate_origin}.{local_time(transaction.now_ms).date().isoformat()}"
    day = transaction.get(FileDay, day_id)
    begun = 0 if day is None else day.files
    if begun >= len(MODIFIERS):
        return None
    file = AchFile(
        id=new_id("ach", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        odfi_routing_number=ach.odfi.routing_number,
        modifier=MODIFIERS[begun],
        made_at_ms=transaction.now_ms,
        effective_on=plan.effective_on,
        same_day=plan.same_day,
        submit_by_ms=plan.submit_by_ms,
        settles_at_ms=plan.settles_at_ms,
        next_at_ms=transaction.now_ms + CLAIM_LEASE_MS,
    )
    transaction.put(FileDay(id=day_id, files=begun + 1))
    transaction.put(OpenFile(id=key, file_id=file.id))
    record_change(transaction, origin, file, status=file.status)
    return file


def claim_chunk(transaction: Transaction, mover: EntryMover, file_id: str, entry_ids: list[str]) -> int:
    """Put those of the entries that are still queued into the file; how many, or -1 when it is closed.

    The trace numbers are reserved in the same transaction (invariant I16).
    """
    file = transaction.get(AchFile, file_id)
    if file is None or file.status != "claiming":
        return -1
    waiting = [
        entry
        for entry in (transaction.get(AchEntry, entry_id) for entry_id in entry_ids)
        if entry is not None and 0 < entry.due_at_ms <= transaction.now_ms
    ]
    if not waiting:
        return 0
    waiting = [entry for entry in waiting if _usable(transaction, mover, entry)]
    if not waiting:
        return 0
    odfi_id = file.odfi_routing_number[:RDFI_WIDTH]
    traces = reserve_traces(transaction, odfi_id, len(waiting))
    for entry, sequence in zip(waiting, traces, strict=True):
        trace = trace_number(odfi_id, sequence)
        transaction.put(TraceOwner(id=trace, entry_id=entry.id, claimed_at_ms=transaction.now_ms))
        mover.move(
            transaction,
            entry,
            "claimed",
            file_id=file.id,
            trace_number=trace,
            effective_on=file.effective_on,
            settles_at_ms=file.settles_at_ms,
            **_account_now(transaction, entry),
        )
    chunk_id = f"{file.id}.{traces[0]:07d}"
    transaction.put(FileChunk(id=chunk_id, file_id=file.id, entry_ids=tuple(entry.id for entry in waiting)))
    return len(waiting)


def reserve_traces(transaction: Transaction, odfi_id: str, count: int) -> list[int]:
    """The next trace sequences of the bank, consecutive. Raises TracesExhausted."""
    known = transaction.get(TraceCounter, odfi_id)
    counter = TraceCounter(id=odfi_id) if known is None else known
    first, rounds = counter.last + 1, counter.rounds
    if counter.last + count > TRACE_SEQUENCE_MAX:
        first, rounds = 1, counter.rounds + 1
    sequences = list(range(first, first + count))
    if rounds > 0:
        _require_rest(transaction, odfi_id, sequences)
    transaction.put(TraceCounter(id=odfi_id, last=sequences[-1], rounds=rounds))
    return sequences


def close_file(transaction: Transaction, origin: Origin, file_id: str) -> AchFile | None:
    """End the collection: from now on no entry joins, so the entries listed afterwards are all."""
    file = transaction.get(AchFile, file_id)
    if file is None or file.status != "claiming":
        return file
    return move_file(transaction, origin, file, "building", spread="building", next_at_ms=transaction.now_ms)


def release_entry(transaction: Transaction, mover: EntryMover, entry: AchEntry) -> None:
    """Back to the queue, because its file was given up before it had bytes."""
    transaction.delete(TraceOwner, entry.trace_number)
    mover.move(transaction, entry, "queued", file_id="", trace_number="", effective_on="", settles_at_ms=0)


def eject_entry(transaction: Transaction, mover: EntryMover, chunk_id: str, entry_id: str, failure: str) -> None:
    """Take an entry that can never be written out of a file without bytes; it is canceled."""
    entry, chunk = transaction.get(AchEntry, entry_id), transaction.get(FileChunk, chunk_id)
    if entry is None or chunk is None or entry.status != "claimed":
        return
    kept = tuple(kept_id for kept_id in chunk.entry_ids if kept_id != entry_id)
    transaction.put(msgspec.structs.replace(chunk, entry_ids=kept))
    transaction.delete(TraceOwner, entry.trace_number)
    mover.move(transaction, entry, "canceled", failure=failure)


def _usable(transaction: Transaction, mover: EntryMover, entry: AchEntry) -> bool:
    """Whether the entry's account may still be used; otherwise the entry ends here, before any bank sees it."""
    account = transaction.get(BankAccount, entry.bank_account_id)
    if account is not None and account.status == "disabled":
        mover.move(transaction, entry, "canceled", failure=ACCOUNT_DISABLED)
        return False
    return True


def _account_now(transaction: Transaction, entry: AchEntry) -> dict[str, str]:
    """The account as it is now: a notification of change may have corrected it since the entry was queued."""
    account = transaction.get(BankAccount, entry.bank_account_id)
    if account is None:
        return {}
    return {
        "bank_token": account.token,
        "routing_number": account.routing_number,
        "account_type": account.account_type,
    }


def _require_rest(transaction: Transaction, odfi_id: str, sequences: list[int]) -> None:
    for sequence in sequences:
        owner = transaction.get(TraceOwner, trace_number(odfi_id, sequence))
        if owner is not None and owner.claimed_at_ms + TRACE_REST_MS > transaction.now_ms:
            raise TracesExhausted(odfi_id)
