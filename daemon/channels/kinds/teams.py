"""Microsoft Teams: an Adaptive Card for each notice, over a workflow that begins with a webhook request."""

import json

from daemon.channels.answers import receipt_of
from daemon.channels.cutting import cut, cut_bytes, in_one_line, readable
from daemon.channels.ports import Receipt
from payment_core.webhooks.ports import Sender
from remediation.escalation.notices import Notice
from remediation.incidents.labels import SEVERITY_NAMES

MESSAGE_BYTES_MAX = 28 * 1024
"""Teams refuses a larger message."""
_TEXT_BYTES_MAX = 20 * 1024
"""Leaves room for a title of escapes and for all names."""
_TITLE_BYTES_MAX = 3 * 1024
_ADDRESS_LENGTH_MAX = 100
_COLOUR = {"trigger": {1: "attention", 2: "warning", 3: "accent"}}
_CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"


class Teams:
    """Channel. url: of the workflow; it holds its secret. Teams knows no key, so one sent twice is seen twice.

    Source: https://learn.microsoft.com/en-us/power-automate/teams/send-a-message-in-teams, and the schema of cards 1.4
    """

    def __init__(self, sender: Sender, url: str) -> None:
        self._sender = sender
        self._url = url

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; the address is a user who is mentioned: a user principal name or the id of one."""
        del key, at_ms
        body = json.dumps(message_of(notice, address)).encode("ascii")
        return receipt_of(await self._sender.send(self._url, {}, body))


def message_of(notice: Notice, address: str) -> dict[str, object]:
    """The message. What was observed stands in runs of text, in which Teams reads neither Markdown nor mentions."""
    return {
        "type": "message",
        "attachments": [{"contentType": _CONTENT_TYPE, "contentUrl": None, "content": card_of(notice, address)}],
    }


def card_of(notice: Notice, address: str) -> dict[str, object]:
    """The card: whom it is for, the title in the colour of its severity, the text, and what it is known by."""
    title = cut_bytes(in_one_line(readable(notice.title)), _TITLE_BYTES_MAX)
    colour = _COLOUR.get(notice.kind, {}).get(notice.severity, "good")
    facts = {
        "severity": SEVERITY_NAMES.get(notice.severity, "medium"),
        "incident": notice.dedup_key,
        "for": notice.target.person,
    }
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": title,
        "body": [
            *([{"type": "TextBlock", "text": f"<at>{_named(notice)}</at>"}] if address else []),
            _runs(title, weight="bolder", size="medium", color=colour),
            _runs(cut_bytes(readable(notice.body), _TEXT_BYTES_MAX)),
            {"type": "FactSet", "facts": [{"title": name, "value": value} for name, value in facts.items()]},
        ],
    }
    if address:
        mentioned = {"id": cut(in_one_line(address), _ADDRESS_LENGTH_MAX), "name": _named(notice)}
        entity = {"type": "mention", "text": f"<at>{_named(notice)}</at>", "mentioned": mentioned}
        card["msteams"] = {"entities": [entity]}
    return card


def _named(notice: Notice) -> str:
    """The person's key of ``escalation.yaml``: letters, digits and hyphens alone."""
    return notice.target.person


def _runs(text: str, **style: str) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
