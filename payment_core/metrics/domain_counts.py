"""What the domains of one process counted, gathered for whoever shows it."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

import msgspec

from checks.scoring.lists import Lists
from payment_core.flags.serving import Flags
from payment_core.fraud.scorer import FraudCounts
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.standing import Found
from payment_core.vault.keys.cache import CacheCounts
from payment_core.vault.vault import VaultCounts


class WindowCounts(Protocol):
    """Facts that fraud windows did not count as they came; ``checks.scoring.engine.ScoringEngine``."""

    @property
    def late(self) -> int:
        """Came after their window had passed."""
        ...

    @property
    def evicted(self) -> int:
        """Keys forgotten or refused because a window was full."""
        ...

    @property
    def clamped(self) -> int:
        """From further ahead than the clock skew."""
        ...


class NoWindows:
    """Nothing scores yet."""

    late = evicted = clamped = 0


class JobCounts:
    """By job, since the start: looks for work, what was done, and looks that failed."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.work: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()


class Stock(msgspec.Struct, frozen=True):
    """What lay in the store when it was last looked at, each number up to its limit.

    waiting: what was accepted and not yet given to a rail, by object. overdue_holds: money set aside for longer than
    it should be. ach_files: of the newest files, by status.
    """

    waiting: dict[str, int] = {}
    overdue_holds: int = 0
    ach_files: dict[str, int] = {}


class MigrationSeen(msgspec.Struct, frozen=True):
    """Of leaving the old processor. found: how it stood at the last look, None before the first."""

    counts: RunningCounts
    found: Callable[[], Found | None]


class DomainCounts:
    """Everything; zeros until the parts that count are there."""

    def __init__(self) -> None:
        self.fraud = FraudCounts()
        self.windows: WindowCounts = NoWindows()
        self.lists = Lists()
        self.vault = VaultCounts()
        self.keys = CacheCounts()
        self.jobs = JobCounts()
        self.stock = Stock()
        self.flags: Flags | None = None
        self.migration: MigrationSeen | None = None
