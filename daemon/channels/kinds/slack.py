"""Slack: one message for each notice, over an incoming webhook."""

import json

from daemon.channels.answers import receipt_of
from daemon.channels.cutting import cut
from daemon.channels.ports import Receipt
from payment_core.webhooks.ports import Sender
from remediation.escalation.notices import Notice

TEXT_LENGTH_MAX = 4_000
"""Slack advises it; much longer text is cut by Slack, without a word."""
_TITLE_LENGTH_MAX = 500


class Slack:
    """Channel. url: of the webhook; it holds its secret. Slack knows no key, so one sent twice is seen twice.

    Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """

    def __init__(self, sender: Sender, url: str) -> None:
        self._sender = sender
        self._url = url

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; the address is put before the text, so that it calls whom it names."""
        del key, at_ms
        message = {"text": text_of(notice, address)}
        return receipt_of(await self._sender.send(self._url, {}, json.dumps(message).encode("ascii")))


def text_of(notice: Notice, address: str) -> str:
    """The message in Slack's markup. What was observed calls nobody: its ``<``, ``>`` and ``&`` are written out."""
    head = f"*{_plain(cut(notice.title, _TITLE_LENGTH_MAX))}*"
    lines = (f"{address} {head}" if address else head, _plain(notice.body), f"`{notice.dedup_key}`")
    return cut("\n".join(line for line in lines if line), TEXT_LENGTH_MAX)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
