"""What a request that begins nothing is answered with: one problem document for each refusal and fault."""

from collections.abc import Sequence

import msgspec

from payment_core.answers import Answer, Explanation, FieldError, encode_problem, problem
from payment_core.operations.once import KEY_LENGTH_MAX


def invalid_request(instance: str, path: str, detail: str) -> Answer:
    """422: the request cannot be what the operation needs; path says where."""
    explanation = Explanation("The request cannot be understood", 422, f"{path}: {detail}")
    document = problem("invalid-request", explanation, instance)
    return encode_problem(msgspec.structs.replace(document, errors=(FieldError(path, detail),)))


def malformed_json(instance: str) -> Answer:
    """400: the body is no JSON."""
    return _plain(
        "malformed-json", "The body is not JSON", 400, "The body has to be one JSON object in UTF-8.", instance
    )


def body_too_large(instance: str, limit_bytes: int) -> Answer:
    """413: the body is longer than the limit."""
    return _plain("body-too-large", "The body is too large", 413, f"A body has at most {limit_bytes} bytes.", instance)


def media_type_unsupported(instance: str, expected: str) -> Answer:
    """415: the body is of another kind than the operation reads."""
    detail = f"Send the body with Content-Type: {expected}."
    return _plain("media-type-unsupported", "The body has another media type", 415, detail, instance)


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
    detail = f"An Idempotency-Key has 1 to {KEY_LENGTH_MAX} visible ASCII characters and is sent once."
    return _plain("idempotency-key-invalid", "The idempotency key cannot be used", 400, detail, instance)


def not_found(instance: str) -> Answer:
    """404: there is nothing under this address."""
    return _plain("not-found", "Not found", 404, "There is nothing under this address.", instance)


def method_not_allowed(instance: str, allowed: Sequence[str]) -> Answer:
    """405: the address knows other methods."""
    detail = f"The address knows {', '.join(allowed)}."
    return _plain("method-not-allowed", "Method not allowed", 405, detail, instance)


def unauthenticated(instance: str, kind: str, detail: str) -> Answer:
    """401: who asks is not known; kind and detail say why."""
    return _plain(kind, "Who asks is not known", 401, detail, instance)


def scope_missing(instance: str, scope: str) -> Answer:
    """403: the key may not do this."""
    return _plain(
        "scope-missing", "The key may not do this", 403, f"The operation needs a key with the scope {scope}.", instance
    )


def rate_limited(instance: str, wait_seconds: int) -> Answer:
    """429: more requests than the key's limit lets through."""
    detail = f"The limit of requests is used up; the next one can be sent in {wait_seconds} s."
    return _plain("rate-limited", "Too many requests", 429, detail, instance)


def unavailable(instance: str) -> Answer:
    """503: try again; what the key stands for is not lost."""
    return _plain("unavailable", "Temporarily unavailable", 503, "Try again.", instance)


def fault(instance: str) -> Answer:
    """500: a defect of ours; the outcome can be asked for with the same key."""
    detail = "The outcome is not known here. Send the same request with the same key to learn it."
    return _plain("internal", "Internal error", 500, detail, instance)


def refused(kind: str, explanation: Explanation, instance: str) -> Answer:
    """The refusal of an operation as a problem document."""
    return encode_problem(problem(kind, explanation, instance))


def _plain(kind: str, title: str, status: int, detail: str, instance: str) -> Answer:
    return encode_problem(problem(kind, Explanation(title, status, detail), instance))
