"""A receiver of your own: JSON, signed as Standard Webhooks 1.0.0 says, to public addresses alone."""

import binascii
import json

from daemon.channels.answers import receipt_of
from daemon.channels.cutting import cut, cut_bytes
from daemon.channels.ports import Receipt
from daemon.errors import NotUsable
from payment_core.webhooks.ports import Sender
from payment_core.webhooks.signing import SECRET_PREFIX, signature_headers
from remediation.escalation.notices import Notice

BODY_BYTES_MAX = 64 * 1024
_TITLE_LENGTH_MAX = 1_024
_SECRET_BYTES = range(24, 65)
"""As the specification asks for."""
_SEVERITY = {1: "critical", 2: "high", 3: "medium"}


class Webhook:
    """Channel. secret: ``whsec_`` and base64. The key is ``webhook-id``, by which the receiver knows one sent twice."""

    def __init__(self, sender: Sender, url: str, secret: str) -> None:
        self._sender = sender
        self._url = url
        self._secret = secret

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; the address is the field ``to``."""
        body = json.dumps(document_of(notice, address, at_ms)).encode("ascii")
        headers = signature_headers((self._secret,), key, at_ms // 1000, body)
        return receipt_of(await self._sender.send(self._url, headers, body))


def document_of(notice: Notice, address: str, at_ms: int) -> dict[str, object]:
    """What the receiver reads; ``docs/channels.md`` describes it."""
    return {
        "type": f"incident.{notice.kind}",
        "timestamp_ms": at_ms,
        "data": {
            "incident": notice.incident_id,
            "generation": notice.generation,
            "dedup_key": notice.dedup_key,
            "severity": _SEVERITY.get(notice.severity, "medium"),
            "title": cut(notice.title, _TITLE_LENGTH_MAX),
            "text": cut_bytes(notice.body, BODY_BYTES_MAX),
            "step": notice.step,
            "trace_id": notice.trace_id,
            "person": notice.target.person,
            "to": address,
        },
    }


def checked_secret(secret: str, channel: str) -> str:
    """The same, if notices can be signed with it. Raises NotUsable, without the secret."""
    try:
        length = len(binascii.a2b_base64(secret.removeprefix(SECRET_PREFIX), strict_mode=True))
    except (ValueError, binascii.Error):
        length = 0
    if not secret.startswith(SECRET_PREFIX) or length not in _SECRET_BYTES:
        raise NotUsable(f"channels.via.{channel}.secret: write whsec_ and 24 to 64 random bytes in base64.")
    return secret
