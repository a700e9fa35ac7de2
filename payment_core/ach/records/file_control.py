"""The file control record (9): what the batches of the file add up to."""

import msgspec

from payment_core.ach.layout import Layout, constant, number, reserved


class FileControl(msgspec.Struct, frozen=True, gc=False):
    """block_count: blocks of 10 records, with padding. entry_hash: sum of the batches' hashes, its last 10 digits."""

    batch_count: int
    block_count: int
    entry_addenda_count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int


FILE_CONTROL = Layout(
    FileControl,
    constant(1, "9", "Record type code."),
    number("batch_count", 2, 6, "Batches of the file."),
    number("block_count", 8, 6, "Blocks of 10 records, with the padding."),
    number("entry_addenda_count", 14, 8, "Entries and addenda of the file."),
    number("entry_hash", 22, 10, "Sum of the batches' entry hashes, its last 10 digits."),
    number("debit_cents", 32, 12, "Sum of the debit entries."),
    number("credit_cents", 44, 12, "Sum of the credit entries."),
    reserved(56, 39),
)
