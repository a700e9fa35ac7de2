"""A small world to act on, and findings, deployments and journals to act from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from checks.facts import Deployment
from checks.findings import Finding, State
from config.policy import Policy
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.decide import decide
from remediation.decisions import Decision
from remediation.executor import Executor
from remediation.journal.entry import Draft, Entry
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import DestinationHealth
from remediation.state import DeploymentState

NOW_MS = 1_790_000_000_000
LEASE_MS = 60_000
TARGET = "dns:payments.tillwatch.test"
ROLLED_BACK = {"blue": 100, "green": 0}


class Stopped(BaseException):
    """The process is gone; nothing catches it, as nothing catches kill -9."""


@dataclass
class FakeClock:
    """Moves only by sleeping, or when told."""

    at_ms: int = NOW_MS

    def now_ms(self) -> int:
        """See Clock."""
        return self.at_ms

    def monotonic_ms(self) -> float:
        """See Clock."""
        return float(self.at_ms)

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        self.at_ms += round(seconds * 1000)


@dataclass
class FakeWorld:
    """Traffic and Destination at once. faults: raised by the next writes, in order, before or after the effect."""

    weights: dict[str, int] = field(default_factory=lambda: {"blue": 50, "green": 50})
    healthy: bool = True
    readable: bool = True
    writes: list[tuple[dict[str, int], str]] = field(default_factory=list)
    faults_before: list[BaseException] = field(default_factory=list)
    faults_after: list[BaseException] = field(default_factory=list)
    ignores_writes: bool = False
    checks: int = 0

    async def read(self) -> dict[str, int]:
        """See Traffic."""
        if not self.readable:
            message = "no route"
            raise OSError(message)
        return dict(self.weights)

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """See Traffic."""
        if self.faults_before:
            raise self.faults_before.pop(0)
        self.writes.append((dict(weights), key))
        if not self.ignores_writes:
            self.weights.update(weights)
        if self.faults_after:
            raise self.faults_after.pop(0)

    async def settles_in_seconds(self) -> float:
        """See Traffic."""
        return 1.0

    async def health(self, environment: str) -> DestinationHealth:
        """See Destination."""
        self.checks += 1
        return DestinationHealth(healthy=self.healthy, detail=f"{environment} answered 503")


def finding(**changes: object) -> Finding:
    """A breach of the failure rate on green, now."""
    breach = Finding(
        rule_id="payment-failure-rate",
        family="sla",
        state=State.BREACHED,
        key={"region": "us-east-1", "environment": "green"},
        value=0.053,
        breach="> 2%",
        samples=120,
        window_seconds=60.0,
        at_ms=NOW_MS,
        fact_id="evt-1",
        severity="critical",
        mode="enforce",
        do=("rollback.traffic",),
        runbook="payment-failures",
    )
    return replace(breach, **changes)


def deployment(**changes: object) -> Deployment:
    """2.0.0 on green replaces 1.0.0 on blue, with half of the traffic."""
    fact = Deployment(
        id="evt-deployment",
        at_ms=NOW_MS - 30_000,
        subject="dep-1",
        environment="green",
        version="2.0.0",
        status="in_progress",
        previous_environment="blue",
        previous_version="1.0.0",
        weight_percent=50,
    )
    return replace(fact, **changes)


def release(**changes: object) -> DeploymentState:
    """The deployment as the journal folds it: begun ten minutes ago, moved half a minute ago."""
    running = DeploymentState(
        id="dep-1",
        sequence=1,
        version="2.0.0",
        environment="green",
        previous_environment="blue",
        previous_version="1.0.0",
        strategy="canary",
        phase="traffic_rollout",
        status="in_progress",
        weight_percent=50,
        rolled_back=False,
        started_at_ms=NOW_MS - 600_000,
        changed_at_ms=NOW_MS - 30_000,
    )
    return replace(running, **changes)


@dataclass
class Scene:
    """A leader with its journal, clock and world."""

    journal: MemoryJournal
    clock: FakeClock
    world: FakeWorld
    policy: Policy
    writer: JournalWriter
    executor: Executor

    async def restarted(self) -> "Scene":
        """The next process over the same journal and world."""
        return await scene(journal=self.journal, clock=self.clock, world=self.world, policy=self.policy)


async def scene(
    *,
    journal: MemoryJournal | None = None,
    clock: FakeClock | None = None,
    world: FakeWorld | None = None,
    policy: Policy | None = None,
    holder: str = "here",
) -> Scene:
    """A leader over what is given, and over new things for the rest."""
    journal = MemoryJournal() if journal is None else journal
    clock = FakeClock() if clock is None else clock
    world = FakeWorld() if world is None else world
    policy = Policy() if policy is None else policy
    lease = await journal.acquire_lease(holder, LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    action = RollbackTraffic(world, world, policy.traffic)
    executor = Executor(writer, {"rollback.traffic": action}, clock, policy)
    return Scene(journal=journal, clock=clock, world=world, policy=policy, writer=writer, executor=executor)


async def decided(where: Scene) -> Decision:
    """A deployment and a breach in the journal, and the decision to roll back."""
    await where.writer.append(deployment())
    await where.writer.append(finding())
    decision = decide(finding(), where.writer.state, where.policy, where.clock.now_ms())
    assert decision.act
    return decision


class DyingJournal(MemoryJournal):
    """Raises when an entry of this kind is appended, before or after it is written."""

    def __init__(self, kind: str, fault: BaseException, *, written: bool) -> None:
        super().__init__()
        self.kind = kind
        self.fault: BaseException | None = fault
        self.written = written

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        fault = self.fault if draft.kind == self.kind else None
        if fault is not None and not self.written:
            raise fault
        entry = await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)
        if fault is not None:
            raise fault
        return entry
