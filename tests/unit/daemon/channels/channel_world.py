"""An outbox over a journal in memory, with receivers that do as they are told; time passes only when a test lets it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from config.escalation.channel_settings import ChannelSettings
from config.escalation.escalation_file import Escalation
from config.escalation.on_call import Contact, Person
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.pace import Pace
from daemon.channels.ports import Channel, NotDelivered, Receipt
from remediation.escalation.notices import Notice, NoticeState
from remediation.journal.escalation_kinds import NoticeFailed, NoticeSent
from remediation.journal.kinds import body_of
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.escalation.playing import shipped


@dataclass
class FakeChannel:
    """fault: raised for each notice while it is set. faults: for the notices of these ids alone. hangs: for ever."""

    fault: NotDelivered | None = None
    faults: dict[str, Exception] = field(default_factory=dict)
    tries: list[str] = field(default_factory=list)
    taken: list[tuple[Notice, str, str]] = field(default_factory=list)
    hangs: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel."""
        assert at_ms
        self.tries.append(key)
        self.called.set()
        if self.hangs:
            await asyncio.Event().wait()
        fault = self.faults.get(key, self.fault)
        if fault is not None:
            raise fault
        self.taken.append((notice, key, address))
        return Receipt("taken")

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Kind and incident of what was taken, in order."""
        return [(notice.kind, notice.incident_id) for notice, _, _ in self.taken]


@dataclass
class Sending:
    """A world with an outbox in it."""

    world: World
    outbox: Outbox

    @property
    def waiting(self) -> tuple[NoticeState, ...]:
        """What no channel took yet."""
        return self.world.state.escalation.waiting

    async def step(self, *names: str) -> float:
        """Let each of these channels send what it may, all of them when none is named; seconds until the next look."""
        waits = [await self.outbox.step(name) for name in (names if names else self.outbox.names)]
        return min(waits)

    async def play(self, seconds: float, *, paging: bool = False) -> None:
        """Let so much time pass, looking whenever a channel wants to; half a second at the most in between."""
        until_ms = self.world.scene.clock.at_ms + round(seconds * 1000)
        while True:
            if paging:
                await self.world.pager.tick()
            wait = await self.step()
            left = (until_ms - self.world.scene.clock.at_ms) / 1000
            if left <= 0:
                return
            self.world.later(min(max(wait, 0.001), 0.5, left))

    async def recorded(self) -> list[NoticeSent | NoticeFailed]:
        """What the journal says became of notices."""
        bodies = [body_of(entry) for entry in await self.world.entries()]
        return [body for body in bodies if isinstance(body, NoticeSent | NoticeFailed)]


def reached_by(*channels: str, addresses: Mapping[str, str] = MappingProxyType({})) -> Escalation:
    """The packaged matrix, in which everybody has these channels; addresses: by channel, ``@NAME`` when left out."""
    contacts = tuple(Contact(channel=name, address=addresses.get(name, f"@{name}")) for name in channels)
    whole = shipped()
    people = {key: Person(name=person.name, contacts=contacts) for key, person in whole.people.items()}
    return whole.model_copy(update={"people": people})


async def sending(
    channels: Mapping[str, Channel],
    *,
    contacts: tuple[str, ...] | None = None,
    fallback: str | None = None,
    per_minute: int = 600,
    here: World | None = None,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> Sending:
    """contacts: of everybody, all channels when None. here: a world whose process has died; the outbox is a new one."""
    escalation = reached_by(*(channels if contacts is None else contacts), addresses=addresses)
    made = await world(escalation) if here is None else here
    settings = ChannelSettings.model_construct(
        via={}, fallback=fallback, fallback_after=30.0, deadline=4 * 3600.0, loopback_allowed=False
    )
    lanes = {name: Lane(channel, Pace(per_minute)) for name, channel in channels.items()}
    outbox = Outbox(made.scene.writer, made.scene.clock, settings, lanes, lambda: escalation, lambda: 1.0)
    return Sending(made, outbox)
