"""A pager, desks and doors over a journal in memory; time passes only when a test lets it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

import httpx
from msgspec.structs import replace

from checks.findings import Finding
from config.escalation.escalation_file import Escalation
from config.guardrails import Approvals
from config.load import Configuration, load_configuration
from config.settings import Role
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.incidents.desk import IncidentDesk
from daemon.incidents.exposure import Exposures
from daemon.incidents.outside.desk import OutsideDesk
from daemon.incidents.pager import Pager
from daemon.incidents.parts import IncidentParts
from daemon.incidents.quiet_desk import QuietDesk
from daemon.procedures.opened import open_procedures
from daemon.sources.sink import FactSink
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.quarantine import Quarantine
from remediation.journal.entry import Entry
from remediation.journal.kinds import Body
from remediation.state import State
from tests.unit.daemon.http.fake_view import FakeView, token_of, tokens
from tests.unit.remediation.escalation.playing import shipped
from tests.unit.remediation.worlds import Scene, scene


@dataclass
class World:
    """found: what the pager had decided on. woken: how often it asked for a tick."""

    scene: Scene
    escalation: Escalation
    pager: Pager
    parts: IncidentParts
    breached: list[Finding] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    woken: list[int] = field(default_factory=list)
    view: FakeView = field(default_factory=FakeView)

    @property
    def state(self) -> State:
        """What the journal says."""
        return self.scene.writer.state

    async def say(self, *bodies: Body, by: str = "daemon") -> None:
        """Append these."""
        for body in bodies:
            await self.scene.writer.append(body, by)

    def later(self, seconds: float) -> None:
        """Let time pass, and the lease be renewed in it."""
        self.scene.clock.at_ms += round(seconds * 1000)
        lease = self.scene.writer.lease
        self.scene.writer.renewed(replace(lease, until_ms=self.scene.clock.at_ms + 60_000))

    async def entries(self) -> Sequence[Entry]:
        """Everything that the journal says, oldest first."""
        return await self.scene.journal.read(0, 500)

    async def kinds(self) -> list[str]:
        """The kinds of all entries."""
        return [entry.kind for entry in await self.entries()]

    async def ask(self, role: Role, method: str, path: str, body: object = None) -> httpx.Response:
        """One request at the doors. path: below ``/api/v1/``, or from the root."""
        self.view.clock.now, self.view.folded = self.scene.clock.at_ms, self.state
        self.view.entries = list(await self.entries())
        options = HttpOptions(
            tokens=tokens(),
            current_rules=tuple,
            version="0.1.0",
            clock=cast("SystemClock", self.scene.clock),
            incidents=self.parts,
        )
        app = create_app(self.view, cast("FactSink", None), cast("Quarantine", None), options)
        headers = {"authorization": f"Bearer {token_of(role)}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers) as client:
            return await client.request(method, path if path.startswith("/") else f"/api/v1/{path}", json=body)


@cache
def packaged() -> Configuration:
    """Read once: every test has a world."""
    return load_configuration(None, {})


async def world(escalation: Escalation | None = None) -> World:
    """Nothing has happened in it yet."""
    rules = shipped() if escalation is None else escalation
    here = await scene()

    async def find(finding: Finding) -> None:
        made.found.append(finding)

    pager = Pager(here.writer, here.clock, lambda: rules, lambda: made.breached, find)
    desk = IncidentDesk(here.writer, here.clock)
    parts = IncidentParts(
        pager=pager,
        desk=desk,
        outside=OutsideDesk(here.writer, desk),
        quiet=QuietDesk(here.writer, here.clock, lambda: rules),
        exposures=Exposures(cast("Checkpoint", None), here.writer, here.clock),
        escalation=lambda: rules,
        follow=lambda _: None,
        procedures=open_procedures(here.writer, packaged().procedures, Approvals, here.clock),
    )
    made = World(here, rules, pager, parts)
    pager.wakes(lambda: made.woken.append(here.clock.at_ms))
    return made
