"""Counts that metrics need and no view keeps: journal entries by what they say."""

from collections import Counter
from collections.abc import Sequence

from checks.findings import Finding
from daemon.http.histogram import Histogram
from daemon.view.shape import SystemView
from remediation.decisions import Decision, Outcome
from remediation.errors import JournalCorrupt
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.journal.entry import Entry
from remediation.journal.kinds import body_of
from remediation.journal.port import READ_LIMIT
from remediation.rollback_measure import STAGES, seconds_of

CAUSE_TO_CALL_BUCKETS_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 300.0)
"""Around the goals: half within 0.3 s, nearly all within 1 s, never beyond 5 minutes."""
ROLLBACK_BUCKETS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""300 s is the owner's promise for a whole rollback."""
EXPOSED_BUCKETS_DOLLARS = (100, 1_000, 10_000, 100_000, 1_000_000)

READS_PER_CATCH_UP = 20
"""A scrape waits for at most 20,000 entries; a longer journal is counted over several scrapes."""


class JournalTally:
    """Counts entries once, in order; the journal outlives restarts, so these counters never start again at 0."""

    def __init__(self) -> None:
        self.sequence = 0
        self.findings: Counter[tuple[str, ...]] = Counter()
        self.decisions: Counter[tuple[str, ...]] = Counter()
        self.actions: Counter[tuple[str, ...]] = Counter()
        self.cause_to_call = Histogram(CAUSE_TO_CALL_BUCKETS_SECONDS)
        self.rollback_stages = {stage: Histogram(ROLLBACK_BUCKETS_SECONDS) for stage in STAGES}
        self.exposed_dollars = Histogram(EXPOSED_BUCKETS_DOLLARS)

    async def catch_up(self, view: SystemView) -> None:
        """Read the entries that are new since the last time, a bounded number of them."""
        for _ in range(READS_PER_CATCH_UP):
            entries = await view.journal(self.sequence, READ_LIMIT)
            self.count(entries)
            if len(entries) < READ_LIMIT:
                return

    def count(self, entries: Sequence[Entry]) -> None:
        """Count entries; those that were counted before are skipped."""
        for entry in entries:
            if entry.sequence > self.sequence:
                self.sequence = entry.sequence
                self._count(entry)

    def _count(self, entry: Entry) -> None:
        try:
            body = body_of(entry)
        except JournalCorrupt:
            return
        match body:
            case Finding():
                self.findings[body.rule_id, body.state.value] += 1
            case Decision():
                self.decisions[body.reason.value, body.action] += 1
            case Outcome():
                self.actions[body.action, body.status.value] += 1
                if body.cause_to_call_ms is not None:
                    self.cause_to_call.observe(body.cause_to_call_ms / 1000, body.trace_id, body.at_ms)
            case RollbackMeasured() if not body.drill:
                self.exposed_dollars.observe(body.exposed_cents / 100)
                for stage, seconds in seconds_of(body).items():
                    self.rollback_stages[stage].observe(seconds)
            case _:
                pass
