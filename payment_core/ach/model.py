"""A file as a tree of its records: header, batches of entries with their addenda, controls."""

import msgspec

from payment_core.ach.records.batch_control import BatchControl
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.corporate_entry import CorporateEntry
from payment_core.ach.records.entry_detail import EntryDetail
from payment_core.ach.records.file_control import FileControl
from payment_core.ach.records.file_header import FileHeader

Entry = EntryDetail | CorporateEntry

ABSENT = 0
"""The line number of a record that the source does not have and that was filled in."""

SEQUENCE_WIDTH = 7
"""The last digits of a trace number, behind the ODFI id."""

OFFSET_NAME = "OFFSET"
"""The receiver's name in the entry that balances a batch against the originator's own account."""


class Batch(msgspec.Struct, frozen=True):
    """Entries of one originator, entry class, description, effective date and service class."""

    header: BatchHeader
    entries: tuple[Entry, ...]
    control: BatchControl


class AchFile(msgspec.Struct, frozen=True):
    """One file. What `read` gives for broken bytes is as much as could be understood."""

    header: FileHeader
    batches: tuple[Batch, ...]
    control: FileControl


def record_count(batches: tuple[Batch, ...]) -> int:
    """Records without padding: each batch's entries, addenda, header and control, and the file's own two."""
    return 2 + sum(2 + len(batch.entries) + sum(len(entry.addenda) for entry in batch.entries) for batch in batches)
