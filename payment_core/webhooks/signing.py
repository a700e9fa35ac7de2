"""Signs a webhook as Standard Webhooks 1.0.0 says, so that receivers can verify it with its libraries."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - how every secret begins
SECRET_BYTES = 32
"""The specification asks for 24 to 64 random bytes."""


def new_signing_secret() -> str:
    """A new secret as receivers are shown it: ``whsec_`` and base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def signature_headers(secrets_in_use: Sequence[str], message_id: str, at_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers. secrets_in_use: one signature for each, so that receivers can change over to the next."""
    signed = f"{message_id}.{at_seconds}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets_in_use),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = binascii.a2b_base64(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")
