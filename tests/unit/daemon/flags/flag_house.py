"""Flags of a daemon over a journal in memory, with a broker that remembers and processes that report."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from checks.findings import Finding
from config.delivery.deployment import Deployments
from config.flags import FlagPolicy, Flags
from config.policy import Policy
from daemon.errors import BrokerGone
from daemon.flags.base import BaseDocument
from daemon.flags.changes import FlagChanges
from daemon.flags.desk import FlagAnswer, FlagDesk
from daemon.flags.followers import Followers, Place
from daemon.flags.health import FlagHealth
from daemon.flags.parts import FlagParts
from daemon.flags.policies import FlagPolicies
from daemon.flags.publisher import FlagPublisher
from daemon.flags.ramps import Ramps
from daemon.flags.tally import ExperimentTally
from daemon.flags.wishes import FlagRefused, Wish
from payment_core.audit.signing import Ed25519Signer
from payment_core.flags.envelope import Report, checkers_of, open_envelope
from remediation.flags.model import FlagChange
from remediation.flags.step_watch import RampReadings
from remediation.journal.entry import Entry
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.worlds import LEASE_MS, FakeClock

SIGNER = Ed25519Signer(bytes(range(32)))
ON_OFF: dict[str, Any] = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
DOCUMENT = {
    "flags": {
        "processor": {**ON_OFF, "metadata": {"safe_default": "off", "critical": True}},
        "payouts": {**ON_OFF, "metadata": {"safe_default": "off", "owner": "payouts", "description": "Pays at once."}},
    }
}
TEXT = json.dumps(DOCUMENT)
BUSY = Policy()


class LettingClock(FakeClock):
    """Stands still, and lets others run."""

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        del seconds
        await asyncio.sleep(0)


class RememberingBroker:
    """The port Broker. bodies: what it retains, in order. away: refuses connections until it is cleared."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.away = False
        self.connections = 0
        self._published = asyncio.Condition()
        self._reports: asyncio.Queue[bytes | None] = asyncio.Queue()

    @asynccontextmanager
    async def session(self) -> AsyncIterator["RememberingBroker"]:
        """See Broker."""
        if self.away:
            raise BrokerGone("away")
        self.connections += 1
        yield self

    async def publish(self, body: bytes) -> None:
        """See Session."""
        if self.away:
            raise BrokerGone("away")
        async with self._published:
            self.bodies.append(body)
            self._published.notify_all()

    async def reports(self) -> AsyncIterator[bytes]:
        """See Session."""
        while (body := await self._reports.get()) is not None:
            yield body

    def report(self, body: bytes) -> None:
        """A process says something."""
        self._reports.put_nowait(body)

    def drop(self) -> None:
        """End the connection."""
        self._reports.put_nowait(None)

    async def until(self, count: int) -> list[bytes]:
        """What was published once it is so many."""
        async with asyncio.timeout(10), self._published:
            await self._published.wait_for(lambda: len(self.bodies) >= count)
        return self.bodies


@dataclass
class Counted:
    """The port Tally: what a test says was counted."""

    readings: RampReadings | None = None

    async def ramp(self, _flag: str, _plan_id: str) -> RampReadings | None:
        """See Tally."""
        return self.readings


@dataclass
class FlagHouse:
    """Everything, with the world that it changes. found: findings that ramps handed over."""

    clock: FakeClock
    journal: MemoryJournal
    writer: JournalWriter
    broker: RememberingBroker
    parts: FlagParts
    tally: Counted
    found: list[Finding]
    policy: Policy = BUSY
    absent: set[Place] = field(default_factory=set)

    async def ask(
        self,
        what: FlagChange,
        flag: str = "payouts",
        actor: str = "ada",
        **more: Any,  # noqa: ANN401 - fields of a wish.
    ) -> FlagAnswer | FlagRefused:
        """A person wants something of a flag."""
        dry_run = more.pop("dry_run", False)
        return await self.parts.desk.ask(flag, Wish(what=what, reason="because", **more), actor, dry_run=dry_run)

    async def done(self, what: FlagChange, flag: str = "payouts", **more: Any) -> FlagAnswer:  # noqa: ANN401 - as above.
        """The same, and it is done."""
        answered = await self.ask(what, flag, **more)
        assert isinstance(answered, FlagAnswer), answered
        return answered

    async def refused(self, what: FlagChange, flag: str = "payouts", **more: Any) -> FlagRefused:  # noqa: ANN401 - as above.
        """The same, and the answer is no."""
        answered = await self.ask(what, flag, **more)
        assert isinstance(answered, FlagRefused), answered
        return answered

    def served(self, flag: str = "payouts") -> dict[str, Any]:
        """What the newest sealed document says of a flag."""
        sealed = self.parts.publisher.sealed()
        assert sealed is not None
        envelope = open_envelope(sealed.body, checkers_of([SIGNER.public_key]))
        assert envelope.version == self.parts.changes.book.version
        found: dict[str, Any] = json.loads(envelope.document)["flags"][flag]
        return found

    def reports(self, process: str, version: int | None = None, **more: Any) -> None:  # noqa: ANN401 - fields of a report.
        """A process says what it serves; the newest when no version is given."""
        self.parts.followers.heard(report(process, self.version if version is None else version, **more), self.now_ms)

    @property
    def version(self) -> int:
        """Of the newest document."""
        return self.parts.changes.book.version

    @property
    def now_ms(self) -> int:
        """By the clock of this house."""
        return self.clock.now_ms()

    async def entries(self, kind: str) -> list[Entry]:
        """What the journal has of a kind."""
        return [one for one in await self.journal.read(0, 1000) if one.kind == kind]


def report(process: str, version: int, **more: Any) -> Report:  # noqa: ANN401 - fields of a report.
    """What a process says of itself."""
    about: dict[str, Any] = {"region": "us-east-1", "environment": "blue", "release": "1.0.0"} | more
    return Report(process=process, version=version, applied_at_ms=1, source="mqtt", **about)


async def flag_house(
    flags: Flags | None = None, journal: MemoryJournal | None = None, document: str = TEXT, policy: Policy = BUSY
) -> FlagHouse:
    """A house whose document is in the journal."""
    journal = MemoryJournal() if journal is None else journal
    clock, broker, tally = LettingClock(), RememberingBroker(), Counted()
    lease = await journal.acquire_lease("here", LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    absent: set[Place] = set()
    found: list[Finding] = []

    async def find(finding: Finding) -> None:
        found.append(finding)

    followers = Followers(lambda: absent)
    publisher = FlagPublisher(lambda: writer.state.flags, SIGNER, broker, followers, clock)
    changes = FlagChanges(writer, followers, publisher.publish, clock)
    policies = FlagPolicies(Flags(defaults=FlagPolicy()) if flags is None else flags)
    ramps = Ramps(writer, changes, tally, policies, Deployments, find, clock)
    health = FlagHealth(followers, publisher, ramps, "us-east-1")
    parts = FlagParts(
        policies=policies,
        followers=followers,
        publisher=publisher,
        changes=changes,
        desk=FlagDesk(writer, changes, policies, lambda: policy, clock),
        ramps=ramps,
        base=BaseDocument(changes, policies, health),
        health=health,
        tally=cast("ExperimentTally", tally),
    )
    await parts.base.begin(document)
    return FlagHouse(clock, journal, writer, broker, parts, tally, found, policy, absent)
