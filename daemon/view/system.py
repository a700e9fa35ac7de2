"""The read side of a running daemon, put together from its parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.engine import Engine, Reading
from daemon.storage.checkpoint import PROBES, Checkpoint, SourceTotals
from daemon.storage.quarantine import Quarantine
from daemon.view.changes import Changes
from daemon.view.declines import FraudSeen
from daemon.view.series import PaymentSeries
from daemon.view.shape import SecondOfPayments, SourceStatus, TrafficSplit
from remediation.journal.entry import Entry
from remediation.journal.port import Journal
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State

STALE_AFTER_MS = 60_000
"""Probes run every two seconds; a minute without one is no busy moment."""


class Polled(Protocol):
    """A source that asks or is connected all the time, so that its silence means something."""

    @property
    def name(self) -> str:
        """What its facts are counted under."""

    @property
    def heard_at_ms(self) -> int:
        """When the other side last answered; 0 before it did."""

    @property
    def silent_after_ms(self) -> int:
        """Not heard for longer than this, it is stale."""


class SplitSeen(Protocol):
    """Whoever reads the traffic split again and again."""

    @property
    def split(self) -> TrafficSplit:
        """As last read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonView:
    """Implements `daemon.view.shape.SystemView` from the daemon's own parts; nothing is copied before it is asked for.

    not_ready: why the daemon cannot do its work, empty when it can. started_at_ms: no source is stale before it could
    have been heard.
    """

    clock: Clock
    engine: Callable[[], Engine]
    writer: JournalWriter
    reader: Journal
    checkpoint: Checkpoint
    payments: PaymentSeries
    watch: SplitSeen
    polled: Sequence[Polled]
    accepted_at_ms: Mapping[str, int]
    quarantine: Quarantine
    changes: Changes
    observing: Callable[[], bool]
    started_at_ms: int
    not_ready: Callable[[], str]

    def now_ms(self) -> int:
        """The daemon's clock."""
        return self.clock.now_ms()

    def state(self) -> State:
        """What the journal says."""
        return self.writer.state

    def readings(self) -> Sequence[Reading]:
        """What the rules say."""
        return self.engine().current()

    def traffic(self) -> TrafficSplit:
        """The split as last read."""
        return self.watch.split

    def series(self) -> Sequence[SecondOfPayments]:
        """Payments of the last five minutes."""
        return self.payments.rows()

    def declines(self) -> FraudSeen:
        """As of now."""
        return self.payments.declines.seen(self.clock.now_ms())

    def versions(self) -> Mapping[str, str]:
        """As the newest payments and probes say."""
        return self.payments.versions()

    def payment_totals(self) -> Mapping[tuple[str, ...], int]:
        """Payments since the start."""
        return self.payments.totals

    def sources(self) -> Sequence[SourceStatus]:
        """Those that poll by that, everything else by what it brought since the start."""
        totals = self.checkpoint.totals().by_source
        polled = {source.name: source for source in self.polled}
        return [
            self._status(name, polled.get(name), totals)
            for name in sorted({*polled, *totals, *self.quarantine.by_source})
        ]

    def observe_only(self) -> bool:
        """Whether automatic actions are switched off."""
        return self.observing()

    def ready(self) -> tuple[bool, str]:
        """Ready unless something says why not."""
        why = self.not_ready()
        return not why, why

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        """Entries above a sequence, oldest first."""
        return await self.reader.read(after, limit)

    async def changed(self, seen: int) -> int:
        """Wait for the next version."""
        return await self.changes.after(seen)

    def _status(self, name: str, polled: Polled | None, totals: Mapping[str, SourceTotals]) -> SourceStatus:
        counted = totals.get(name, SourceTotals())
        fact_ms = self.accepted_at_ms.get(name, 0)
        heard_ms = fact_ms if polled is None else polled.heard_at_ms
        patience_ms = STALE_AFTER_MS if polled is None else polled.silent_after_ms
        # Silence of the others (backfill, ingest, firehose) is no news.
        continuous = polled is not None or name == PROBES
        return SourceStatus(
            name=name,
            last_fact_at_ms=fact_ms,
            stale=continuous and self.clock.now_ms() - max(heard_ms, self.started_at_ms) > patience_ms,
            consumed=counted.consumed,
            duplicates=counted.duplicates,
            quarantined=self.quarantine.by_source[name],
        )
