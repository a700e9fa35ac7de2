"""What a request that begins nothing is answered with: one problem document for each refusal and fault."""

from typing import assert_never

import msgspec

from payment_core.payments.answers import Answer, FieldError, encode_problem, problem
from payment_core.payments.idempotency import KEY_LENGTH_MAX
from payment_core.payments.refusals import Refusal


def invalid_body(instance: str, path: str, detail: str) -> Answer:
    """422: the body cannot be what the operation needs; path says where."""
    document = problem(
        "invalid-request",
        title="The request cannot be understood",
        status=422,
        detail=f"{path}: {detail}",
        instance=instance,
    )
    return encode_problem(msgspec.structs.replace(document, errors=(FieldError(path, detail),)))


def malformed_json(instance: str, detail: str) -> Answer:
    """400: the body is no JSON."""
    return _plain("malformed-json", "The body is not JSON", 400, detail, instance)


def body_too_large(instance: str, limit_bytes: int) -> Answer:
    """413: the body is longer than the limit."""
    return _plain("body-too-large", "The body is too large", 413, f"A body has at most {limit_bytes} bytes.", instance)


def card_number_refused(instance: str) -> Answer:
    """422: something looks like a card number; it is not repeated here."""
    return _plain(
        "card-number-refused",
        "Card numbers are not accepted",
        422,
        "The request holds what looks like a card number. Send a payment method token instead.",
        instance,
    )


def key_missing(instance: str) -> Answer:
    """400: a write without a key."""
    detail = "Send an Idempotency-Key header with a value of your own, the same one when you retry."
    return _plain("idempotency-key-missing", "A write needs an idempotency key", 400, detail, instance)


def key_invalid(instance: str) -> Answer:
    """400: a key that is too long or holds other than visible ASCII."""
    detail = f"An Idempotency-Key has 1 to {KEY_LENGTH_MAX} visible ASCII characters."
    return _plain("idempotency-key-invalid", "The idempotency key cannot be used", 400, detail, instance)


def not_found(instance: str) -> Answer:
    """404: there is nothing under this address."""
    return _plain("not-found", "Not found", 404, "There is nothing under this address.", instance)


def method_not_allowed(instance: str) -> Answer:
    """405: the address knows other methods."""
    return _plain("method-not-allowed", "Method not allowed", 405, "The address knows other methods.", instance)


def unavailable(instance: str, detail: str) -> Answer:
    """503: try again; what the key stands for is not lost."""
    return _plain("unavailable", "Temporarily unavailable", 503, detail, instance)


def fault(instance: str) -> Answer:
    """500: a defect of ours; the outcome can be asked for with the same key."""
    detail = "The outcome is not known here. Send the same request with the same key to learn it."
    return _plain("internal", "Internal error", 500, detail, instance)


def refused(refusal: Refusal, instance: str) -> Answer:
    """The refusal as a problem document."""
    match refusal:
        case Refusal.IDEMPOTENCY_MISMATCH:
            title, status, detail = "Idempotency mismatch", 422, "The key was used with another request."
        case Refusal.IDEMPOTENCY_IN_PROGRESS:
            title, status, detail = "Still running", 409, "The request with this key is still running; try again."
        case Refusal.PAYMENT_NOT_FOUND:
            title, status, detail = "Payment not found", 404, "There is no payment with this id."
        case Refusal.PAYMENT_NOT_CAPTURABLE:
            title, status, detail = "Not capturable", 409, "Only a payment that requires capture can be captured."
        case Refusal.PAYMENT_NOT_CANCELABLE:
            title, status, detail = "Not cancelable", 409, "Only a payment that requires capture can be canceled."
        case Refusal.PAYMENT_NOT_REFUNDABLE:
            title, status, detail = "Not refundable", 409, "Only a payment that succeeded can be refunded."
        case Refusal.AMOUNT_EXCEEDS_AUTHORIZED:
            title, status, detail = "Too much", 422, "A capture is at most what was authorized."
        case Refusal.AMOUNT_EXCEEDS_REFUNDABLE:
            title, status, detail = "Too much", 422, "Refunds are at most what was captured."
        case _:
            assert_never(refusal)
    return _plain(refusal.value.replace("_", "-"), title, status, detail, instance)


def _plain(kind: str, title: str, status: int, detail: str, instance: str) -> Answer:
    return encode_problem(problem(kind, title=title, status=status, detail=detail, instance=instance))
