"""Puts values where the rules want them, without changing what they say: justification and capitals."""

import msgspec

from payment_core.ach.codes.routing import is_routing_number
from payment_core.ach.codes.sec import ENTRY_CLASSES
from payment_core.ach.model import AchFile, Batch, Entry
from payment_core.ach.records.file_header import FileHeader


def normalize(file: AchFile) -> AchFile:
    """The file with accounts and company ids left justified, payment types in capitals, no zero before a destination.

    Amounts, counts, hashes, traces and codes stay; a file that needs nothing is equal to what comes back.
    """
    return AchFile(_header(file.header), tuple(map(_batch, file.batches)), file.control)


def _header(header: FileHeader) -> FileHeader:
    destination = header.immediate_destination
    if destination[:1] == "0" and is_routing_number(destination[1:]):
        return msgspec.structs.replace(header, immediate_destination=destination[1:])
    return header


def _batch(batch: Batch) -> Batch:
    entry_class = ENTRY_CLASSES.get(batch.header.sec_code)
    typed = entry_class is not None and entry_class.payment_type
    company_id = batch.header.company_id.lstrip()
    return Batch(
        msgspec.structs.replace(batch.header, company_id=company_id),
        tuple(_entry(entry, typed=typed) for entry in batch.entries),
        msgspec.structs.replace(batch.control, company_id=batch.control.company_id.lstrip()),
    )


def _entry(entry: Entry, *, typed: bool) -> Entry:
    account = entry.account_number.lstrip()
    discretionary = entry.discretionary_data.strip().upper() if typed else entry.discretionary_data
    if account == entry.account_number and discretionary == entry.discretionary_data:
        return entry
    return msgspec.structs.replace(entry, account_number=account, discretionary_data=discretionary)
