"""Idempotency of requests that hold a number: the key remembers a keyed fingerprint of it, never a plain hash."""

import hashlib
from collections.abc import Mapping

import msgspec

from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer, Explanation, FieldError, encode_problem, problem
from payment_core.operations.call import Call

_UNUSABLE = Explanation("The request cannot be understood", 422, "A field cannot be used; errors says which and why.")


def concealed(call: Call, target: str, fingerprint: str, *parts: str) -> Call:
    """The call with another request hash: one over the keyed fingerprint instead of the number.

    A number has so few possible values that a plain hash of it could be turned back (PCI DSS 3.5.1.1).
    """
    digest = hashlib.sha256(msgspec.json.encode((target, fingerprint, *parts))).digest()
    return msgspec.structs.replace(call, request_hash=digest)


def unusable_field(instance: str, path: str, detail: str) -> Answer:
    """422: a field cannot be used. path: where it is. detail: why, without what was sent."""
    document = problem("invalid-request", _UNUSABLE, instance)
    return encode_problem(
        msgspec.structs.replace(document, detail=f"{path}: {detail}", errors=(FieldError(path, detail),))
    )


def misplaced_number(instance: str, fields: Mapping[str, str]) -> Answer | None:
    """422 when a field that is kept in clear holds what looks like a card number. fields: text by JSON path."""
    for path, text in fields.items():
        if holds_card_number(text):
            return unusable_field(instance, path, "It holds what looks like a card number; only its own field may.")
    return None
