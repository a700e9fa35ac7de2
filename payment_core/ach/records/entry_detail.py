"""The entry detail record (6) of PPD, CCD, WEB, TEL and COR: one credit or debit to one account."""

import msgspec

from payment_core.ach.layout import Layout, constant, digits, number, text
from payment_core.ach.records.addenda import Addenda


class EntryDetail(msgspec.Struct, frozen=True, gc=False):
    """account_number: never in a log, an error or a repr. discretionary_data: of WEB and TEL the payment type."""

    transaction_code: int
    rdfi_id: str
    check_digit: str
    account_number: str
    amount_cents: int
    identification: str
    receiver_name: str
    discretionary_data: str
    addenda_indicator: int
    trace_number: str
    addenda: tuple[Addenda, ...] = ()

    def __repr__(self) -> str:
        return f"EntryDetail(transaction_code={self.transaction_code}, trace_number={self.trace_number!r})"


ENTRY_DETAIL = Layout(
    EntryDetail,
    constant(1, "6", "Record type code."),
    number("transaction_code", 2, 2, "Account type and direction; see transaction_codes.py."),
    digits("rdfi_id", 4, 8, "The first 8 digits of the receiving institution's routing number; summed in the hash."),
    digits("check_digit", 12, 1, "The ninth digit of the routing number."),
    text("account_number", 13, 17, "The receiver's account: left justified, blank filled."),
    number("amount_cents", 30, 10, "Dollars and cents without a point; zero in prenotes and notifications of change."),
    text("identification", 40, 15, "The receiver as the originator numbers it; optional."),
    text("receiver_name", 55, 22, "Name of the receiver; mandatory."),
    text("discretionary_data", 77, 2, "Of WEB and TEL the payment type: R recurring, S single."),
    number("addenda_indicator", 79, 1, "1 when addenda follow, otherwise 0."),
    digits("trace_number", 80, 15, "ODFI (8) and sequence (7): ascending in the batch, unique in the file."),
)
