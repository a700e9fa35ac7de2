"""The entry detail record (6) of CTX: a payment between companies with up to 9,999 addenda."""

import msgspec

from payment_core.ach.layout import Layout, constant, digits, number, reserved, text
from payment_core.ach.records.addenda import Addenda


class CorporateEntry(msgspec.Struct, frozen=True, gc=False):
    """As EntryDetail, but with a count of addenda in front of a shorter name."""

    transaction_code: int
    rdfi_id: str
    check_digit: str
    account_number: str
    amount_cents: int
    identification: str
    addenda_count: int
    receiver_name: str
    discretionary_data: str
    addenda_indicator: int
    trace_number: str
    addenda: tuple[Addenda, ...] = ()

    def __repr__(self) -> str:
        return f"CorporateEntry(transaction_code={self.transaction_code}, trace_number={self.trace_number!r})"


CORPORATE_ENTRY = Layout(
    CorporateEntry,
    constant(1, "6", "Record type code."),
    number("transaction_code", 2, 2, "Account type and direction; see transaction_codes.py."),
    digits("rdfi_id", 4, 8, "The first 8 digits of the receiving institution's routing number; summed in the hash."),
    digits("check_digit", 12, 1, "The ninth digit of the routing number."),
    text("account_number", 13, 17, "The receiver's account: left justified, blank filled."),
    number("amount_cents", 30, 10, "Dollars and cents without a point; zero in prenotes."),
    text("identification", 40, 15, "The receiver as the originator numbers it; optional."),
    number("addenda_count", 55, 4, "How many addenda follow this entry."),
    text("receiver_name", 59, 16, "Name of the receiving company; mandatory."),
    reserved(75, 2),
    text("discretionary_data", 77, 2, "For codes that are significant to the ODFI; optional."),
    number("addenda_indicator", 79, 1, "1 when addenda follow, otherwise 0."),
    digits("trace_number", 80, 15, "ODFI (8) and sequence (7): ascending in the batch, unique in the file."),
)
