"""The payment addenda record (7, type 05): 80 characters of remittance text."""

import msgspec

from payment_core.ach.layout import Layout, constant, digits, number, text


class Addenda05(msgspec.Struct, frozen=True, gc=False):
    """sequence: from 1 within the entry. entry_sequence: the last 7 digits of the entry's trace number."""

    payment_information: str
    sequence: int
    entry_sequence: str


ADDENDA05 = Layout(
    Addenda05,
    constant(1, "7", "Record type code."),
    constant(2, "05", "Addenda type code."),
    text("payment_information", 4, 80, "What the payment is for, in an agreed or ANSI ASC X12 format."),
    number("sequence", 84, 4, "From 1, consecutive within the entry."),
    digits("entry_sequence", 88, 7, "The last 7 digits of the entry's trace number."),
)
