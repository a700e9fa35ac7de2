"""Flags over a journal, and processes that report what they serve."""

from dataclasses import dataclass, field

from checks.findings import Finding
from config.policy import Policy
from remediation.actions.flags import FlagKill, FlagSetting
from remediation.decide import decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.executor import Executor
from remediation.flags.model import FlagChange
from remediation.flags.ports import Propagation
from remediation.flags.state import FlagBook
from remediation.journal.entry import Lease
from remediation.journal.flag_kinds import FlagBody, FlagChanged
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import Action
from tests.unit.remediation.flags.journal_of_flags import DOCUMENT
from tests.unit.remediation.worlds import LEASE_MS, FakeClock


@dataclass
class ServedFlags:
    """The port Flags. lagging, silent: processes that do not follow. lost: answers that took effect and never came."""

    writer: JournalWriter
    serving: tuple[str, ...] = ("core-1", "core-2")
    lagging: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    lost: int = 0
    refuses: bool = False
    asked: list[FlagChanged] = field(default_factory=list)

    @property
    def book(self) -> FlagBook:
        """See Flags."""
        return self.writer.state.flags

    async def change(self, change: FlagChanged) -> None:
        """See Flags."""
        self.asked.append(change)
        if self.refuses:
            raise WorldRefused("no process could read it")
        if self.book.made_by(change.flag, change.key) is None:
            await self.writer.append(change)
        if self.lost:
            self.lost -= 1
            raise WorldUnreachable("the answer was lost")

    async def propagation(self, version: int) -> Propagation:
        """See Flags."""
        return Propagation(version=version, serving=self.serving, lagging=self.lagging, silent=self.silent)


@dataclass
class FlagScene:
    """A leader over a journal and flags."""

    clock: FakeClock
    journal: MemoryJournal
    writer: JournalWriter
    flags: ServedFlags
    executor: Executor
    policy: Policy

    async def act(self, one: Finding) -> OutcomeStatus | Reason:
        """Decide on the finding and carry it out."""
        decision = decide(one, self.writer.state, self.policy, self.clock.now_ms())
        outcome = await self.executor.carry_out(decision)
        return decision.reason if outcome is None else outcome.status

    async def renewed(self) -> Lease:
        """The lease for a while longer."""
        return await self.journal.renew_lease(self.writer.lease, LEASE_MS, self.clock.now_ms())

    async def say(self, *said: FlagBody, actor: str = "ada") -> None:
        """Have the journal say so."""
        for body in said:
            await self.writer.append(body, actor)


async def flag_scene(journal: MemoryJournal | None = None, policy: Policy | None = None) -> FlagScene:
    """Over a new journal with a document, or over one that is there."""
    fresh = journal is None
    journal = MemoryJournal() if journal is None else journal
    clock = FakeClock()
    policy = Policy() if policy is None else policy
    lease = await journal.acquire_lease("here", LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    flags = ServedFlags(writer)
    actions: dict[str, Action] = {
        "flags.kill": FlagKill(flags),
        "flags.ramp": FlagSetting(flags, FlagChange.RAMP),
        "flags.revert": FlagSetting(flags, FlagChange.REVERT),
    }
    one = FlagScene(clock, journal, writer, flags, Executor(writer, actions, clock, policy), policy)
    if fresh:
        await one.say(DOCUMENT)
    return one
