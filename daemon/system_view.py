"""The read side of a running daemon, put together from its parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checks.engine import Engine, Reading
from daemon.changes import Changes
from daemon.checkpoint import Checkpoint, SourceTotals
from daemon.quarantine import Quarantine
from daemon.series import PaymentSeries
from daemon.sources.sqs import SqsSource
from daemon.traffic_watch import TrafficWatch
from daemon.view import SecondOfPayments, SourceStatus, TrafficSplit
from remediation.journal.entry import Entry
from remediation.journal.port import Journal
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import State

STALE_AFTER_MS = 60_000
"""A long poll answers after 20 s at the latest, so a source that was silent for three of them is not polling."""

CONTINUOUS = frozenset({"payment-events", "control-events", "probes"})
"""Sources that are heard all the time; silence of the others (backfill, ingest) is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonView:
    """Implements `daemon.view.SystemView`; every part is the daemon's own, nothing is copied before it is asked for.

    not_ready: why the daemon cannot do its work, empty when it can. started_at_ms: no source is stale before it could
    have been heard.
    """

    clock: Clock
    engine: Engine
    writer: JournalWriter
    reader: Journal
    checkpoint: Checkpoint
    payments: PaymentSeries
    watch: TrafficWatch
    queues: Sequence[SqsSource]
    accepted_at_ms: Mapping[str, int]
    quarantine: Quarantine
    changes: Changes
    observing: bool
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
        return self.engine.current()

    def traffic(self) -> TrafficSplit:
        """The split as last read."""
        return self.watch.split

    def series(self) -> Sequence[SecondOfPayments]:
        """Payments of the last five minutes."""
        return self.payments.rows()

    def payment_totals(self) -> Mapping[tuple[str, ...], int]:
        """Payments since the start."""
        return self.payments.totals

    def sources(self) -> Sequence[SourceStatus]:
        """The queues by their polling, everything else by what it brought since the start."""
        totals = self.checkpoint.totals().by_source
        polled = {queue.name: queue for queue in self.queues}
        return [
            self._status(name, polled.get(name), totals)
            for name in sorted({*polled, *totals, *self.quarantine.by_source})
        ]

    def observe_only(self) -> bool:
        """Whether automatic actions are switched off."""
        return self.observing

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

    def _status(self, name: str, queue: SqsSource | None, totals: Mapping[str, SourceTotals]) -> SourceStatus:
        counted = totals.get(name, SourceTotals())
        fact_ms = self.accepted_at_ms.get(name, 0)
        heard_ms = fact_ms if queue is None else queue.stats().last_receive_ms
        return SourceStatus(
            name=name,
            last_fact_at_ms=fact_ms,
            stale=name in CONTINUOUS and self.clock.now_ms() - max(heard_ms, self.started_at_ms) > STALE_AFTER_MS,
            consumed=counted.consumed,
            duplicates=counted.duplicates,
            quarantined=self.quarantine.by_source[name],
        )
