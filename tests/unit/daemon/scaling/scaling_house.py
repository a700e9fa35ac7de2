"""A daemon's scaling over a fleet of the test's: its duty, its desk, and everything between them and the journal."""

from dataclasses import dataclass, field
from pathlib import Path

from checks.findings import Finding
from config.policy import Policy
from config.scaling import CoolDown, EcsService, Emergency, Scaling, Spill, Unit
from daemon.scaling.desk import ScalingDesk
from daemon.scaling.forecasts import Forecasts
from daemon.scaling.load import Load
from daemon.scaling.scaler import Scaler
from daemon.scaling.spilling import Spilling
from daemon.scaling.watched import Watched, needed_units
from remediation.actions.scale import Scale, Scaled
from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.decide import decide
from remediation.errors import WorldUnreachable
from remediation.executor import Executor
from remediation.guardrails.money_at_risk import Flow
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import Action, Capacity, Traffic
from remediation.scaling.model import Component
from remediation.state import State
from tests.unit.remediation.test_scale_actions import FakeFleet
from tests.unit.remediation.worlds import FakeClock

EVERY_SECONDS = 10
LEASE_MS = 30 * 86_400_000


def component(**changes: object) -> EcsService:
    """Two to eight tasks of ten cents an hour, 60 % full at best, cooling down for one minute and for five."""
    fields: dict[str, object] = {
        "kind": "ecs_service",
        "region": "us-east-1",
        "cluster": "till",
        "service": "core",
        "min": 2,
        "max": 8,
        "unit": Unit(hour_microdollars=100_000, source="a test", concurrency=10, warm_up=20.0, drain=10.0),
        "target_percent": 60,
        "signals": ("utilization",),
        "cool_down": CoolDown(scale_out=60.0, scale_in=300.0),
        "hourly_cap_cents": 100,
        "forecast": False,
    }
    return EcsService.model_validate({**fields, **changes})


def policy(scaled: EcsService, mode: str = "act", **changes: object) -> Scaling:
    """That component alone."""
    return Scaling.model_validate({"mode": mode, "every": "10s", "components": {"core": scaled}, **changes})


@dataclass
class FakeGauge:
    """A load that the test sets. unread: nobody tells it."""

    load: Load = field(default_factory=lambda: Load(utilization=0.3, in_flight=2))
    unread: bool = False

    async def read(self, capacity: Capacity | None) -> Load:
        del capacity
        if self.unread:
            raise WorldUnreachable("ThrottlingException: Rate exceeded")
        return self.load


@dataclass
class House:
    """Findings are decided on and carried out at once, as one after the other. told: all of them."""

    data_dir: Path
    scaling: Scaling
    fleet: FakeFleet = field(default_factory=FakeFleet)
    gauge: FakeGauge = field(default_factory=FakeGauge)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    clock: FakeClock = field(default_factory=FakeClock)
    policy: Policy = field(default_factory=Policy)
    between: Traffic | None = None
    told: list[Finding] = field(default_factory=list)

    async def begin(self) -> "House":
        """Lead, as after a start: what is remembered is what the journal says."""
        lease = await self.journal.acquire_lease("here", LEASE_MS, self.clock.now_ms())
        self.writer = await JournalWriter.open(self.journal, lease, self.clock)
        self.watched = Watched(Component("core", self.scaling.components["core"]), self.fleet, self.gauge)
        self.executor = Executor(self.writer, self._actions(), self.clock, self.policy)
        self.scaler = Scaler(
            (self.watched,),
            policy=self.scaling,
            writer=self.writer,
            forecasts=await Forecasts.open(self.data_dir),
            spilling=Spilling(self.between, self.writer, self.find, self.clock),
            find=self.find,
            flow=lambda: Flow(payments=10, amount_cents=10_000_000, window_ms=60_000),
            clock=self.clock,
        )
        self.desk = ScalingDesk(self.scaler, self.writer, self.executor, lambda: self.policy, (), self.clock)
        return self

    @property
    def state(self) -> State:
        return self.writer.state

    async def find(self, finding: Finding) -> None:
        self.told.append(finding)
        await self.writer.append(finding)
        await self.executor.carry_out(decide(finding, self.state, self.policy, self.clock.now_ms()))

    async def tick(self, times: int = 1, utilization: float | None = None) -> None:
        """So many looks, as far apart as in production."""
        for _ in range(times):
            if utilization is not None:
                self.gauge.load = Load(utilization=utilization, in_flight=2)
            await self.scaler.tick()
            self.clock.at_ms += EVERY_SECONDS * 1000

    async def kinds(self) -> list[str]:
        return [entry.kind for entry in await self.journal.read(0, 10_000)]

    def _actions(self) -> dict[str, Action]:
        async def needed() -> int | None:
            return needed_units(self.watched.component, (await self.gauge.read(None)).in_flight)

        one = Scaled(
            scalable=self.fleet,
            least=lambda: self.watched.component.scaled.min,
            most=lambda: self.watched.most(self.clock.now_ms()),
            settles_seconds=lambda: 30.0,
            needed=needed,
            changing=lambda: self.scaler.changing(self.watched),
        )
        return {name: Scale(name, lambda: {self.watched.place: one}) for name in SCALE_ACTIONS}


SPILL, EMERGENCY = Spill(to="us-west-2", above_percent=90), Emergency(max=12, hourly_cap_cents=200)
