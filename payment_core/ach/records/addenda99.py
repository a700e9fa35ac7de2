"""The return addenda record (7, type 99): why the receiving institution sends an entry back."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, text


class Addenda99(msgspec.Struct, frozen=True, gc=False):
    """date_of_death: YYMMDD, only with R14 and R15, otherwise blank."""

    return_code: str
    original_trace: str
    date_of_death: str
    original_rdfi_id: str
    information: str
    trace_number: str

    def __repr__(self) -> str:
        return f"Addenda99(return_code={self.return_code!r}, original_trace={self.original_trace!r})"


ADDENDA99 = Layout(
    Addenda99,
    constant(1, "7", "Record type code."),
    constant(2, "99", "Addenda type code."),
    code("return_code", 4, 3, "Why the entry is returned."),
    digits("original_trace", 7, 15, "Trace number of the entry that is returned."),
    text("date_of_death", 22, 6, "YYMMDD with R14 and R15, otherwise blank."),
    digits("original_rdfi_id", 28, 8, "The receiving institution as the original entry had it."),
    text("information", 36, 44, "Remarks that the code asks for; optional."),
    digits("trace_number", 80, 15, "Trace number of the return entry."),
)
