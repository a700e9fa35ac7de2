"""Opens deployments: what each kind of step does here, the gates, the runner, and the desk that people ask."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from checks.readings import Reading
from config.delivery.deployment import Deployments
from config.load import Configuration
from config.rules.rule_file import Rule
from daemon.cores.migration import open_migration
from daemon.deployments.borrowed_payments import BorrowedPayments
from daemon.deployments.core_checks import Healthy, HealthyAndBalanced, Payments
from daemon.deployments.cores import ProbedCores
from daemon.deployments.gate_readings import GateReadings
from daemon.deployments.herald import PipelineHerald
from daemon.deployments.migration_gates import WithMigration
from daemon.deployments.release_looks import ReleaseLooks
from daemon.deployments.rule_checks import Baseline, Quiet, Readable
from daemon.deployments.service import DeploymentDesk
from daemon.deployments.standing import Ground
from daemon.deployments.tokens_tried import TokensTried
from daemon.deployments.wanted import Possible
from daemon.pipeline import Pipeline
from daemon.probes.opened import Probes
from daemon.storage.checkpoint import Checkpoint
from remediation.deployment.looking import Looking
from remediation.deployment.permitting import under
from remediation.deployment.ports import Cohorts, Environments, Gates, StepWork
from remediation.deployment.run import DeploymentRun
from remediation.deployment.runner import Runner
from remediation.deployment.vigil import Vigil
from remediation.deployment.works.approval import Approved
from remediation.deployment.works.at_risk import WithinMoney
from remediation.deployment.works.batches import Batches, Roll
from remediation.deployment.works.capacity import CapacityStands, WithCapacity
from remediation.deployment.works.cohort import Cohort
from remediation.deployment.works.environment import Deploy, Resize, Retire
from remediation.deployment.works.migrating import Compare, CutOver, Migrate, Migrations
from remediation.deployment.works.prepared import NothingToDo, WayBack
from remediation.deployment.works.rehearsed import Rehearsed
from remediation.deployment.works.release_flag import ReleaseFlag
from remediation.deployment.works.shift import Shift
from remediation.deployment.works.watching import Bake, GatesAtStart, Watch
from remediation.executor import Executor
from remediation.flags.ports import Flags
from remediation.guardrails.money_at_risk import Flow
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Traffic

WATCHED_FAMILIES = ("sla", "health")
UNDONE = "nothing was prepared, so nothing is undone"


@dataclass(slots=True)
class Current:
    """deployment.yaml as it is at this moment: what is planned from now on follows it."""

    value: Deployments

    def follow(self, value: Deployments) -> None:
        """Plan by this from now on; what is planned keeps its plan."""
        self.value = value


@dataclass(frozen=True, slots=True)
class DeploymentParts:
    """desk: what people ask. runner: ticks every deployment. current: deployment.yaml as it is at this moment."""

    desk: DeploymentDesk
    runner: Runner
    current: Current


class RoutedRegions(Cohorts, Protocol):
    """Cohorts with the regions that can route one."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Those regions."""


class OpenedEnvironments(Environments, Protocol):
    """Environments, and whether their instances can be replaced some at a time."""

    @property
    def batches(self) -> Batches | None:
        """None where they cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What deployments are opened over. settled: as the daemon began with it. cohorts: None where none are routed.

    flow: the payments of the last minute. flags: as they are changed and served.
    """

    settled: Configuration
    environments: OpenedEnvironments
    traffic: Mapping[str, Traffic]
    probes: Probes
    pipeline: Pipeline
    checkpoint: Checkpoint
    writer: JournalWriter
    executor: Executor
    clock: Clock
    flow: Callable[[], Flow | None]
    flags: Flags
    cohorts: RoutedRegions | None = None

    @property
    def cores(self) -> ProbedCores:
        """The payment cores of the settings."""
        home = self.settled.settings.aws.region
        return ProbedCores(self.probes.core, self.probes.payments, home, self.clock)

    def readings(self) -> Sequence[Reading]:
        """What every rule says now."""
        return self.pipeline.engine.current()


async def open_deployments(stack: AsyncExitStack, over: Surroundings) -> DeploymentParts:
    """Everything that brings out versions; nothing is started, and it is closed with the stack. Raises NotUsable."""
    writer, executor, clock = over.writer, over.executor, over.clock
    current = Current(over.settled.deployment)
    migrations = await open_migration(stack, over.settled.settings)
    gates, tried = _gates(over, current, migrations)
    works = {**_looks(over, gates, tried, current), **_changes(over, migrations)}
    if over.cohorts is not None:
        works["cohort"] = Cohort(over.cohorts)
    if over.environments.batches is not None:
        works["roll"] = Roll(over.environments.batches)
    looking = Looking(writer, works, executor.turns, clock)
    permitted = under(lambda: over.pipeline.policy)
    runner = Runner(writer, looking, Vigil(gates), PipelineHerald(over.pipeline), executor.deciding, clock, permitted)
    targets = {region: over.settled.policy.traffic.target_of(region) for region in over.traffic}
    desk = DeploymentDesk(
        writer=writer,
        executor=executor,
        ground=Ground(over.environments, over.traffic, targets),
        clock=clock,
        policy=lambda: over.pipeline.policy,
        configuration=lambda: current.value,
        reports=lambda: runner.reports,
        possible=Possible(
            regions=tuple(over.traffic),
            cohorts=() if over.cohorts is None else over.cohorts.regions,
            batches="roll" in works,
        ),
    )
    return DeploymentParts(desk=desk, runner=runner, current=current)


