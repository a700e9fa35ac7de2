"""The contested dishonored return addenda record (7, type 99, R71 to R77): why the receiver's bank insists."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, reserved, text


class Addenda99Contested(msgspec.Struct, frozen=True, gc=False):
    """original_returned_date: YYMMDD. Settlement days are days of the year, reasons are codes without their R."""

    return_code: str
    original_trace: str
    original_returned_date: str
    original_rdfi_id: str
    original_settlement_day: str
    return_trace: str
    return_settlement_day: str
    return_reason: str
    dishonored_trace: str
    dishonored_settlement_day: str
    dishonored_reason: str
    trace_number: str

    def __repr__(self) -> str:
        return f"Addenda99Contested(return_code={self.return_code!r}, original_trace={self.original_trace!r})"


ADDENDA99_CONTESTED = Layout(
    Addenda99Contested,
    constant(1, "7", "Record type code."),
    constant(2, "99", "Addenda type code."),
    code("return_code", 4, 3, "Why the dishonored return is contested: R71 to R77."),
    digits("original_trace", 7, 15, "Trace number of the original entry."),
    text("original_returned_date", 22, 6, "YYMMDD on which the original entry was returned."),
    digits("original_rdfi_id", 28, 8, "The receiving institution as the original entry had it."),
    digits("original_settlement_day", 36, 3, "Day of the year on which the original entry settled."),
    digits("return_trace", 39, 15, "Trace number of the return."),
    digits("return_settlement_day", 54, 3, "Day of the year on which the return settled."),
    text("return_reason", 57, 2, "The return's code without its R."),
    digits("dishonored_trace", 59, 15, "Trace number of the dishonored return."),
    digits("dishonored_settlement_day", 74, 3, "Day of the year on which the dishonored return settled."),
    text("dishonored_reason", 77, 2, "The dishonored return's code without its R."),
    reserved(79, 1),
    digits("trace_number", 80, 15, "Trace number of the contested entry."),
)
