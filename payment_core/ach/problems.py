"""What can be wrong with a file, each with a stable code, and the list that collects it."""

from collections.abc import Set as AbstractSet
from enum import StrEnum

import msgspec

PROBLEMS_MAX = 1_000
"""Errors, and warnings, kept of one file: more than anyone reads, and a hostile file has one in each line."""


class ErrorCode(StrEnum):
    """Stable codes; docs/ach.md explains each."""

    EMPTY_FILE = "empty_file"
    FILE_TOO_LARGE = "file_too_large"
    TOO_MANY_ERRORS = "too_many_errors"
    NOT_ASCII = "not_ascii"
    LINE_LENGTH = "line_length"
    LINE_TOO_LONG = "line_too_long"
    LINE_ENDING = "line_ending"
    BLANK_LINE = "blank_line"
    UNKNOWN_RECORD_TYPE = "unknown_record_type"
    RECORD_ORDER = "record_order"
    MISSING_FILE_HEADER = "missing_file_header"
    MISSING_BATCH_CONTROL = "missing_batch_control"
    MISSING_FILE_CONTROL = "missing_file_control"
    NO_BATCHES = "no_batches"
    EMPTY_BATCH = "empty_batch"
    BLOCK_PADDING = "block_padding"
    BLOCK_COUNT_MISMATCH = "block_count_mismatch"
    BATCH_COUNT_MISMATCH = "batch_count_mismatch"
    ENTRY_ADDENDA_COUNT_MISMATCH = "entry_addenda_count_mismatch"
    ENTRY_HASH_MISMATCH = "entry_hash_mismatch"
    DEBIT_TOTAL_MISMATCH = "debit_total_mismatch"
    CREDIT_TOTAL_MISMATCH = "credit_total_mismatch"
    CONTROL_HEADER_MISMATCH = "control_header_mismatch"
    BATCH_NUMBER_ORDER = "batch_number_order"
    FIELD_NOT_NUMERIC = "field_not_numeric"
    FIELD_CONSTANT = "field_constant"
    FIELD_RESERVED = "field_reserved"
    FIELD_BLANK = "field_blank"
    FIELD_CASE = "field_case"
    FIELD_ALIGNMENT = "field_alignment"
    FIELD_CHARSET = "field_charset"
    DATE_INVALID = "date_invalid"
    TIME_INVALID = "time_invalid"
    SETTLEMENT_INVALID = "settlement_invalid"
    SAME_DAY_MARKER_INVALID = "same_day_marker_invalid"
    ROUTING_NUMBER_INVALID = "routing_number_invalid"
    SERVICE_CLASS_INVALID = "service_class_invalid"
    SERVICE_CLASS_MISMATCH = "service_class_mismatch"
    ORIGINATOR_STATUS_INVALID = "originator_status_invalid"
    UNSUPPORTED_SEC = "unsupported_sec"
    DESCRIPTION_REQUIRED = "description_required"
    MICRO_ENTRY_INVALID = "micro_entry_invalid"
    TRANSACTION_CODE_INVALID = "transaction_code_invalid"
    TRANSACTION_CODE_NOT_ALLOWED = "transaction_code_not_allowed"
    AMOUNT_MUST_BE_ZERO = "amount_must_be_zero"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_TOO_LARGE = "amount_too_large"
    PAYMENT_TYPE_INVALID = "payment_type_invalid"
    TRACE_ODFI_MISMATCH = "trace_odfi_mismatch"
    RETURN_ODFI_MISMATCH = "return_odfi_mismatch"
    TRACE_ORDER = "trace_order"
    TRACE_DUPLICATE = "trace_duplicate"
    ADDENDA_INDICATOR_MISMATCH = "addenda_indicator_mismatch"
    ADDENDA_COUNT_MISMATCH = "addenda_count_mismatch"
    ADDENDA_TOO_MANY = "addenda_too_many"
    ADDENDA_MISSING = "addenda_missing"
    ADDENDA_TYPE_INVALID = "addenda_type_invalid"
    ADDENDA_SEQUENCE = "addenda_sequence"
    ADDENDA_TRACE_MISMATCH = "addenda_trace_mismatch"
    ANSWER_TRACE_MISMATCH = "answer_trace_mismatch"
    RETURN_CODE_UNKNOWN = "return_code_unknown"
    CHANGE_CODE_UNKNOWN = "change_code_unknown"
    CORRECTED_DATA_INVALID = "corrected_data_invalid"
    ORIGINAL_TRACE_INVALID = "original_trace_invalid"


class Problem(msgspec.Struct, frozen=True):
    """One mistake. line: from 1, 0 for the file as a whole. message: never has an account number, a name or an id."""

    code: ErrorCode
    line: int
    field: str
    message: str


class Findings:
    """Problems of one file, split by what its profile tolerates; each list has a limit."""

    def __init__(self, tolerated: AbstractSet[ErrorCode]) -> None:
        self._tolerated = tolerated
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []

    def add(self, code: ErrorCode, line: int, field: str, message: str) -> None:
        """Keep one problem; beyond the limit only that there were more."""
        problems = self._warnings if code in self._tolerated else self._errors
        if len(problems) < PROBLEMS_MAX:
            problems.append(Problem(code, line, field, message))
        elif len(problems) == PROBLEMS_MAX:
            problems.append(
                Problem(ErrorCode.TOO_MANY_ERRORS, 0, "file", f"more than {PROBLEMS_MAX} problems; mend these first")
            )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What makes the file invalid, by line."""
        return _by_line(self._errors)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the profile lets pass, by line."""
        return _by_line(self._warnings)


def _by_line(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.line))
