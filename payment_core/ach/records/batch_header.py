"""The batch header record (5): the originator, the entry class and the effective date of the entries below it."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, digits, number, text


class BatchHeader(msgspec.Struct, frozen=True, gc=False):
    """service_class: 200, 220 or 225. effective_date: YYMMDD. settlement_day: of the year, filled by the operator."""

    service_class: int
    company_name: str
    discretionary_data: str
    company_id: str
    sec_code: str
    description: str
    descriptive_date: str
    effective_date: str
    settlement_day: str
    originator_status: str
    odfi_id: str
    batch_number: int


BATCH_HEADER = Layout(
    BatchHeader,
    constant(1, "5", "Record type code."),
    number("service_class", 2, 3, "200 mixed, 220 credits only, 225 debits only."),
    text("company_name", 5, 16, "The originator as the receiver knows it; mandatory."),
    text("discretionary_data", 21, 20, "For codes that originator and ODFI agreed on; optional."),
    text("company_id", 41, 10, "Identifies the originator; mandatory, and equal in the batch control."),
    code("sec_code", 51, 3, "Standard entry class: decides the layout and rules of the entries."),
    text("description", 54, 10, "Purpose of the entries, shown to the receiver; mandatory."),
    text("descriptive_date", 64, 6, "Shown to the receiver; SDHHMM marks the intent to settle on the same day."),
    text("effective_date", 70, 6, "YYMMDD on which the originator intends the batch to settle."),
    text("settlement_day", 76, 3, "Day of the year on which it settles; blank until the operator fills it."),
    code("originator_status", 79, 1, "1 for a depository institution that agreed to the rules; 0 operator, 2 federal."),
    digits("odfi_id", 80, 8, "The first 8 digits of the originating institution's routing number."),
    number("batch_number", 88, 7, "Ascending within the file, and equal in the batch control."),
)
