"""What must hold in the addenda of an entry: how many, of which type, in which order, and what they say."""

from collections.abc import Sequence
from typing import assert_never

from payment_core.ach.codes.changes import CHANGE_CODES, parse_corrected_data
from payment_core.ach.codes.returns import DEATH_CODES, RETURN_CODES
from payment_core.ach.codes.sec import EntryClass
from payment_core.ach.dates import is_day_of_year, parse_date
from payment_core.ach.model import SEQUENCE_WIDTH, Entry
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.records.addenda import ChangeAddenda, ReturnAddenda
from payment_core.ach.records.addenda05 import Addenda05
from payment_core.ach.records.addenda98 import Addenda98
from payment_core.ach.records.addenda98_refused import Addenda98Refused
from payment_core.ach.records.addenda99 import Addenda99
from payment_core.ach.records.addenda99_contested import Addenda99Contested
from payment_core.ach.records.addenda99_dishonored import Addenda99Dishonored
from payment_core.ach.records.addenda_other import AddendaOther
from payment_core.ach.records.corporate_entry import CorporateEntry

_RETURNED = (Addenda98, Addenda98Refused, Addenda99, Addenda99Dishonored, Addenda99Contested)


def is_returned(entry: Entry) -> bool:
    """Whether the entry is a return or a notification of change."""
    return bool(entry.addenda) and isinstance(entry.addenda[0], _RETURNED)


def check_addenda(
    entry: Entry, entry_class: EntryClass, numbers: Sequence[int], position: int, findings: Findings
) -> None:
    """Report what is wrong with an entry's addenda. position: of the entry; its addenda follow it."""
    _check_counts(entry, entry_class, numbers[position], findings)
    returned = is_returned(entry)
    for index, addenda in enumerate(entry.addenda, start=1):
        line = numbers[position + index]
        match addenda:
            case Addenda05():
                if returned or entry_class.change:
                    findings.add(ErrorCode.ADDENDA_TYPE_INVALID, line, "type_code", "05 is not allowed here")
                _check_payment(addenda, index, entry.trace_number, line, findings)
            case Addenda98() | Addenda98Refused():
                if not entry_class.change:
                    findings.add(ErrorCode.ADDENDA_TYPE_INVALID, line, "type_code", "98 is allowed in COR alone")
                _check_change(addenda, entry.trace_number, line, findings)
            case Addenda99() | Addenda99Dishonored() | Addenda99Contested():
                if entry_class.change:
                    findings.add(ErrorCode.ADDENDA_TYPE_INVALID, line, "type_code", "COR has addenda of type 98")
                _check_return(addenda, entry.trace_number, line, findings)
            case AddendaOther():
                message = "this addenda type does not belong to this entry class"
                findings.add(ErrorCode.ADDENDA_TYPE_INVALID, line, "type_code", message)
            case _:
                assert_never(addenda)


def _check_counts(entry: Entry, entry_class: EntryClass, line: int, findings: Findings) -> None:
    count = len(entry.addenda)
    if entry.addenda_indicator != (1 if count else 0):
        message = f"says {entry.addenda_indicator}, and {count} addenda follow"
        findings.add(ErrorCode.ADDENDA_INDICATOR_MISMATCH, line, "addenda_indicator", message)
    returned = is_returned(entry)
    allowed = 1 if returned or entry_class.change else entry_class.addenda_max
    if count > allowed:
        message = f"{count} addenda; {entry_class.sec_code} allows {allowed}"
        findings.add(ErrorCode.ADDENDA_TOO_MANY, line, "addenda", message)
    if entry_class.change and not count:
        message = "a notification of change needs an addenda record 98"
        findings.add(ErrorCode.ADDENDA_MISSING, line, "addenda", message)
    if isinstance(entry, CorporateEntry) and not returned and entry.addenda_count != count:
        message = f"says {entry.addenda_count}, and {count} addenda follow"
        findings.add(ErrorCode.ADDENDA_COUNT_MISMATCH, line, "addenda_count", message)


