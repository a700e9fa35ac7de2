"""A system view made of plain values, a clock that stands, and one token per role."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from checks.facts import PaymentAttempted
from checks.readings import Reading
from config.settings import Role, Token
from daemon.view.declines import Declines, FraudSeen
from daemon.view.shape import SecondOfPayments, SourceStatus, TrafficSplit
from remediation.journal.entry import GENESIS_HASH, Draft, Entry, seal
from remediation.journal.kinds import Body, draft
from remediation.state import State as Folded

NOW_MS = 1_795_460_400_000
"""2026-11-23T19:00:00Z."""


async def loop_turns(seconds: float) -> None:
    """Let others run, for so long."""
    loop = asyncio.get_running_loop()
    passed = asyncio.Event()
    loop.call_later(seconds, passed.set)
    await passed.wait()


@dataclass(slots=True)
class FakeClock:
    """A clock that stands until somebody sleeps; sleeping lets others run and is remembered."""

    now: int = NOW_MS
    slept: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        """Unix epoch milliseconds."""
        return self.now

    def monotonic_ms(self) -> float:
        """Milliseconds that only move with sleep."""
        return float(self.now)

    async def sleep(self, seconds: float) -> None:
        """Remember, move on, let others run."""
        self.slept.append(seconds)
        self.now += round(seconds * 1000)
        await loop_turns(0)


@dataclass(slots=True)
class FakeView:
    """Satisfies SystemView with whatever a test puts into its fields; bump tells who waits."""

    clock: FakeClock = field(default_factory=FakeClock)
    folded: Folded = field(default_factory=Folded)
    entries: list[Entry] = field(default_factory=list)
    rule_readings: list[Reading] = field(default_factory=list)
    split: TrafficSplit = field(default_factory=lambda: TrafficSplit({}, 0))
    payments: list[SecondOfPayments] = field(default_factory=list)
    source_rows: list[SourceStatus] = field(default_factory=list)
    seen_versions: dict[str, str] = field(default_factory=dict)
    attempts: list[PaymentAttempted] = field(default_factory=list)
    observing: bool = False
    readiness: tuple[bool, str] = (True, "")
    version: int = 1
    journal_reads: list[tuple[int, int]] = field(default_factory=list)
    bumped: asyncio.Event = field(default_factory=asyncio.Event)

    def now_ms(self) -> int:
        """The clock's time."""
        return self.clock.now_ms()

    def state(self) -> Folded:
        """The folded field."""
        return self.folded

    def readings(self) -> Sequence[Reading]:
        """The rule_readings field."""
        return self.rule_readings

    def traffic(self) -> TrafficSplit:
        """The split field."""
        return self.split

    def series(self) -> Sequence[SecondOfPayments]:
        """The payments field."""
        return self.payments

    def declines(self) -> FraudSeen:
        """The attempts field, folded."""
        folded = Declines()
        for fact in self.attempts:
            folded.observe(fact, self.now_ms())
        return folded.seen(self.now_ms())

    def versions(self) -> dict[str, str]:
        """The seen_versions field."""
        return self.seen_versions

    def payment_totals(self) -> Counter[tuple[str, ...]]:
        """The payments field, summed up."""
        totals: Counter[tuple[str, ...]] = Counter()
        for row in self.payments:
            for outcome in ("succeeded", "declined", "failed"):
                totals[row.environment, outcome] += getattr(row, outcome)
        return totals

    def sources(self) -> Sequence[SourceStatus]:
        """The source_rows field."""
        return self.source_rows

    def observe_only(self) -> bool:
        """The observing field."""
        return self.observing

    def ready(self) -> tuple[bool, str]:
        """The readiness field."""
        return self.readiness

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        """The entries above after, at most limit; the call is remembered."""
        self.journal_reads.append((after, limit))
        return [entry for entry in self.entries if entry.sequence > after][:limit]

    async def changed(self, seen: int) -> int:
        """Wait for bump."""
        while self.version <= seen:
            self.bumped.clear()
            await self.bumped.wait()
        return self.version

    def bump(self) -> None:
        """Say that something changed."""
        self.version += 1
        self.bumped.set()

    def append(self, body: Body, at_ms: int, actor: str = "daemon") -> None:
        """Put one more entry into the journal."""
        sequence = len(self.entries) + 1
        previous = self.entries[-1].hash if self.entries else GENESIS_HASH
        made: Draft = draft(body, actor=actor, at_ms=at_ms)
        self.entries.append(seal(made, sequence=sequence, epoch=1, previous_hash=previous))
        self.folded = _with_sequence(self.folded, sequence)


def _with_sequence(folded: Folded, sequence: int) -> Folded:
    return Folded(
        sequence=sequence,
        incidents=folded.incidents,
        deployments=folded.deployments,
        actions=folded.actions,
        decisions=folded.decisions,
        public=folded.public,
    )


def token_of(role: Role) -> str:
    """The bearer token of the role in these tests."""
    return f"secret-of-{role}"


def tokens() -> tuple[Token, ...]:
    """One token per role."""
    roles: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")
    return tuple(
        Token(name=f"{role}-ann", role=role, sha256=hashlib.sha256(token_of(role).encode()).hexdigest())
        for role in roles
    )
