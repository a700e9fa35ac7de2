"""How strictly a file is read: each profile is the set of codes that it lets pass as warnings."""

from enum import StrEnum

from payment_core.ach.problems import ErrorCode


class Profile(StrEnum):
    """strict: what we send. lenient: what banks commonly send; money, hashes and counts are never tolerated."""

    STRICT = "strict"
    LENIENT = "lenient"


TOLERATED_BY_PROFILE: dict[Profile, frozenset[ErrorCode]] = {
    Profile.STRICT: frozenset(),
    Profile.LENIENT: frozenset(
        {
            ErrorCode.LINE_LENGTH,
            ErrorCode.LINE_ENDING,
            ErrorCode.BLANK_LINE,
            ErrorCode.BLOCK_PADDING,
            ErrorCode.BATCH_NUMBER_ORDER,
            ErrorCode.FIELD_RESERVED,
            ErrorCode.FIELD_CASE,
            ErrorCode.FIELD_ALIGNMENT,
            ErrorCode.SETTLEMENT_INVALID,
            ErrorCode.DESCRIPTION_REQUIRED,
            ErrorCode.TRACE_ORDER,
            ErrorCode.ANSWER_TRACE_MISMATCH,
            ErrorCode.RETURN_ODFI_MISMATCH,
            ErrorCode.RETURN_CODE_UNKNOWN,
            ErrorCode.CHANGE_CODE_UNKNOWN,
            ErrorCode.CORRECTED_DATA_INVALID,
            ErrorCode.TIME_INVALID,
        }
    ),
}
