"""What reports are made from: sums by UTC day of everything that was taken over, each fact exactly once."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from checks.facts import Fact, HealthProbed, MetricSampled, PaymentAttempted, PaymentCaptured, Payout, SecurityFinding
from daemon.costs.source import utc_day
from daemon.errors import ReportNotWritten
from daemon.storage.checkpoint import StoredBatch
from daemon.storage.durable_file import DurableFile
from daemon.storage.fact_log import FollowedLog

FILE = "reports.db"
KEPT_DAYS = 400
BATCHES_PER_READ = 200
"""Some 100,000 facts at most, decoded in the tally's own thread."""
FINDINGS_MAX = 10_000
SLOW_MS, UNUSABLE_MS = 2_000, 10_000
"""The response-time objective, and the limit beyond which the owner wants a rollback."""

Row = TypeVar("Row", bound=msgspec.Struct)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), log_id TEXT, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS captures (
    day TEXT NOT NULL, rail TEXT NOT NULL, cohort TEXT NOT NULL, baseline TEXT NOT NULL, captures INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL, cost INTEGER NOT NULL, baseline_cost INTEGER NOT NULL,
    PRIMARY KEY (day, rail, cohort, baseline)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payouts (
    day TEXT NOT NULL, status TEXT NOT NULL, payouts INTEGER NOT NULL, amount_cents INTEGER NOT NULL,
    PRIMARY KEY (day, status)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    day TEXT NOT NULL, rail TEXT NOT NULL, outcome TEXT NOT NULL, attempts INTEGER NOT NULL, slow INTEGER NOT NULL,
    unusable INTEGER NOT NULL, latency_ms INTEGER NOT NULL, PRIMARY KEY (day, rail, outcome)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS findings (
    subject TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, severity TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    resolved INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS health (
    component TEXT NOT NULL, part TEXT NOT NULL, environment TEXT NOT NULL, at_ms INTEGER NOT NULL,
    status TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (component, part, environment)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS processors (
    day TEXT NOT NULL, service TEXT NOT NULL, percent REAL NOT NULL, PRIMARY KEY (day, service)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consumed (
    day TEXT NOT NULL, direction TEXT NOT NULL, units REAL NOT NULL, PRIMARY KEY (day, direction)
) WITHOUT ROWID;
"""
_CAPTURE = """
INSERT INTO captures VALUES (?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET captures = captures + 1,
    amount_cents = amount_cents + excluded.amount_cents, cost = cost + excluded.cost,
    baseline_cost = baseline_cost + excluded.baseline_cost
"""
_ATTEMPT = """
INSERT INTO attempts VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET attempts = attempts + 1,
    slow = slow + excluded.slow, unusable = unusable + excluded.unusable, latency_ms = latency_ms + excluded.latency_ms
"""
_PAYOUT = """
INSERT INTO payouts VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET payouts = payouts + 1,
    amount_cents = amount_cents + excluded.amount_cents
"""
_FINDING = """
INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms,
    severity = excluded.severity, source = excluded.source, title = excluded.title, resolved = excluded.resolved
    WHERE excluded.at_ms >= findings.at_ms
"""
_HEALTH = """
INSERT INTO health VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms,
    status = excluded.status, detail = excluded.detail WHERE excluded.at_ms >= health.at_ms
"""
_PROCESSOR = """
INSERT INTO processors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET percent = max(percent, excluded.percent)
"""

_CONSUMED = """
INSERT INTO consumed VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET units = units + excluded.units
"""
DIRECTIONS = {"ConsumedWriteCapacityUnits": "Write", "ConsumedReadCapacityUnits": "Read"}
"""What AWS/DynamoDB calls the units that tables used."""


class Captures(msgspec.Struct, frozen=True, kw_only=True):
    """Captured money of one rail, cohort and baseline. Costs are in millionths of a cent, pay-in alone."""

    rail: str
    cohort: str
    baseline: str
    captures: int
    amount_cents: int
    cost_microcents: int
    baseline_microcents: int


class Payouts(msgspec.Struct, frozen=True, kw_only=True):
    """Payouts that came to a status. amount_cents: of all of them together."""

    status: str
    payouts: int
    amount_cents: int


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """Payment attempts of one rail and outcome. slow: above 2 s. unusable: above 10 s."""

    rail: str
    outcome: str
    attempts: int
    slow: int
    unusable: int
    latency_ms: int


class KnownFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A security finding as it was last told of."""

    id: str
    at_ms: int
    severity: str
    source: str
    title: str
    resolved: bool


class KnownHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the last probe of a part of a component said."""

    component: str
    check: str
    environment: str
    at_ms: int
    status: str
    detail: str


class Tally:
    """Reads the fact log from where it stopped; sums and place change in one transaction. Raises ReportNotWritten."""

    def __init__(self, path: Path, log: FollowedLog) -> None:
        self._log = log
        self._file = DurableFile(path, ReportNotWritten)

    @classmethod
    async def open(cls, path: Path, log: FollowedLog) -> Self:
        """Open or begin the tally."""
        tally = cls(path, log)
        await tally._file.open(_SCHEMA)
        return tally

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    async def catch_up(self) -> int:
        """Count everything that was recorded since; returns the number of facts. Raises CheckpointFailed too."""
        counted, through = 0, self._log.newest_sequence
        after = await self._file.run(self._place)
        while after < through:
            batches = await self._log.read(after, through, BATCHES_PER_READ)
            after = batches[-1].sequence if batches else through
            counted += await self._file.run(partial(self._count, batches, after))
        return counted

    async def prune(self, before_day: str) -> None:
        """Forget days before this one."""
        await self._file.run(lambda: self._prune(before_day))

    async def captures(self, first_day: str, until_day: str) -> list[Captures]:
        """Of these days, the last excluded, by rail, cohort and baseline."""
        rows = await self._select(
            "SELECT rail, cohort, baseline, sum(captures), sum(amount_cents), sum(cost), sum(baseline_cost)"
            " FROM captures WHERE day >= ? AND day < ? GROUP BY rail, cohort, baseline ORDER BY rail, cohort, baseline",
            (first_day, until_day),
        )
        return _structs(Captures, rows)

    async def payouts(self, first_day: str, until_day: str) -> list[Payouts]:
        """Of these days, the last excluded, by status."""
        rows = await self._select(
            "SELECT status, sum(payouts), sum(amount_cents) FROM payouts WHERE day >= ? AND day < ? GROUP BY status"
            " ORDER BY status",
            (first_day, until_day),
        )
        return _structs(Payouts, rows)

    async def attempts(self, first_day: str, until_day: str) -> list[Attempts]:
        """Of these days, the last excluded, by rail and outcome."""
        rows = await self._select(
            "SELECT rail, outcome, sum(attempts), sum(slow), sum(unusable), sum(latency_ms)"
            " FROM attempts WHERE day >= ? AND day < ? GROUP BY rail, outcome ORDER BY rail, outcome",
            (first_day, until_day),
        )
        return _structs(Attempts, rows)

    async def findings(self, since_ms: int) -> list[KnownFinding]:
        """Told of since, and everything that is not resolved; newest first."""
        rows = await self._select(
            "SELECT subject, at_ms, severity, source, title, resolved FROM findings WHERE at_ms >= ? OR resolved = 0"
            " ORDER BY at_ms DESC, subject",
            (since_ms,),
        )
        return _structs(KnownFinding, rows)

    async def health(self) -> list[KnownHealth]:
        """The last word on each part of each component."""
        rows = await self._select("SELECT * FROM health ORDER BY component, part, environment", ())
        return _structs(KnownHealth, rows)

    async def processors(self, first_day: str) -> tuple[dict[str, float], int]:
        """The busiest reading of each ECS service since, in percent, and the days that have readings."""
        rows = await self._select(
            "SELECT service, max(percent) FROM processors WHERE day >= ? GROUP BY service", (first_day,)
        )
        days = await self._select("SELECT count(DISTINCT day) FROM processors WHERE day >= ?", (first_day,))
        return dict(rows), int(days[0][0])

    async def consumed(self, first_day: str) -> tuple[dict[str, int], int]:
        """Units that all tables together used on their busiest day since, by direction, rounded up.

        The second is the number of days that have readings of every direction that has any.
        """
        rows = await self._select(
            "SELECT direction, max(units), count(*) FROM consumed WHERE day >= ? GROUP BY direction", (first_day,)
        )
        return {direction: math.ceil(units) for direction, units, _ in rows}, min((row[2] for row in rows), default=0)

    async def _select(self, statement: str, values: tuple[object, ...]) -> list[tuple]:  # type: ignore[type-arg]  # rows
        return await self._file.run(lambda: self._file.database.execute(statement, values).fetchall())

    # What follows runs in the file's thread.

    def _place(self) -> int:
        """Where to go on: at the beginning of a log that is another one than before."""
        row = self._file.database.execute("SELECT log_id, sequence FROM place").fetchone()
        return int(row[1]) if row is not None and row[0] == self._log.log_id else 0

    def _count(self, batches: Sequence[StoredBatch], place: int) -> int:
        rows = _Rows()
        counted = 0
        for batch in batches:
            for fact in batch.facts:
                rows.add(fact)
                counted += 1
        with self._file.transaction():
            for statement, values in rows.statements():
                self._file.database.executemany(statement, values)
            self._file.database.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (self._log.log_id, place))
        return counted

    def _prune(self, before_day: str) -> None:
        with self._file.transaction():
            for table in ("captures", "payouts", "attempts", "processors", "consumed"):
                self._file.database.execute(f"DELETE FROM {table} WHERE day < ?", (before_day,))  # noqa: S608  # our names
            self._file.database.execute(
                "DELETE FROM findings WHERE subject IN"
                " (SELECT subject FROM findings ORDER BY resolved, at_ms DESC LIMIT -1 OFFSET ?)",
                (FINDINGS_MAX,),
            )


def _structs(struct: type[Row], rows: Iterable[tuple[object, ...]]) -> list[Row]:
    """Rows whose columns are the fields in order; SQLite has no truth values, so 0 and 1 are taken for them."""
    return [
        msgspec.convert(dict(zip(struct.__struct_fields__, row, strict=True)), struct, strict=False) for row in rows
    ]


class _Rows:
    """What facts add to each table."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[object, ...]]] = {}

    def add(self, fact: Fact) -> None:
        """Add what a report needs of a fact; most kinds are in none."""
        day = utc_day(fact.at_ms).isoformat()
        match fact:
            case PaymentCaptured():
                self._add(
                    _CAPTURE,
                    day,
                    fact.rail,
                    fact.cohort,
                    fact.baseline,
                    fact.amount_cents,
                    fact.cost_microcents,
                    fact.baseline_microcents,
                )
            case Payout():
                self._add(_PAYOUT, day, fact.status, fact.amount_cents)
            case PaymentAttempted():
                slow, unusable = fact.latency_ms > SLOW_MS, fact.latency_ms > UNUSABLE_MS
                self._add(_ATTEMPT, day, fact.rail, fact.outcome, slow, unusable, round(fact.latency_ms))
            case SecurityFinding():
                self._add(_FINDING, fact.subject, fact.at_ms, fact.severity, fact.source, fact.title, fact.resolved)
            case HealthProbed():
                self._add(_HEALTH, fact.subject, fact.check, fact.environment, fact.at_ms, fact.status, fact.detail)
            case MetricSampled(namespace="AWS/ECS", metric="CPUUtilization"):
                self._add(_PROCESSOR, day, fact.dimensions, fact.value)
            case MetricSampled(namespace="AWS/DynamoDB", statistic="Sum") if fact.metric in DIRECTIONS:
                self._add(_CONSUMED, day, DIRECTIONS[fact.metric], fact.value)
            case _:
                pass

    def statements(self) -> list[tuple[str, list[tuple[object, ...]]]]:
        """Statements with their rows."""
        return list(self._rows.items())

    def _add(self, statement: str, *values: object) -> None:
        self._rows.setdefault(statement, []).append(values)
