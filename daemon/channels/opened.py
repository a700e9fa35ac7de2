"""Puts the channels of the settings together with the outbox that sends through them."""

import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from config.escalation.escalation_file import Escalation
from config.settings import Settings
from daemon.channels.health import ChannelHealth
from daemon.channels.kinds.opened import channel_of
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.pace import WINDOW_MS, Pace
from payment_core.webhooks.sending import HttpSender
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State


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
        opened = await channel_of(stack, name, channel, sender, settings.aws)
        lanes[name] = Lane(opened, Pace(channel.per_minute, before))
    outbox = Outbox(writer, clock, wanted, lanes, escalation, random.SystemRandom().random)
    return Channels(outbox, ChannelHealth(outbox, settings.aws.region, wanted.fallback_after))


def sent_lately(state: State, channel: str, now_ms: int) -> list[int]:
    """When this channel took notices within the last minute, so that a new process keeps the limit of the old one."""
    return [
        told.ended_at_ms
        for chain in state.escalation.chains.values()
        for told in chain.notices
        if told.through == channel and now_ms - told.ended_at_ms < WINDOW_MS
    ]
