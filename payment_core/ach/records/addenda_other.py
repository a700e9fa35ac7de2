"""Any other addenda record (7): kept whole, because only entry classes that are not supported have them."""

import msgspec

from payment_core.ach.layout import Layout, constant, text


class AddendaOther(msgspec.Struct, frozen=True, gc=False):
    """type_code: 02, 10 to 18 or what the file says. content: may hold account numbers, so it is in no repr."""

    type_code: str
    content: str

    def __repr__(self) -> str:
        return f"AddendaOther(type_code={self.type_code!r})"


ADDENDA_OTHER = Layout(
    AddendaOther,
    constant(1, "7", "Record type code."),
    text("type_code", 2, 2, "Addenda type code."),
    text("content", 4, 91, "In the format of the type."),
)