def _check_payment(addenda: Addenda05, index: int, trace_number: str, line: int, findings: Findings) -> None:
    if addenda.sequence != index:
        message = f"is {addenda.sequence}, must be {index}"
        findings.add(ErrorCode.ADDENDA_SEQUENCE, line, "sequence", message)
    if addenda.entry_sequence != trace_number[-SEQUENCE_WIDTH:]:
        message = "must be the last 7 digits of the entry's trace number"
        findings.add(ErrorCode.ADDENDA_TRACE_MISMATCH, line, "entry_sequence", message)


def _check_origin(addenda: ReturnAddenda | ChangeAddenda, trace_number: str, line: int, findings: Findings) -> None:
    if addenda.trace_number != trace_number:
        message = "must be the trace number of its entry"
        findings.add(ErrorCode.ANSWER_TRACE_MISMATCH, line, "trace_number", message)
    if not addenda.original_trace.strip("0"):
        message = "must be the trace number of the original entry"
        findings.add(ErrorCode.ORIGINAL_TRACE_INVALID, line, "original_trace", message)
    if not addenda.original_rdfi_id.strip("0"):
        message = "must be the RDFI id of the original entry"
        findings.add(ErrorCode.ROUTING_NUMBER_INVALID, line, "original_rdfi_id", message)


def _check_change(addenda: ChangeAddenda, trace_number: str, line: int, findings: Findings) -> None:
    _check_origin(addenda, trace_number, line, findings)
    if addenda.change_code not in CHANGE_CODES:
        findings.add(ErrorCode.CHANGE_CODE_UNKNOWN, line, "change_code", "is in no table of change codes")
    elif parse_corrected_data(addenda.change_code, addenda.corrected_data) is None:
        message = f"does not have what {addenda.change_code} corrects, in its format"
        findings.add(ErrorCode.CORRECTED_DATA_INVALID, line, "corrected_data", message)


def _check_return(addenda: ReturnAddenda, trace_number: str, line: int, findings: Findings) -> None:
    _check_origin(addenda, trace_number, line, findings)
    if addenda.return_code not in RETURN_CODES:
        findings.add(ErrorCode.RETURN_CODE_UNKNOWN, line, "return_code", "is in no table of return codes")
    if isinstance(addenda, Addenda99):
        _check_date_of_death(addenda, line, findings)
        return
    days = [("return_settlement_day", addenda.return_settlement_day)]
    reasons = [("return_reason", addenda.return_reason)]
    if isinstance(addenda, Addenda99Contested):
        if parse_date(addenda.original_returned_date) is None:
            message = "must be a real day as YYMMDD"
            findings.add(ErrorCode.DATE_INVALID, line, "original_returned_date", message)
        days.append(("original_settlement_day", addenda.original_settlement_day))
        days.append(("dishonored_settlement_day", addenda.dishonored_settlement_day))
        reasons.append(("dishonored_reason", addenda.dishonored_reason))
    for field, day in days:
        if not is_day_of_year(day):
            findings.add(ErrorCode.SETTLEMENT_INVALID, line, field, "must be a day of the year")
    for field, reason in reasons:
        if f"R{reason}" not in RETURN_CODES:
            findings.add(ErrorCode.RETURN_CODE_UNKNOWN, line, field, "is in no table of return codes")


def _check_date_of_death(addenda: Addenda99, line: int, findings: Findings) -> None:
    """R14 and R15 may have it; banks do leave it out."""
    if addenda.date_of_death.strip("0") and (
        addenda.return_code not in DEATH_CODES or parse_date(addenda.date_of_death) is None
    ):
        message = "must be a real day as YYMMDD with R14 and R15, otherwise blank"
        findings.add(ErrorCode.DATE_INVALID, line, "date_of_death", message)
