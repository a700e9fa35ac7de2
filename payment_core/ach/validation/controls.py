"""Count, hash and money of a control against what its entries give."""

from payment_core.ach.building.totals import Totals
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.records.batch_control import BatchControl
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.file_control import FileControl

_COMPARED = (
    ("entry_addenda_count", ErrorCode.ENTRY_ADDENDA_COUNT_MISMATCH),
    ("entry_hash", ErrorCode.ENTRY_HASH_MISMATCH),
    ("debit_cents", ErrorCode.DEBIT_TOTAL_MISMATCH),
    ("credit_cents", ErrorCode.CREDIT_TOTAL_MISMATCH),
)


def compare_totals(control: BatchControl | FileControl, totals: Totals, line: int, findings: Findings) -> None:
    """Report each figure of a batch or file control that differs from its entries."""
    for field, code in _COMPARED:
        stated, counted = getattr(control, field), getattr(totals, field)
        if stated != counted:
            findings.add(code, line, field, f"says {stated}, the entries give {counted}")


def compare_header(control: BatchControl, header: BatchHeader, line: int, findings: Findings) -> None:
    """A batch control repeats four fields of its header."""
    for field in ("service_class", "odfi_id", "batch_number"):
        if getattr(control, field) != getattr(header, field):
            findings.add(ErrorCode.CONTROL_HEADER_MISMATCH, line, field, "must be as in the batch header")
    if control.company_id.strip() != header.company_id.strip():
        findings.add(ErrorCode.CONTROL_HEADER_MISMATCH, line, "company_id", "must be as in the batch header")
    elif control.company_id != header.company_id:
        findings.add(ErrorCode.FIELD_ALIGNMENT, line, "company_id", "must be justified as in the batch header")
