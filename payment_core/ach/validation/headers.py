"""What must hold in a file header and in a batch header."""

from payment_core.ach.codes.routing import is_institution, is_routing_number
from payment_core.ach.dates import is_day_of_year, is_time, parse_date
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.file_header import FileHeader

MIXED, CREDITS, DEBITS = 200, 220, 225
SERVICE_CLASSES = (MIXED, CREDITS, DEBITS)
SAME_DAY_PREFIX = "SD"
MODIFIERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def is_blank_or_zero(value: str) -> bool:
    """Whether a mandatory text says nothing: blanks, or zeros alone."""
    return not value.strip(" 0")


def check_file_header(header: FileHeader, line: int, findings: Findings) -> None:
    """Destination, origin, creation and modifier of the file."""
    destination = header.immediate_destination
    if destination[:1] == "0" and is_routing_number(destination[1:]):
        message = "must be a blank, not a zero, before the routing number"
        findings.add(ErrorCode.FIELD_ALIGNMENT, line, "immediate_destination", message)
    elif not is_routing_number(destination):
        findings.add(
            ErrorCode.ROUTING_NUMBER_INVALID,
            line,
            "immediate_destination",
            "must be a blank and a routing number with its check digit",
        )
    if is_blank_or_zero(header.immediate_origin):
        findings.add(ErrorCode.FIELD_BLANK, line, "immediate_origin", "must not be blank or zero")
    if parse_date(header.creation_date) is None:
        findings.add(ErrorCode.DATE_INVALID, line, "creation_date", "must be a real day as YYMMDD")
    if header.creation_time and not is_time(header.creation_time):
        findings.add(ErrorCode.TIME_INVALID, line, "creation_time", "must be HHMM or blank")
    if header.file_id_modifier not in MODIFIERS:
        findings.add(ErrorCode.FIELD_CHARSET, line, "file_id_modifier", "must be one of A-Z and 0-9")


def check_batch_header(header: BatchHeader, line: int, findings: Findings, *, returned: bool) -> None:
    """Class, names, dates and institution of a batch. returned: it has returns or notifications alone."""
    if header.service_class not in SERVICE_CLASSES:
        findings.add(
            ErrorCode.SERVICE_CLASS_INVALID, line, "service_class", "must be 200 (mixed), 220 (credits) or 225 (debits)"
        )
    for field in ("company_name", "company_id", "description"):
        if is_blank_or_zero(getattr(header, field)):
            findings.add(ErrorCode.FIELD_BLANK, line, field, "must not be blank or zero")
    blank_return = returned and is_blank_or_zero(header.effective_date)
    if not blank_return and parse_date(header.effective_date) is None:
        findings.add(ErrorCode.DATE_INVALID, line, "effective_date", "must be a real day as YYMMDD")
    if header.settlement_day and not is_day_of_year(header.settlement_day):
        findings.add(ErrorCode.SETTLEMENT_INVALID, line, "settlement_day", "must be blank or a day of the year")
    marker = header.descriptive_date
    if marker.upper().startswith(SAME_DAY_PREFIX) and not is_time(marker[2:]):
        findings.add(ErrorCode.SAME_DAY_MARKER_INVALID, line, "descriptive_date", "after SD must come HHMM")
    if header.originator_status not in {"0", "1", "2"}:
        findings.add(ErrorCode.ORIGINATOR_STATUS_INVALID, line, "originator_status", "must be 1; 0 and 2 are rare")
    if not is_institution(header.odfi_id):
        findings.add(
            ErrorCode.ROUTING_NUMBER_INVALID, line, "odfi_id", "must be the first 8 digits of a routing number"
        )