def _gates(over: Surroundings, current: Current, migrations: Migrations) -> tuple[Gates, TokensTried]:
    doors = dict(zip(over.probes.core.environments, over.probes.clients, strict=True))

    def run_of(deployment_id: str) -> DeploymentRun | None:
        return over.writer.state.runs.get(deployment_id)

    looks = ReleaseLooks(doors, over.pipeline, over.clock, home=over.settled.settings.aws.region)
    borrowed = BorrowedPayments(over.cores, over.pipeline, over.clock, lambda: current.value.gates.borrow)
    gates = GateReadings(
        over.pipeline,
        over.checkpoint,
        lambda: current.value,
        over.clock,
        run_of,
        (looks, borrowed),
    )
    return WithMigration(gates, migrations), TokensTried(gates, looks)


def _looks(over: Surroundings, gates: Gates, tried: TokensTried, current: Current) -> dict[str, StepWork]:
    """The checks of the six phases, by kind of step."""
    cores, clock, writer = over.cores, over.clock, over.writer
    healthy = Healthy(cores)

    def expected() -> list[Rule]:
        """The rules that the gates wait for: whatever is silent when all is well is declared with ``passes``."""
        fed = {gate.rule for gate in current.value.gates.rules if gate.without_data == "waits"}
        return [one.rule for one in over.pipeline.engine.rules if one.rule.id in fed and one.rule.mode == "enforce"]

    def quiet(families: tuple[str, ...], words: str, *, of_release: bool = False) -> Quiet:
        return Quiet(over.readings, families, words, of_release=of_release, expected=expected)

    savings, security = quiet(("savings",), "savings"), quiet(("security",), "security")
    payments = Payments(cores)
    journal = Path(over.settled.settings.data_dir) / "journal.db"
    return {
        "check.health": HealthyAndBalanced(healthy, lambda: over.probes.ledger.status, clock),
        "check.savings-baseline": Baseline(over.settled.prices, savings, clock),
        "check.backup": Readable(journal, lambda: over.probes.ledger.status, clock),
        "check.approval": Approved(lambda: writer.state, lambda: over.pipeline.policy, clock),
        "check.security": security,
        "check.rehearsal": Rehearsed(lambda: writer.state, lambda: current.value.rehearsal, clock),
        "check.gates": GatesAtStart(gates),
        "prepare.rollback": WayBack(over.environments, over.traffic),
        "test.traffic": Payments(cores, gates, tried),
        "check.new-health": healthy,
        "check.new-performance": payments,
        "check.new-security": security,
        "check.final-end-to-end": payments,
        "check.final-savings": savings,
        "check.final-performance": quiet(WATCHED_FAMILIES, "performance", of_release=True),
        "check.final-customer-impact": quiet(("sla",), "customers", of_release=True),
        "watch": Watch(gates, clock),
        "bake": Bake(gates, over.environments, clock),
    }


def _changes(over: Surroundings, migrations: Migrations) -> dict[str, StepWork]:
    """The steps that change something, and those with nothing to change here."""
    scaling = CapacityStands(over.environments, lambda: over.writer.state)
    flag_stays = NothingToDo("the release's flag stays as it is: off, unless a person ramped it")
    alarms = NothingToDo("the rules watch every environment and version by themselves; no alarm is made for a release")
    undone = NothingToDo(UNDONE)
    return {
        "prepare.scaling": scaling,
        "prepare.flags": ReleaseFlag(over.flags),
        "prepare.alarms": alarms,
        "release.scaling": undone,
        "release.flags": flag_stays,
        "release.alarms": undone,
        "migrate": Migrate(migrations),
        "compare": Compare(migrations),
        "cut-over": CutOver(migrations, over.flags),
        "deploy": Deploy(over.environments),
        "resize": Resize(over.environments),
        "retire": Retire(over.environments, over.traffic, over.clock),
        "shift": WithinMoney(
            WithCapacity(Shift(over.traffic, over.environments, over.clock), over.environments),
            over.flow,
            over.writer,
            lambda: over.pipeline.policy,
            over.clock,
        ),
    }
