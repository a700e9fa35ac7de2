"""The refusals that callers expect, in order of precedence."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why nothing was begun; when several hold, the first listed is the answer."""

    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    PAYMENT_NOT_FOUND = "payment_not_found"
    PAYMENT_NOT_CAPTURABLE = "payment_not_capturable"
    PAYMENT_NOT_CANCELABLE = "payment_not_cancelable"
    PAYMENT_NOT_REFUNDABLE = "payment_not_refundable"
    AMOUNT_EXCEEDS_AUTHORIZED = "amount_exceeds_authorized"
    AMOUNT_EXCEEDS_REFUNDABLE = "amount_exceeds_refundable"
