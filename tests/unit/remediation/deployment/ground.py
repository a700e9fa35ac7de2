"""A world to deploy into: environments, traffic and gates in memory, with a journal, and boundaries to die at."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from checks.facts import Deployment
from checks.findings import Finding
from config.delivery.deployment import (
    Deployments,
    Final,
    Initialization,
    Migration,
    NewEnvironment,
    Phases,
    Rollout,
    Stage,
    Validation,
)
from config.policy import GuardPolicy, Policy
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.decide import decide
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.looking import Looking
from remediation.deployment.permitting import locks_alone
from remediation.deployment.plan import Plan, Request, Standing, Step, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.ports import EnvironmentState, StepContext, StepWork
from remediation.deployment.run import DeploymentRun
from remediation.deployment.runner import Runner
from remediation.deployment.vigil import Vigil
from remediation.deployment.works.batches import Roll
from remediation.deployment.works.environment import Deploy, Resize, Retire
from remediation.deployment.works.migrating import Migrate
from remediation.deployment.works.prepared import NothingToDo, WayBack
from remediation.deployment.works.shift import Shift
from remediation.deployment.works.watching import Bake, GatesAtStart, Watch
from remediation.executor import Executor
from remediation.journal.entry import Draft, Entry
from remediation.journal.kinds import DeploymentPlanned, StepBegun, StepEnded, body_of
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import DestinationHealth
from remediation.state import State
from tests.unit.remediation.deployment.migrations import FakeMigrations
from tests.unit.remediation.worlds import LEASE_MS, FakeClock

SETTLE_MS = 3_000
TTL_SECONDS = 4.0
REGION = "us-east-1"

Cross = Callable[[str], Awaitable[None]]
"""Called at each boundary, with its name; raises Stopped to die there, or waits to be paused there."""


async def nowhere(_boundary: str) -> None:
    """Live for ever."""


def deployments(**changes: object) -> Deployments:
    """All six phases, without much to wait for, and time enough for another leader to take over."""
    quick = Deployments(
        phases=Phases(
            pre_deployment_validation=Validation(within=600.0, checks=("health", "approval")),
            infrastructure_initialization=Initialization(within=600.0, checks=("scaling", "rollback")),
            data_migration=Migration(within=600.0),
            blue_green_deployment=NewEnvironment(within=600.0, checks=("health",)),
            traffic_rollout=Rollout(
                within=1100.0,
                shift=150.0,
                at_least=5.0,
                stages=(
                    Stage(percent=5, monitor=500.0),
                    Stage(percent=50, monitor=500.0),
                    Stage(percent=100, monitor=0.0),
                ),
            ),
            final_validation=Final(within=600.0, checks=("end-to-end",)),
        ),
        bake=20.0,
        without_traffic="stopped",
    )
    return quick.model_copy(update=changes)


def request(**changes: object) -> Request:
    """2.0.0, by anna."""
    asked = Request(
        deployment_id="dep-1",
        version="2.0.0",
        strategy=Strategy.BLUE_GREEN,
        regions=(REGION,),
        requested_by="anna",
    )
    return replace(asked, **changes)


def standing(region: str = REGION, size: int = 4) -> Standing:
    """1.0.0 on blue has everything."""
    return Standing(
        region=region,
        environment="blue",
        version="1.0.0",
        spare="green",
        size=size,
        traffic="dns:payments.tillwatch.test" if region == REGION else f"dns:{region}.payments.tillwatch.test",
    )


@dataclass
class Ground:
    """Environments, traffic, batches and gates. changes: every effect, in order; equal calls are counted too.

    dark, bad, poor: what the gates say. stuck: batches fail. broken: versions that never come up.
    unreachable: nothing answers.
    """

    clock: FakeClock
    cross: Cross = nowhere
    states: dict[tuple[str, str], EnvironmentState] = field(default_factory=dict)
    settles_at_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    weights: dict[str, dict[str, int]] = field(default_factory=dict)
    new: dict[tuple[str, str], int] = field(default_factory=dict)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    dark: bool = False
    bad: bool = False
    poor: bool = False
    red: bool = False
    broken: frozenset[str] = frozenset()
    healthy: bool = True
    stuck: bool = False
    gates_read: int = 0

    def stands(self, *regions: str, size: int = 4) -> "Ground":
        """1.0.0 on blue, with all traffic of these regions."""
        for region in regions:
            self.states[region, "blue"] = EnvironmentState(
                version="1.0.0", desired=size, running=size, healthy=size, settled=True
            )
            self.weights[region] = {"blue": 100, "green": 0}
        return self

    # Environments

    async def look(self, region: str, environment: str) -> EnvironmentState | None:
        state = self.states.get((region, environment))
        if state is None or state.settled or self.clock.at_ms < self.settles_at_ms[region, environment]:
            return state
        if state.version in self.broken:
            state = replace(state, failed="the circuit breaker opened")
        else:
            state = replace(state, running=state.desired, healthy=state.desired, settled=True)
        self.states[region, environment] = state
        return state

    async def deploy(self, region: str, environment: str, version: str, size: int, key: str) -> None:
        await self.cross(f"before deploy {environment}")
        self.calls.append(("deploy", key))
        self._put(region, environment, version, size)
        self.changes.append(("deploy", f"{region}/{environment}", f"{version} x {size}"))
        await self.cross(f"after deploy {environment}")

    async def resize(self, region: str, environment: str, size: int, key: str) -> None:
        await self.cross(f"before resize {environment}")
        self.calls.append(("resize", key))
        self._put(region, environment, self.states[region, environment].version, size)
        self.changes.append(("resize", f"{region}/{environment}", str(size)))
        await self.cross(f"after resize {environment}")

    def _put(self, region: str, environment: str, version: str, size: int) -> None:
        self.states[region, environment] = EnvironmentState(
            version=version, desired=size, running=0, healthy=0, settled=False
        )
        self.settles_at_ms[region, environment] = self.clock.at_ms + SETTLE_MS

    # Batches

    async def batch(self, region: str, environment: str, version: str) -> "Batch":
        del version
        settled = not self.stuck and self.clock.at_ms >= self.settles_at_ms.get((region, "b"), 0)
        return Batch(self.new.get((region, environment), 0), settled, "tasks are killed" if self.stuck else "")

    async def roll(self, region: str, environment: str, version: str, count: int, key: str) -> None:
        await self.cross(f"before roll {count}")
        self.calls.append(("roll", key))
        if self.stuck:
            return
        self.new[region, environment] = count
        self.settles_at_ms[region, "b"] = self.clock.at_ms + SETTLE_MS
        self.changes.append(("roll", f"{region}/{environment}", f"{version} x {count}"))
        await self.cross(f"after roll {count}")

    # Gates

    async def read(self, context: StepContext) -> tuple[GateReading, ...]:
        self.gates_read += 1
        if context.step.phase == "pre_deployment_validation":
            return (_gate("payment-failure-rate", GateState.BREACHED if self.red else GateState.PASSED),)
        quorum = _gate("telemetry-quorum", GateState.NO_DATA if self.dark else GateState.PASSED)
        evidence = _gate("evidence", GateState.WAITING if self.poor or self.dark else GateState.PASSED)
        charge = _gate("double-charge", GateState.BREACHED if self.bad else GateState.PASSED)
        return (quorum, evidence, charge)

    # Destination

    async def health(self, environment: str) -> DestinationHealth:
        return DestinationHealth(healthy=self.healthy, detail=f"{environment} answered")


def _gate(name: str, state: GateState) -> GateReading:
    return GateReading(gate=name, state=state, shown="1", limit="0", samples=10, samples_needed=10, value=1.0)


@dataclass
class Batch:
    """See BatchState."""

    new: int
    settled: bool
    failed: str = ""


@dataclass
class Split:
    """The traffic of one region of the ground."""

    ground: Ground
    region: str

    async def read(self) -> dict[str, int]:
        return dict(self.ground.weights[self.region])

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        await self.ground.cross(f"before write {weights['green']}")
        self.ground.calls.append(("write", key))
        self.ground.weights[self.region] = dict(weights)
        self.ground.changes.append(("write", self.region, f"green {weights['green']}"))
        await self.ground.cross(f"after write {weights['green']}")

    async def settles_in_seconds(self) -> float:
        return TTL_SECONDS


class CrossedJournal(MemoryJournal):
    """Each entry has a boundary before it and one after it."""

    def __init__(self) -> None:
        super().__init__()
        self.cross: Cross = nowhere

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        await self.cross(f"before {draft.kind}")
        entry = await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)
        await self.cross(f"after {draft.kind}")
        return entry


@dataclass
class Daemon:
    """One process: a leader that drives the deployments over the ground and the journal."""

    journal: MemoryJournal
    writer: JournalWriter
    runner: Runner
    executor: Executor
    clock: FakeClock
    policy: Policy
    facts: list[Deployment] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    permits: bool = True

    def permitted(self, step: Step, state: State, now_ms: int, *, unwinding: bool) -> str:
        """See Permission; a calendar is closed unless it permits."""
        frozen = "" if self.permits or unwinding else "the freeze sales holds changes"
        return frozen or locks_alone(step, state, now_ms, unwinding=unwinding)

    async def tell(self, fact: Deployment) -> None:
        """See Herald; the pipeline journals a deployment's fact before it evaluates it."""
        self.facts.append(fact)
        await self.writer.append(fact)

    async def find(self, finding: Finding) -> None:
        """See Herald; as the pipeline does, without waiting for its turn."""
        self.findings.append(finding)
        if not any(one.rule_id == finding.rule_id for one in self.writer.state.incidents.values()):
            await self.writer.append(finding)
        decision = decide(finding, self.writer.state, self.policy, self.clock.now_ms())
        if decision.act:
            await self.executor.carry_out(decision)

    @property
    def run(self) -> DeploymentRun:
        """The only deployment."""
        return next(iter(self.writer.state.runs.values()))

    async def drive(self, seconds: float = 1.0, ticks: int = 2000) -> DeploymentRun:
        """Tick until every deployment has ended."""
        for _ in range(ticks):
            await self.executor.recover()
            await self.runner.tick()
            if all(run.outcome is not None for run in self.writer.state.runs.values()):
                return self.run
            await self.pass_time(seconds)
        waits = {name: report.detail for name, report in self.runner.reports.items()}
        message = f"not over: {self.run.step}, {waits}"
        raise AssertionError(message)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, with the lease renewed as the leader does."""
        self.clock.at_ms += round(seconds * 1000)
        self.writer.renewed(await self.journal.renew_lease(self.writer.lease, LEASE_MS, self.clock.at_ms))

    async def tick(self, seconds: float = 1.0, times: int = 1) -> None:
        """Tick, and let time pass."""
        for _ in range(times):
            await self.executor.recover()
            await self.runner.tick()
            await self.pass_time(seconds)


def works(ground: Ground, clock: FakeClock) -> dict[str, StepWork]:
    """Every kind of step over the ground."""
    traffic = {region: Split(ground, region) for region in ground.weights}
    nothing = NothingToDo("nothing to do")
    looks = ("health", "savings-baseline", "backup", "approval", "security", "rehearsal")
    new = ("health", "performance", "security")
    final = ("end-to-end", "savings", "performance", "customer-impact")
    return {
        **{f"check.{name}": nothing for name in looks},
        **{f"check.new-{name}": nothing for name in new},
        **{f"check.final-{name}": nothing for name in final},
        **dict.fromkeys(("prepare.scaling", "prepare.flags", "prepare.alarms", "test.traffic", "cohort"), nothing),
        **dict.fromkeys(("release.scaling", "release.flags", "release.alarms"), nothing),
        "check.gates": GatesAtStart(ground),
        "prepare.rollback": WayBack(ground, traffic),
        "migrate": Migrate(FakeMigrations()),
        "deploy": Deploy(ground),
        "resize": Resize(ground),
        "retire": Retire(ground, traffic, clock),
        "roll": Roll(ground),
        "shift": Shift(traffic, ground, clock),
        "watch": Watch(ground, clock),
        "bake": Bake(ground, ground, clock),
    }


POLICY = Policy(guard=GuardPolicy(actions_per_hour=60))


async def daemon(
    ground: Ground,
    journal: MemoryJournal,
    *,
    known: Mapping[str, StepWork] | None = None,
    holder: str = "here",
    policy: Policy = POLICY,
) -> Daemon:
    """The next process over this journal and world."""
    clock = ground.clock
    lease = await journal.acquire_lease(holder, LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    actions = {"rollback.traffic": RollbackTraffic(Split(ground, next(iter(ground.weights))), ground, policy.traffic)}
    executor = Executor(writer, actions, clock, policy)
    made = Daemon(journal=journal, writer=writer, executor=executor, clock=clock, policy=policy, runner=None)  # type: ignore[arg-type]  # made right below, with the daemon as its herald
    looking = Looking(writer, works(ground, clock) if known is None else known, executor.turns, clock)
    made.runner = Runner(writer, looking, Vigil(ground), made, executor.deciding, clock, made.permitted)
    return made


async def planned(
    where: Daemon, asked: Request | None = None, configuration: Deployments | None = None, size: int = 4
) -> Plan:
    """A plan in the journal, as the service writes it."""
    asked = request() if asked is None else asked
    configuration = deployments() if configuration is None else configuration
    made = plan(asked, [standing(region, size) for region in asked.regions], configuration)
    await where.writer.append(DeploymentPlanned(plan=made), asked.requested_by)
    return made


async def begun_ids(journal: MemoryJournal) -> list[str]:
    """The steps that were begun, in the order of the journal."""
    bodies = [body_of(entry) for entry in await journal.read(0, 1000)]
    return [body.step_id for body in bodies if isinstance(body, StepBegun)]


async def ended(journal: MemoryJournal) -> list[StepEnded]:
    """The ends of steps, in the order of the journal."""
    bodies = [body_of(entry) for entry in await journal.read(0, 1000)]
    return [body for body in bodies if isinstance(body, StepEnded)]
