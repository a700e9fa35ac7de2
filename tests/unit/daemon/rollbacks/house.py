"""A leader with everything that a rollback by hand needs, over parts in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checks.facts import HealthProbed
from config.flags import Flags
from config.guardrails import ApprovalRule, Approvals
from config.policy import GuardPolicy, Policy
from daemon.aftermath.affected import AffectedPayments
from daemon.aftermath.compensations import Compensations
from daemon.aftermath.measuring import RollbackMeasuring
from daemon.flags.changes import FlagChanges
from daemon.flags.followers import Followers
from daemon.flags.policies import FlagPolicies
from daemon.probes.core_client import Reconciliation, ReleaseReconciliation
from daemon.rollbacks.desk import RollbackDesk, RollbackRefused
from daemon.rollbacks.drill import Drill
from daemon.rollbacks.foresight import Foresight
from daemon.rollbacks.notice import Notices
from daemon.rollbacks.parts import RollbackParts
from daemon.rollbacks.rail import RecordsAgainstRail
from daemon.rollbacks.release_flags import ReleaseFlags
from daemon.rollbacks.works import Works
from daemon.storage.checkpoint import Checkpoint
from remediation.actions.kill_switch import KillSwitch
from remediation.actions.rollback_traffic import RollbackTraffic
from remediation.compensation.applying import Compensating
from remediation.deployment.ports import EnvironmentState
from remediation.executor import Executor
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import Action
from remediation.rollback.model import RollbackKind, RollbackRun, StepStatus
from remediation.rollback.running import Rollbacks
from tests.unit.daemon.aftermath.test_compensations import DAY_MS, told
from tests.unit.remediation.compensation.books import Books, record
from tests.unit.remediation.fraud_world import FakeCore
from tests.unit.remediation.worlds import NOW_MS, FakeClock, FakeWorld, deployment

ALL_OFF = GuardPolicy(observe_only=True, actions_per_hour=0)
"""Nothing acts by itself."""


@dataclass
class Place:
    """Environments in a dict: instances of each, all of one version."""

    running: dict[str, int] = field(default_factory=lambda: {"blue": 2, "green": 2})
    keys: list[str] = field(default_factory=list)
    version: str = "2.0.0"

    async def look(self, region: str, environment: str) -> EnvironmentState | None:
        """See Environments."""
        assert region
        count = self.running[environment]
        return EnvironmentState(version=self.version, desired=count, running=count, healthy=count, settled=True)

    async def deploy(self, region: str, environment: str, version: str, size: int, key: str) -> None:
        """See Environments."""
        raise AssertionError((region, environment, version, size, key))

    async def resize(self, region: str, environment: str, size: int, key: str) -> None:
        """See Environments."""
        assert region
        self.keys.append(key)
        self.running[environment] = size


@dataclass
class RailOfOne:
    """A core that holds its payments against the rail. mismatched: so many contradict it."""

    mismatched: int = 0

    async def reconciliation(self) -> Reconciliation:
        """See ReconcilingCore."""
        release = ReleaseReconciliation("green", "2.0.0", "us-east-1", 20, 0, self.mismatched, "pay_1")
        return Reconciliation([release])


@dataclass
class House:
    """A leader with everything that a rollback needs."""

    journal: MemoryJournal
    writer: JournalWriter
    clock: FakeClock
    world: FakeWorld
    core: FakeCore
    place: Place
    books: Books
    desk: RollbackDesk
    rollbacks: Rollbacks
    works: Works
    parts: RollbackParts
    reports: Path
    rail: RailOfOne
    changes: FlagChanges
    followers: Followers

    async def ask(self, kind: RollbackKind, deployment_id: str = "") -> RollbackRun | RollbackRefused:
        """Ann asks for it because payments are slow."""
        return await self.desk.ask(kind, "ann", reason="payments are slow", deployment_id=deployment_id)


@asynccontextmanager
async def opened_house(tmp_path: Path) -> AsyncIterator[House]:
    """2.0.0 on green has half of the traffic; nothing acts by itself; a complete rollback needs one approval."""
    clock, world, core, place, books = FakeClock(), FakeWorld(), FakeCore(), Place(), Books({})
    journal = MemoryJournal()
    writer = await JournalWriter.open(journal, await journal.acquire_lease("here", DAY_MS, NOW_MS), clock)
    approvals = Approvals(rollback_complete=ApprovalRule(needed=1))
    policy = Policy(guard=ALL_OFF, approvals=approvals)
    actions: dict[str, Action] = {
        "rollback.traffic": RollbackTraffic(world, world, policy.traffic),
        "kill.switch": KillSwitch(core),
    }
    executor = Executor(writer, actions, clock, policy)
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    await checkpoint.record([told("pay_1", "failed")], "queue", NOW_MS)
    books.records["pay_1"] = record("pay_1", status="succeeded", captured_cents=1250)
    affected = AffectedPayments(checkpoint, books)

    async def probe(component: str, now_ms: int) -> HealthProbed:
        return HealthProbed(id="p", at_ms=now_ms, subject=component, status="healthy", detail="20 entries balance")

    rail = RailOfOne()
    compensations = Compensations(affected, Compensating(books, writer, clock), writer, clock, lambda: approvals)
    followers = Followers(frozenset)
    changes = FlagChanges(writer, followers, lambda: None, clock)
    works = Works(
        writer=writer,
        executor=executor,
        policy=lambda: policy,
        affected=affected,
        compensations=compensations,
        environments=place,
        traffic={"us-east-1": world},
        probe=probe,
        rail=RecordsAgainstRail({"blue": rail}, "us-east-1"),
        flags=ReleaseFlags(changes, FlagPolicies(Flags(emergency=("payouts",)))),
        notices=Notices(tmp_path / "reports"),
        region="us-east-1",
        clock=clock,
    )
    rollbacks = Rollbacks(writer, works.by_step(), clock)
    desk = RollbackDesk(writer, rollbacks, lambda: policy, clock)
    drill = Drill({"us-east-1": world}, lambda _: world, lambda: policy, executor, writer, clock)
    foresight = Foresight(desk, writer, executor, lambda: policy, clock)
    measuring = RollbackMeasuring(checkpoint, writer, clock)
    parts = RollbackParts(desk, rollbacks, compensations, measuring, drill, foresight)
    await writer.append(deployment())
    await writer.append(AutomationStopped(reason="a drill"), "bob")
    try:
        yield House(
            journal,
            writer,
            clock,
            world,
            core,
            place,
            books,
            desk,
            rollbacks,
            works,
            parts,
            tmp_path / "reports",
            rail,
            changes,
            followers,
        )
    finally:
        await checkpoint.close()


def said(answer: RollbackRun | RollbackRefused) -> dict[str, StepStatus]:
    assert isinstance(answer, RollbackRun), answer
    return {step: result.status for step, result in answer.steps.items()}
