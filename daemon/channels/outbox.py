"""Sends what the journal wants told: each notice until a channel took it, in order, under one key, within limits."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from config.escalation.channel_settings import ChannelSettings
from config.escalation.escalation_file import Escalation
from daemon.channels.pace import Pace
from daemon.channels.ports import (
    ATTEMPT_SECONDS,
    Channel,
    ChannelDown,
    NotDelivered,
    NoticeNotTaken,
    NoticeRefused,
    Receipt,
)
from daemon.channels.recording import Recording
from daemon.channels.routing import way_now, ways
from daemon.channels.setbacks import Setbacks, wait_ms
from daemon.channels.tally import ChannelTally
from remediation.escalation.notices import Notice, NoticeState
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import NoticeFailed, NoticeSent
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import IncidentState

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Another channel's turn comes by the clock alone; entries of the journal wake sooner."""
LEFT_ALONE_MS_MAX = 60_000
"""A receiver may ask for more; somebody has to be told, and a minute's limit is over by then."""
CRITICAL = 1
_SAYS = {"acknowledge": IncidentState.ACKNOWLEDGED, "resolve": IncidentState.RESOLVED}


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel and the pace at which it is used."""

    channel: Channel
    pace: Pace


class Outbox:
    """Over the journal's state. share: draws from 0 to 1."""

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        settings: ChannelSettings,
        lanes: Mapping[str, Lane],
        escalation: Callable[[], Escalation],
        share: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._settings = settings
        self._lanes = lanes
        self._escalation = escalation
        self._share = share
        self._recording = Recording(writer)
        self._under_way: set[str] = set()
        self._wakes = {name: asyncio.Event() for name in lanes}
        self.setbacks = Setbacks()
        self.tally = ChannelTally()
        writer.heard_by(self._heard)

    @property
    def names(self) -> tuple[str, ...]:
        """The channels, in the order of the settings."""
        return tuple(self._lanes)

    async def run(self) -> None:
        """Send for ever, each channel by itself, so that one that hangs holds up no other."""
        async with asyncio.TaskGroup() as group:
            for name in self._lanes:
                group.create_task(self._serve(name), name=f"channel-{name}")

    async def step(self, name: str) -> float:
        """Send what this channel may send now; seconds until there may be more, unless something wakes it."""
        while True:
            now_ms = self._clock.now_ms()
            if now_ms >= self._writer.lease.until_ms or not await self._recording.flush():
                return LOOK_SECONDS
            setback = self.setbacks.of(name)
            if setback is not None and now_ms < setback.until_ms:
                return (setback.until_ms - now_ms) / 1000
            one = next(self._queue(name, now_ms), None)
            if one is None:
                return LOOK_SECONDS
            if self._came_from(name, one.notice):
                await self._recording.record(_sent(one.notice, name, "it came from there"))
                continue
            limited_ms = self._lanes[name].pace.wait_ms(now_ms, critical=one.notice.severity == CRITICAL)
            if limited_ms:
                return min(limited_ms / 1000, LOOK_SECONDS)
            await self._attempt(name, one)

    def owes(self, name: str) -> bool:
        """Whether something that calls somebody is this channel's to send, or it takes nothing now."""
        now_ms = self._clock.now_ms()
        return self.setbacks.of(name) is not None or next(self._queue(name, now_ms), None) is not None

    def lesser_wait_ms(self, name: str, now_ms: int) -> int:
        """How long until this channel's limit leaves room for what calls nobody; 0 for now."""
        return self._lanes[name].pace.wait_ms(now_ms, critical=False)

    def took(self, name: str, now_ms: int) -> None:
        """Something else was sent within this channel's limit."""
        self._lanes[name].pace.took(now_ms)

    async def handed_over(self, name: str, notice: Notice, at_ms: int) -> Receipt:
        """One attempt at this channel, beside the queue. Raises NotDelivered; nothing is remembered of it."""
        return await self._send(self._lanes[name].channel, name, notice, at_ms)

    def unreachable(self) -> list[Notice]:
        """What waits and no channel of these settings can carry."""
        return [one.notice for one in self._writer.state.escalation.waiting if not self._ways(one.notice)]

    async def tidy(self) -> None:
        """Forget what is over, and give up what no channel could carry until its deadline."""
        waiting = self._writer.state.escalation.waiting
        self.setbacks.forget({one.notice.id for one in waiting})
        now_ms = self._clock.now_ms()
        for one in waiting:
            if self._is_late(one, now_ms) and not self._ways(one.notice):
                await self._failed(one, one.notice.target.channel, "no channel of this name", final=True)

    async def _serve(self, name: str) -> None:
        woken = self._wakes[name]
        while True:
            woken.clear()
            seconds = await self.step(name)
            try:
                async with asyncio.timeout(seconds):
                    await woken.wait()
            except TimeoutError:
                continue

    def _heard(self, entry: Entry) -> None:
        if entry.kind.startswith(("escalation.", "notice.")):
            self._wake()

    def _wake(self) -> None:
        for woken in self._wakes.values():
            woken.set()

    def _queue(self, name: str, now_ms: int) -> Iterator[NoticeState]:
        """What is this channel's to send now, the gravest first; of one alert nothing before what came earlier."""
        held: set[str] = set()
        for one in self._writer.state.escalation.waiting:
            notice = one.notice
            if notice.id in self._under_way or notice.id in self._recording.taken or notice.dedup_key in held:
                held.add(notice.dedup_key)
                continue
            if self._way(notice, now_ms) != name:
                continue
            stuck = self.setbacks.at(name, notice.id)
            if stuck is not None and now_ms < stuck.until_ms:
                held.add(notice.dedup_key)
                continue
            yield one

    def _came_from(self, name: str, notice: Notice) -> bool:
        """Whether this channel told us what the notice says, so that it would hear its own words again."""
        incident = self._writer.state.incidents.get(notice.incident_id)
        said = None if incident is None or incident.through != name else _SAYS.get(notice.kind)
        return said is not None and incident is not None and incident.state is said

    def _ways(self, notice: Notice) -> tuple[str, ...]:
        chain = self._writer.state.escalation.chains.get(notice.incident_id)
        return ways(notice, chain, self._lanes, self._settings.fallback)

    def _left(self, notice: Notice) -> Sequence[str]:
        refused = self.setbacks.refused_by(notice.id)
        return [name for name in self._ways(notice) if name not in refused]

    def _way(self, notice: Notice, now_ms: int) -> str | None:
        left = self._left(notice)
        if not left:
            return None
        after_ms = round(self._settings.fallback_after * 1000)
        return way_now(left, lambda name: self.setbacks.either(name, notice.id), after_ms=after_ms, now_ms=now_ms)

    async def _attempt(self, name: str, one: NoticeState) -> None:
        notice, lane, began_ms = one.notice, self._lanes[name], self._clock.now_ms()
        lane.pace.took(began_ms)
        self._under_way.add(notice.id)
        try:
            receipt = await self._send(lane.channel, name, notice, began_ms)
        except NotDelivered as fault:
            await self._setback(name, one, began_ms, fault)
        else:
            self.setbacks.took(name, notice.id)
            self.tally.delivered(name)
            await self._recording.record(_sent(notice, name, receipt.detail))
        finally:
            self._under_way.discard(notice.id)
            self._wake()

    async def _send(self, channel: Channel, name: str, notice: Notice, at_ms: int) -> Receipt:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await channel.send(notice, notice.id, self._address(notice, name), at_ms)
        except NotDelivered:
            raise
        except TimeoutError as fault:
            raise ChannelDown(f"no answer within {ATTEMPT_SECONDS:g} s") from fault
        except Exception as fault:
            # A fault of ours must not end telling people of others; the text may hold an address, so it is not told.
            log.error("channel broke", action="channel_fault", channel=name, fault=type(fault).__name__)
            raise NoticeNotTaken(type(fault).__name__) from fault

    def _address(self, notice: Notice, channel: str) -> str:
        person = self._escalation().people.get(notice.target.person)
        contacts = () if person is None else person.contacts
        return next((one.address for one in contacts if one.channel == channel), "")

    async def _setback(self, name: str, one: NoticeState, began_ms: int, fault: NotDelivered) -> None:
        notice, now_ms = one.notice, self._clock.now_ms()
        first = self.setbacks.either(name, notice.id) is None
        self.tally.failed(name)
        if isinstance(fault, NoticeRefused):
            self.setbacks.refused(name, notice.id)
            await self._failed(one, name, fault.detail, final=not self._left(notice))
            return
        asked_ms = min(round(fault.retry_after_seconds * 1000), LEFT_ALONE_MS_MAX)
        wait = max(wait_ms(self.setbacks.failures(name, notice.id), self._share()), asked_ms)
        if isinstance(fault, NoticeNotTaken):
            self.setbacks.stuck(name, notice.id, began_ms, now_ms, wait, fault.detail)
        else:
            self.setbacks.down(name, began_ms, now_ms, wait, fault.detail)
        log.warning("notice not delivered", action="notice_failed", channel=name, notice=notice.id, fault=fault.detail)
        late = self._is_late(one, now_ms)
        if first or late:
            # An outage is one line of the journal and not one for each attempt.
            await self._failed(one, name, fault.detail, final=late)

    def _is_late(self, one: NoticeState, now_ms: int) -> bool:
        return now_ms - one.since_ms >= self._settings.deadline * 1000

    async def _failed(self, one: NoticeState, name: str, why: str, *, final: bool) -> None:
        await self._recording.record(
            NoticeFailed(
                incident_id=one.notice.incident_id, notice_id=one.notice.id, channel=name, why=why, final=final
            )
        )


def _sent(notice: Notice, channel: str, detail: str) -> NoticeSent:
    return NoticeSent(incident_id=notice.incident_id, notice_id=notice.id, channel=channel, detail=detail)
