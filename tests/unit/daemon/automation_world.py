"""Automation over a journal in memory, a rollback that can be taken back, and the daemon's doors to both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from msgspec.structs import replace as changed
from starlette.applications import Starlette

from checks.facts import Fact, HealthProbed, PaymentAttempted
from config.guardrails import Approvals, MoneyAtRisk, Storm
from config.policy import Policy
from daemon.automation import Automation
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.senses.payment_flow import PaymentFlow
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.journal.entry import Entry
from tests.unit.daemon.http.fake_view import FakeView, tokens
from tests.unit.remediation.worlds import Scene, decided, scene

POLICY = Policy(
    approvals=Approvals(),
    money_at_risk=MoneyAtRisk(action_cents=100_000, hour_cents=150_000, detect_within=60.0),
    storm=Storm(),
)


@dataclass
class World:
    """told: the facts that the rules were given. policy: as the automation reads it; a test may change it."""

    scene: Scene
    flow: PaymentFlow
    automation: Automation
    told: list[HealthProbed] = field(default_factory=list)
    policy: Policy = POLICY
    view: FakeView = field(default_factory=FakeView)
    doors: Starlette | None = None

    async def rolled_back(self) -> str:
        """A rollback of green that was seen in effect; its decision."""
        outcome = await self.scene.executor.carry_out(await decided(self.scene))
        assert outcome is not None
        return outcome.decision_id

    def pay(self, count: int, amount_cents: int) -> None:
        """So many payments in this second."""
        one = PaymentAttempted(
            id="evt-1", at_ms=self.scene.clock.at_ms, subject="pay_1", outcome="succeeded", rail="card", amount_cents=0
        )
        self.flow.observe([changed(one, amount_cents=amount_cents)] * count)

    async def entries(self) -> Sequence[Entry]:
        """Everything that the journal says."""
        return await self.scene.journal.read(0, 500)

    async def kinds(self) -> list[str]:
        """The kinds of all entries."""
        return [entry.kind for entry in await self.entries()]

    def app(self) -> Starlette:
        """The daemon's doors as things are now; one token for each role, named after it."""
        self.view.clock.now = self.scene.clock.at_ms
        self.view.folded = self.scene.writer.state
        if self.doors is not None:
            return self.doors
        options = HttpOptions(
            tokens=tokens(),
            current_rules=tuple,
            version="0.1.0",
            clock=cast("SystemClock", self.scene.clock),
            automation=self.automation,
        )
        self.doors = create_app(self.view, cast("FactSink", None), cast("Quarantine", None), options)
        return self.doors


async def world(policy: Policy = POLICY) -> World:
    """Nothing has happened in it yet."""
    here = await scene(policy=policy)
    flow = PaymentFlow(here.clock)

    async def take(facts: Sequence[Fact]) -> None:
        made.told += [fact for fact in facts if isinstance(fact, HealthProbed)]

    automation = Automation(here.writer, here.executor, flow, here.clock, lambda: made.policy, take)
    made = World(here, flow, automation, policy=policy)
    return made
