"""The batch control record (8): what the entries of the batch add up to."""

import msgspec

from payment_core.ach.layout import Layout, constant, digits, number, reserved, text


class BatchControl(msgspec.Struct, frozen=True, gc=False):
    """entry_hash: the sum of the entries' 8-digit RDFI ids, its last 10 digits. Totals are in cents."""

    service_class: int
    entry_addenda_count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int
    company_id: str
    authentication_code: str
    odfi_id: str
    batch_number: int


BATCH_CONTROL = Layout(
    BatchControl,
    constant(1, "8", "Record type code."),
    number("service_class", 2, 3, "As in the batch header."),
    number("entry_addenda_count", 5, 6, "Entries and addenda of the batch."),
    number("entry_hash", 11, 10, "Sum of the RDFI ids without check digits, its last 10 digits."),
    number("debit_cents", 21, 12, "Sum of the debit entries."),
    number("credit_cents", 33, 12, "Sum of the credit entries."),
    text("company_id", 45, 10, "As in the batch header."),
    text("authentication_code", 55, 19, "Message authentication code; optional."),
    reserved(74, 6),
    digits("odfi_id", 80, 8, "As in the batch header."),
    number("batch_number", 88, 7, "As in the batch header."),
)
