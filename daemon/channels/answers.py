"""What an answer over HTTP means for a notice: taken, later, not this one, or never."""

from daemon.channels.ports import ChannelDown, NoticeNotTaken, NoticeRefused, Receipt
from payment_core.webhooks.ports import Sent

_DOWN = frozenset({401, 403, 404, 408, 410, 425, 429, 502, 503, 504})
"""Nothing is taken now, or nothing from us: the receiver is away, our key was revoked, its URL has moved."""
_CLIENT_FAULTS, _SERVER_FAULTS = 400, 500


def receipt_of(sent: Sent) -> Receipt:
    """The receipt. Raises NotDelivered for what is none; an answer's content is never told, it may hold a key."""
    if sent.accepted:
        return Receipt(f"HTTP {sent.status_code}")
    if sent.status_code == 0:
        raise ChannelDown(sent.fault)
    words = f"HTTP {sent.status_code}"
    if sent.status_code in _DOWN or sent.status_code < _CLIENT_FAULTS:
        raise ChannelDown(words, retry_after_seconds=sent.retry_after_seconds)
    if sent.status_code >= _SERVER_FAULTS:
        raise NoticeNotTaken(words, retry_after_seconds=sent.retry_after_seconds)
    raise NoticeRefused(words)
