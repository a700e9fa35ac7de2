"""Whether a webhook was signed with one of our secrets, over exactly the bytes that came."""

import hashlib
import hmac
from collections.abc import Mapping

VERSION = "v1"
_SIGNATURES_MAX = 16
"""PagerDuty sends one for each secret while secrets are changed; there are two then."""


def signer_of(body: bytes, header: str, secrets: Mapping[str, str]) -> str:
    """The name of the secret that one of the signatures was made with; empty when none was.

    header: ``v1=HEX,v1=HEX``, HMAC-SHA256 over the raw body. Every secret is compared, so that time tells nothing.
    Source: https://developer.pagerduty.com/docs/verifying-webhook-signatures
    """
    told = [part.strip().partition("=") for part in header.split(",")[:_SIGNATURES_MAX]]
    signatures = [signature.encode("ascii", "replace") for version, _, signature in told if version == VERSION]
    found = ""
    for name, secret in secrets.items():
        wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode("ascii")
        if any([hmac.compare_digest(signature, wanted) for signature in signatures]):  # noqa: C419 - none is skipped.
            found = name
    return found
