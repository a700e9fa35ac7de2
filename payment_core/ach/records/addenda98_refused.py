"""The refused notification of change addenda record (7, type 98, C61 to C69): why a notification is sent back."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, reserved, text


class Addenda98Refused(msgspec.Struct, frozen=True, gc=False):
    """refused_code: C61 to C69. change_code: of the notification. corrected_data: in no repr."""

    refused_code: str
    original_trace: str
    original_rdfi_id: str
    corrected_data: str
    change_code: str
    change_sequence: str
    trace_number: str

    def __repr__(self) -> str:
        return f"Addenda98Refused(refused_code={self.refused_code!r}, original_trace={self.original_trace!r})"


ADDENDA98_REFUSED = Layout(
    Addenda98Refused,
    constant(1, "7", "Record type code."),
    constant(2, "98", "Addenda type code."),
    code("refused_code", 4, 3, "Why the notification is refused: C61 to C69."),
    digits("original_trace", 7, 15, "Trace number of the entry that was to be corrected."),
    reserved(22, 6),
    digits("original_rdfi_id", 28, 8, "The receiving institution as the original entry had it."),
    text("corrected_data", 36, 29, "As in the notification that is refused."),
    code("change_code", 65, 3, "The change code of the notification that is refused."),
    digits("change_sequence", 68, 7, "The last 7 digits of the notification's trace number."),
    reserved(75, 5),
    digits("trace_number", 80, 15, "Trace number of the entry that carries the refusal."),
)
