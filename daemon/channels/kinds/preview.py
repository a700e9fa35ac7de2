"""What a channel would send, for whoever tries it: the very payload, without its keys and with its address hidden."""

import json

from daemon.channels.kinds.alertmanager import Alertmanager, group_of
from daemon.channels.kinds.chat import Chat, words_of
from daemon.channels.kinds.letter import letter_of, message_of
from daemon.channels.kinds.mail import Email
from daemon.channels.kinds.mqtt import Mqtt
from daemon.channels.kinds.pagerduty import PagerDuty, event_of
from daemon.channels.kinds.slack import Slack, text_of
from daemon.channels.kinds.sms import Sms
from daemon.channels.kinds.teams import Teams
from daemon.channels.kinds.teams import message_of as card_message_of
from daemon.channels.kinds.webhook import document_of
from daemon.channels.ports import Channel
from remediation.escalation.notices import Notice

HIDDEN = "(the address)"
_NOBODY = "hidden@example.com"


def preview_of(channel: Channel, name: str, notice: Notice, at_ms: int) -> str:
    """As text. name: of the channel."""
    match channel:
        case Slack():
            return text_of(notice, HIDDEN)
        case Email():
            return message_of(letter_of(notice, notice.id, _NOBODY), _NOBODY, at_ms).as_string()
        case Sms():
            return channel.text_of(notice)
        case _:
            return json.dumps(_document(channel, name, notice, at_ms), indent=2, ensure_ascii=False)


def _document(channel: Channel, name: str, notice: Notice, at_ms: int) -> dict[str, object]:
    match channel:
        case PagerDuty():
            return event_of(notice, notice.id, at_ms)
        case Teams():
            return card_message_of(notice, HIDDEN)
        case Alertmanager():
            return group_of(notice, notice.id, name, at_ms)
        case Mqtt():
            return document_of(notice, "", at_ms)
        case Chat():
            title, body = words_of(notice)
            return {"title": title, "body": body}
        case _:
            return document_of(notice, HIDDEN, at_ms)
