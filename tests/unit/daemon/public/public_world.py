"""What tells the outside, over a journal in memory; carriers take what they are told to take, and time stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import httpx
from msgspec.structs import replace

from config.public.reading import Public
from config.settings import Role
from daemon.channels.kinds.letter import Letter
from daemon.channels.ports import Receipt
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.public.current import CurrentPublic
from daemon.public.desk import PublicDesk
from daemon.public.parts import PublicParts
from daemon.public.proposing import Proposer
from daemon.public.sending import LetterSender
from daemon.sources.sink import FactSink
from daemon.status_page.places import Place
from daemon.status_page.publisher import StatusPublisher
from daemon.status_page.rendering import Renderer
from daemon.storage.quarantine import Quarantine
from remediation.journal.entry import Entry
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import Body
from remediation.public.state import LetterState, PublicBook, UpdateState
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens
from tests.unit.remediation.incidents.telling import breach
from tests.unit.remediation.public.outside import shipped
from tests.unit.remediation.worlds import Scene, scene

DEADLINE_SECONDS = 3600.0


@dataclass
class FakeCarrier:
    """Takes letters, or raises what comes first in ``faults``. keys: of all attempts."""

    taken: list[Letter] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    async def send(self, letter: Letter, at_ms: int) -> Receipt:
        """See Carrier."""
        assert at_ms > 0
        self.keys.append(letter.key)
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append(letter)
        return Receipt("SMTP 250")


@dataclass
class FakePlace:
    """Keeps what was written, in order, or raises what comes first in ``faults``."""

    files: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    async def write(self, name: str, content: bytes, content_type: str) -> None:
        """See Place."""
        assert content_type
        if self.faults:
            raise self.faults.pop(0)
        self.writes.append(name)
        self.files[name] = content


@dataclass
class World:
    """Everything, and what it is made of."""

    scene: Scene
    current: CurrentPublic
    carriers: dict[str, FakeCarrier]
    place: FakePlace
    parts: PublicParts
    page: StatusPublisher
    is_watched: list[bool]
    view: FakeView = field(default_factory=FakeView)

    @property
    def book(self) -> PublicBook:
        """What was said to the outside."""
        return self.scene.writer.state.public

    @property
    def letter(self) -> LetterState:
        """The newest letter."""
        return list(self.book.letters.values())[-1]

    @property
    def update(self) -> UpdateState:
        """The newest words for the page."""
        return list(self.book.updates.values())[-1]

    async def say(self, *bodies: Body, by: str = "daemon") -> None:
        """Append these."""
        for body in bodies:
            await self.scene.writer.append(body, by)

    def later(self, seconds: float) -> None:
        """Let time pass, and the lease be renewed in it."""
        self.scene.clock.at_ms += round(seconds * 1000)
        lease = self.scene.writer.lease
        self.scene.writer.renewed(replace(lease, until_ms=self.scene.clock.at_ms + 60_000))

    async def kinds(self) -> list[str]:
        """The kinds of all entries."""
        return [entry.kind for entry in await self.entries()]

    async def entries(self) -> Sequence[Entry]:
        """Everything that the journal says, oldest first."""
        return await self.scene.journal.read(0, 500)

    async def burn(self, severity: str = "critical") -> str:
        """An incident that lasts, is told and that somebody took on; its id."""
        await self.say(breach(severity=severity))
        self.later(61)
        await self.parts.proposer.tick()
        (incident,) = self.scene.writer.state.incidents
        await self.say(IncidentAcknowledged(incident_id=incident), by="anna")
        await self.parts.proposer.tick()
        return incident

    async def ask(self, role: Role, method: str, path: str, body: object = None) -> httpx.Response:
        """One request at the doors. path: below ``/api/v1/``."""
        self.view.clock.now, self.view.folded = self.scene.clock.at_ms, self.scene.writer.state
        self.view.entries = list(await self.entries())
        options = HttpOptions(
            tokens=tokens(),
            current_rules=tuple,
            version="0.1.0",
            clock=cast("SystemClock", self.scene.clock),
            public=self.parts,
        )
        app = create_app(self.view, cast("FactSink", None), cast("Quarantine", None), options)
        headers = {"authorization": f"Bearer {token_of(role)}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers) as client:
            return await client.request(method, f"/api/v1/{path}", json=body)


async def world(public: Public | None = None, here: Scene | None = None) -> World:
    """Nothing has happened in it yet. here: a journal that there is already."""
    here = await scene() if here is None else here
    current = CurrentPublic(shipped() if public is None else public)
    carriers = {"mail": FakeCarrier(), "hook": FakeCarrier()}
    place, watched = FakePlace(), [True]
    places: dict[str, Place] = {"folder": place}
    writer = here.writer
    page = StatusPublisher(places, Renderer(), here.clock, lambda: writer.state, current.value, lambda: watched[0])
    parts = PublicParts(
        desk=PublicDesk(writer, here.clock, current.value),
        proposer=Proposer(writer, here.clock, current.value),
        sender=LetterSender(writer, here.clock, current.value, carriers, DEADLINE_SECONDS, lambda: 1.0),
        page=page,
        public=current.value,
        follow=current.follow,
    )
    return World(here, current, carriers, place, parts, page, watched)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail of a no."""
    return answer.status_code, str(answer.json()["detail"])
