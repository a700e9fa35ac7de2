"""What carries letters: a mail server, and a system of yours by a signed webhook; nothing of an incident goes along."""

import json
from contextlib import AsyncExitStack
from typing import Protocol

from config.escalation.channel_kinds import EmailChannel, WebhookChannel
from config.settings import Settings
from daemon.channels.answers import receipt_of
from daemon.channels.kinds.letter import Letter
from daemon.channels.kinds.mail import open_mailer
from daemon.channels.kinds.opened import secret_of
from daemon.channels.kinds.webhook import checked_secret
from daemon.channels.ports import Receipt
from payment_core.webhooks.ports import Sender
from payment_core.webhooks.sending import HttpSender
from payment_core.webhooks.signing import signature_headers


class Carrier(Protocol):
    """Carries letters out. Raises NotDelivered, as one of its three kinds."""

    async def send(self, letter: Letter, at_ms: int) -> Receipt:
        """Until its receiver has it; sent twice under one key, it is one."""
        ...


class WebhookCarrier:
    """A receiver of your own, signed as Standard Webhooks says; the letter's key is ``webhook-id``."""

    def __init__(self, sender: Sender, url: str, secret: str) -> None:
        self._sender = sender
        self._url = url
        self._secret = secret

    async def send(self, letter: Letter, at_ms: int) -> Receipt:
        """See Carrier."""
        body = json.dumps(
            {
                "type": "communication.sent",
                "timestamp_ms": at_ms,
                "data": {"to": letter.to, "subject": letter.subject, "text": letter.text},
            }
        ).encode("ascii")
        headers = signature_headers((self._secret,), letter.key, at_ms // 1000, body)
        return receipt_of(await self._sender.send(self._url, headers, body))


async def open_carriers(stack: AsyncExitStack, settings: Settings) -> dict[str, Carrier]:
    """One for each channel that carries letters, by its name; nothing is connected. Raises NotUsable."""
    carriers: dict[str, Carrier] = {}
    sender: Sender | None = None
    for name, channel in settings.channels.via.items():
        match channel:
            case EmailChannel():
                carriers[name] = await open_mailer(channel, await secret_of(channel.password, channel.password_file))
            case WebhookChannel():
                if sender is None:
                    loopback = settings.channels.loopback_allowed
                    sender = await stack.enter_async_context(HttpSender(loopback_allowed=loopback))
                secret = await secret_of(channel.secret, channel.secret_file)
                carriers[name] = WebhookCarrier(sender, channel.url, checked_secret(secret, name))
            case _:
                continue
    return carriers
