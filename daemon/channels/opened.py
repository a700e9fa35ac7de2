"""Puts the channels of the settings together with the outbox that sends through them."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from config.escalation.escalation_file import Escalation
from config.settings import Settings
from daemon.channels.changes import ChangeFeed, ChangeTeller, Reading
from daemon.channels.health import ChannelHealth
from daemon.channels.kinds.opened import change_teller_of, channel_of, webhook_secrets
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.pace import WINDOW_MS, Pace
from daemon.channels.trial import TrialDesk
from payment_core.webhooks.sending import HttpSender
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import ChangeTold, TrialEnded
from remediation.journal.kinds import body_of
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State

LOOKED_BACK = 500
"""Entries of the journal: more than trials and changes of a minute come to."""
_OTHERS = ("trial.ended", "change.told")


@dataclass(frozen=True, slots=True)
class Channels:
    """What was opened. webhook_secrets: by channel, of those whose service sends back what people do there."""

    outbox: Outbox
    health: ChannelHealth
    trials: TrialDesk
    changes: ChangeFeed
    webhook_secrets: Mapping[str, str]

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.outbox.run(), name="channels-outbox")
            group.create_task(self.changes.run(), name="channels-changes")


async def open_channels(
    stack: AsyncExitStack,
    settings: Settings,
    writer: JournalWriter,
    clock: Clock,
    escalation: Callable[[], Escalation],
    read: Reading | None = None,
) -> Channels | None:
    """None when there are no channels: notices wait then, as the journal says. Raises NotUsable for a bad secret.

    read: entries of the journal, for changes that an earlier process did not come to tell; None: from here on alone.
    """
    wanted = settings.channels
    if not wanted.via:
        return None
    sender = await stack.enter_async_context(HttpSender(loopback_allowed=wanted.loopback_allowed))
    share = random.SystemRandom().random
    newest = [] if read is None else await read(max(0, writer.state.sequence - LOOKED_BACK), LOOKED_BACK)
    lanes: dict[str, Lane] = {}
    tellers: dict[str, ChangeTeller] = {}
    for name, channel in wanted.via.items():
        before = sent_lately(writer.state, newest, name, clock.now_ms())
        opened = await channel_of(stack, name, channel, sender, settings.aws)
        lanes[name] = Lane(opened, Pace(channel.per_minute, before))
        teller = await change_teller_of(channel, sender)
        tellers |= {} if teller is None else {name: teller}
    outbox = Outbox(writer, clock, wanted, lanes, escalation, share)
    changes = ChangeFeed(writer, clock, outbox, tellers, share)
    if read is not None:
        await changes.resume(read)
    return Channels(
        outbox,
        ChannelHealth(outbox, settings.aws.region, wanted.fallback_after),
        TrialDesk(writer, clock, wanted, lanes, outbox, escalation),
        changes,
        await webhook_secrets(wanted.via),
    )


def sent_lately(state: State, newest: Sequence[Entry], channel: str, now_ms: int) -> list[int]:
    """When this channel took something within the last minute, so that a new process keeps the limit of the old one.

    newest: entries of the journal, for what is no notice.
    """
    notices = [
        told.ended_at_ms
        for chain in state.escalation.chains.values()
        for told in chain.notices
        if told.through == channel
    ]
    others = [entry.at_ms for entry in newest if entry.kind in _OTHERS and _channel_of(entry) == channel]
    return [at_ms for at_ms in (*notices, *others) if now_ms - at_ms < WINDOW_MS]


def _channel_of(entry: Entry) -> str:
    body = body_of(entry)
    return body.channel if isinstance(body, TrialEnded | ChangeTold) else ""
