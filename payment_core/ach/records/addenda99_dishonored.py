"""The dishonored return addenda record (7, type 99, R61 to R70): why the originator's bank refuses a return."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, reserved, text


class Addenda99Dishonored(msgspec.Struct, frozen=True, gc=False):
    """return_reason: the digits of the refused return's code. return_settlement_day: day of the year."""

    return_code: str
    original_trace: str
    original_rdfi_id: str
    return_trace: str
    return_settlement_day: str
    return_reason: str
    information: str
    trace_number: str

    def __repr__(self) -> str:
        return f"Addenda99Dishonored(return_code={self.return_code!r}, original_trace={self.original_trace!r})"


ADDENDA99_DISHONORED = Layout(
    Addenda99Dishonored,
    constant(1, "7", "Record type code."),
    constant(2, "99", "Addenda type code."),
    code("return_code", 4, 3, "Why the return is dishonored: R61, R62, R67 to R70."),
    digits("original_trace", 7, 15, "Trace number of the original entry."),
    reserved(22, 6),
    digits("original_rdfi_id", 28, 8, "The receiving institution as the original entry had it."),
    reserved(36, 3),
    digits("return_trace", 39, 15, "Trace number of the return that is dishonored."),
    digits("return_settlement_day", 54, 3, "Day of the year on which the return settled."),
    text("return_reason", 57, 2, "The return's code without its R."),
    text("information", 59, 21, "Remarks that the code asks for; optional."),
    digits("trace_number", 80, 15, "Trace number of the dishonored return entry."),
)
