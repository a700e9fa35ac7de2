"""Checks that an event was sent by the processor: the ``Stripe-Signature`` header over time and body."""

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

TOLERANCE_SECONDS = 300
"""The processor's own libraries refuse what is older; a copied message is of no use any longer."""

HEADER_CHARACTERS_MAX = 4_096
"""Some fifty signatures; the processor sends one for each secret in use, two at most."""


class SignatureProblem(StrEnum):
    """Why an event is not believed, in order of precedence."""

    MISSING = "signature_missing"
    MALFORMED = "signature_malformed"
    WRONG = "signature_wrong"
    TOO_OLD = "signature_too_old"
    FROM_THE_FUTURE = "signature_from_the_future"


def signature_problem(
    header: str | None,
    body: bytes,
    secrets: Sequence[str],
    now_ms: int,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> SignatureProblem | None:
    """What is wrong with the signature of a body; None when it is the processor's and fresh.

    header: ``t=SECONDS,v1=HEX`` with any number of v1; other schemes are passed over, v0 is a test's. secrets: those in
    use, two while one is rolled over. The signature is HMAC-SHA-256 of ``SECONDS.BODY``.
    """
    if header is None or header.strip() == "":
        return SignatureProblem.MISSING
    told = _told(header)
    if told is None:
        return SignatureProblem.MALFORMED
    at_text, signatures = told
    signed = at_text.encode() + b"." + body
    right = [hmac.digest(secret.encode(), signed, hashlib.sha256).hex() for secret in secrets]
    # Each is compared with each, so that the time taken tells nothing.
    if not any([hmac.compare_digest(one, other) for one in right for other in signatures]):  # noqa: C419
        return SignatureProblem.WRONG
    age_seconds = now_ms / 1000 - int(at_text)
    if age_seconds > tolerance_seconds:
        return SignatureProblem.TOO_OLD
    return SignatureProblem.FROM_THE_FUTURE if age_seconds < -tolerance_seconds else None


def signature_header(body: bytes, secret: str, at_seconds: int) -> str:
    """The header as the processor makes it; for whoever stands in for it."""
    signed = f"{at_seconds}.".encode() + body
    return f"t={at_seconds},v1={hmac.digest(secret.encode(), signed, hashlib.sha256).hex()}"


def _told(header: str) -> tuple[str, tuple[str, ...]] | None:
    if len(header) > HEADER_CHARACTERS_MAX or not header.isascii():
        return None
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = tuple(value for name, _, value in pairs if name == "v1")
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > _TIME_DIGITS_MAX or not signatures:
        return None
    return times[0], signatures


_TIME_DIGITS_MAX = 12
