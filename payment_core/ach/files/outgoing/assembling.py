"""Makes the bytes of a file from its stored entries and their account numbers; equal input gives equal bytes."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from config.ach import Ach
from config.ach import Offset as OffsetAccount
from payment_core.ach.building.builder import build_file
from payment_core.ach.building.entries import build_entry
from payment_core.ach.building.specs import BatchSpec, EntrySpec, FileSpec, Offset
from payment_core.ach.building.writer import LineEnding, format_entry, write
from payment_core.ach.calendar import local_time
from payment_core.ach.codes.routing import RDFI_WIDTH
from payment_core.ach.codes.transaction_codes import AccountType, Direction, EntryKind, code_for
from payment_core.ach.errors import FieldInvalid
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.outgoing.planning import batch_spec
from payment_core.ach.files.terms import odfi_id_of
from payment_core.ach.records.file_control import FileControl

SINGLE_PAYMENT = "S"
"""Payment type of WEB and TEL entries: each one was agreed to by itself (entry detail, positions 77-78)."""


class BuiltBytes(msgspec.Struct, frozen=True):
    """The bytes with what is kept of them; they are in no repr."""

    content: bytes
    sha256: str
    control: FileControl

    def __repr__(self) -> str:
        return f"BuiltBytes(sha256={self.sha256!r})"


def batches_of(file: AchFile, entries: list[AchEntry], ach: Ach) -> dict[BatchSpec, list[AchEntry]]:
    """The entries by batch, batches in an order that the entries alone decide."""
    ordered = sorted(entries, key=lambda entry: (entry.sec, entry.description, entry.direction, entry.trace_number))
    batches: dict[BatchSpec, list[AchEntry]] = {}
    for entry in ordered:
        batches.setdefault(batch_spec(entry, file, ach), []).append(entry)
    return batches


def assemble(file: AchFile, entries: list[AchEntry], number_by_token: Mapping[str, str], ach: Ach) -> BuiltBytes:
    """The file's bytes. Raises AchError when they would break a rule. number_by_token: with the offset account's."""
    items = [
        (spec, entry_spec(entry, number_by_token[entry.bank_token]))
        for spec, members in batches_of(file, entries, ach).items()
        for entry in members
    ]
    offset = None if ach.files.offset is None else _offset(ach.files.offset, file, number_by_token)
    built = build_file(_file_spec(file, ach), items, offset)
    ending = LineEnding.CRLF if ach.files.line_ending == "crlf" else LineEnding.LF
    content = write(built, ending)
    return BuiltBytes(content, hashlib.sha256(content).hexdigest(), built.control)


def entry_spec(entry: AchEntry, account_number: str) -> EntrySpec:
    """The entry for the codec. Raises FieldInvalid when there is no transaction code for it."""
    kind = EntryKind.PRENOTE if entry.amount_cents == 0 else EntryKind.LIVE
    code = code_for(AccountType(entry.account_type), Direction(entry.direction), kind)
    if code is None:
        raise FieldInvalid(f"no transaction code for a {entry.direction} to a {entry.account_type} account")
    return EntrySpec(
        transaction_code=code,
        routing_number=entry.routing_number,
        account_number=account_number,
        amount_cents=entry.amount_cents,
        receiver_name=entry.individual_name,
        trace_sequence=int(entry.trace_number[RDFI_WIDTH:]),
        identification=entry.individual_id,
        discretionary_data=SINGLE_PAYMENT if entry.sec in {"WEB", "TEL"} else "",
    )


def unwritable(entry: AchEntry, account_number: str) -> str:
    """Why the entry alone cannot be written; empty when it can."""
    try:
        format_entry(build_entry(entry_spec(entry, account_number), entry.sec, entry.trace_number[:RDFI_WIDTH]))
    except FieldInvalid as fault:
        return fault.detail
    return ""


def _file_spec(file: AchFile, ach: Ach) -> FileSpec:
    made_at: datetime = local_time(file.made_at_ms)
    return FileSpec(
        immediate_destination=ach.odfi.immediate_destination,
        immediate_origin=ach.odfi.immediate_origin,
        odfi_id=odfi_id_of(ach),
        created_at=made_at,
        modifier=file.modifier,
        destination_name=ach.odfi.name,
        origin_name=ach.odfi.origin_name,
        reference_code="",
    )


def _offset(account: OffsetAccount, file: AchFile, number_by_token: Mapping[str, str]) -> Offset:
    sequences: Iterator[int] = iter(range(file.offset_sequence, file.offset_sequence + file.batch_count))
    return Offset(
        routing_number=account.routing_number,
        account_number=number_by_token[account.account_token],
        next_sequence=lambda: next(sequences),
        account_type=AccountType(account.account_type),
    )
