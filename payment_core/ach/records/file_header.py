"""The file header record (1): who sends the file to whom, and when it was made."""

import msgspec

from payment_core.ach.layout import Layout, code, constant, right, text


class FileHeader(msgspec.Struct, frozen=True, gc=False):
    """creation_date: YYMMDD. creation_time: HHMM or blank. file_id_modifier: A-Z or 0-9, new for each file of a day."""

    immediate_destination: str
    immediate_origin: str
    creation_date: str
    creation_time: str
    file_id_modifier: str
    destination_name: str
    origin_name: str
    reference_code: str = ""


FILE_HEADER = Layout(
    FileHeader,
    constant(1, "1", "Record type code."),
    constant(2, "01", "Priority code: 01 is the only one in use."),
    right("immediate_destination", 4, 10, "Routing number of the operator or receiving point, behind a blank."),
    right("immediate_origin", 14, 10, "Routing number behind a blank, or the 10-character id that the ODFI assigned."),
    text("creation_date", 24, 6, "YYMMDD on which the file was made."),
    text("creation_time", 30, 4, "HHMM at which the file was made; optional."),
    code("file_id_modifier", 34, 1, "A-Z or 0-9: tells files of one day and origin apart."),
    constant(35, "094", "Record size."),
    constant(38, "10", "Blocking factor."),
    constant(40, "1", "Format code."),
    text("destination_name", 41, 23, "Name of the operator or receiving point; optional."),
    text("origin_name", 64, 23, "Name of the origin; optional."),
    text("reference_code", 87, 8, "For the origin's own use; optional."),
)
