"""Puts the channels of the settings together with the outbox that sends through them."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE

from pydantic import SecretStr

from config.escalation.channel_settings import PagerDutyChannel, SlackChannel, WebhookChannel
from config.escalation.escalation_file import Escalation
from config.settings import Settings
from daemon.channels.health import ChannelHealth
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.pace import WINDOW_MS, Pace
from daemon.channels.pagerduty import PagerDuty
from daemon.channels.ports import Channel
from daemon.channels.slack import Slack
from daemon.channels.webhook import Webhook, checked_secret
from daemon.errors import NotUsable
from payment_core.webhooks.ports import Sender
from payment_core.webhooks.sending import HttpSender
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State

SECRET_LENGTH_MAX = 4_096
_READABLE_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Channels:
    """What was opened."""

    outbox: Outbox
    health: ChannelHealth


async def open_channels(
    stack: AsyncExitStack,
    settings: Settings,
    writer: JournalWriter,
    clock: Clock,
    escalation: Callable[[], Escalation],
) -> Channels | None:
    """None when there are no channels: notices wait then, as the journal says. Raises NotUsable for a bad secret."""
    wanted = settings.channels
    if not wanted.via:
        return None
    sender = await stack.enter_async_context(HttpSender(loopback_allowed=wanted.loopback_allowed))
    lanes = {}
    for name, channel in wanted.via.items():
        before = sent_lately(writer.state, name, clock.now_ms())
        lanes[name] = Lane(await channel_of(name, channel, sender), Pace(channel.per_minute, before))
    outbox = Outbox(writer, clock, wanted, lanes, escalation, random.SystemRandom().random)
    return Channels(outbox, ChannelHealth(outbox, settings.aws.region, wanted.fallback_after))


async def channel_of(name: str, settings: PagerDutyChannel | SlackChannel | WebhookChannel, sender: Sender) -> Channel:
    """The channel of these settings, with its secret read. Raises NotUsable."""
    match settings:
        case PagerDutyChannel():
            key = await _secret(settings.routing_key, settings.routing_key_file)
            return PagerDuty(sender, settings.url, key)
        case SlackChannel():
            return Slack(sender, await _secret(settings.url, settings.url_file))
        case WebhookChannel():
            secret = await _secret(settings.secret, settings.secret_file)
            return Webhook(sender, settings.url, checked_secret(secret, name))


def sent_lately(state: State, channel: str, now_ms: int) -> list[int]:
    """When this channel took notices within the last minute, so that a new process keeps the limit of the old one."""
    return [
        told.ended_at_ms
        for chain in state.escalation.chains.values()
        for told in chain.notices
        if told.through == channel and now_ms - told.ended_at_ms < WINDOW_MS
    ]


async def _secret(secret: SecretStr, file: Path | None) -> str:
    return secret.get_secret_value() if file is None else await asyncio.to_thread(read_secret, file)


def read_secret(path: Path) -> str:
    """What stands in a file that only its owner reads. Raises NotUsable."""
    try:
        with path.open(encoding="ascii") as file:
            if S_IMODE(path.stat().st_mode) & _READABLE_BY_OTHERS:
                raise NotUsable(f"{path}: others may read it; set its mode to 600.")
            secret = file.read(SECRET_LENGTH_MAX).strip()
    except (OSError, UnicodeError) as fault:
        raise NotUsable(f"{path}: the secret of a channel cannot be read: {fault}") from fault
    if not secret:
        raise NotUsable(f"{path}: the file is empty; write the secret of the channel into it.")
    return secret
