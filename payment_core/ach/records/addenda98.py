"""The notification of change addenda record (7, type 98): what the receiving institution corrects."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, reserved, text


class Addenda98(msgspec.Struct, frozen=True, gc=False):
    """corrected_data: often an account number, so it is in no repr."""

    change_code: str
    original_trace: str
    original_rdfi_id: str
    corrected_data: str
    trace_number: str

    def __repr__(self) -> str:
        return f"Addenda98(change_code={self.change_code!r}, original_trace={self.original_trace!r})"


ADDENDA98 = Layout(
    Addenda98,
    constant(1, "7", "Record type code."),
    constant(2, "98", "Addenda type code."),
    code("change_code", 4, 3, "Which data is wrong: C01 to C14."),
    digits("original_trace", 7, 15, "Trace number of the entry that is corrected."),
    reserved(22, 6),
    digits("original_rdfi_id", 28, 8, "The receiving institution as the original entry had it."),
    text("corrected_data", 36, 29, "The right data, in the format of the change code."),
    reserved(65, 15),
    digits("trace_number", 80, 15, "Trace number of the entry that carries the notification."),
)
